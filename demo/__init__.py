"""The show: netreflex on a local AWS, with nothing to install but Python. `make demo` runs it."""
