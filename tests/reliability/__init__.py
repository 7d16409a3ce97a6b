"""Crashes, repeats, forgeries, stale reads and refusals: what netreflex promises when things go wrong."""
