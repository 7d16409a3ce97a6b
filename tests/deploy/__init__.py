"""The deployment itself: its templates, its package, its permissions; none of it needs an AWS."""
