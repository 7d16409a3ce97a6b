"""The tests of netreflex, by stage."""
