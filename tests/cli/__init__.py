"""The operator's command line, from arguments to what is on the screen."""
