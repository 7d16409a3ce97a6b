"""Every function under its own role: what it may, it needs, and what it needs, it may."""
