"""One short function per trigger: observe, decide, guard, perform, verify, report. What each needs is in ``ports``."""
