"""The code that reads AWS: its answers become facts."""
