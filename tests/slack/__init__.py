"""A Slack of our own on loopback, which behaves like Slack where it hurts."""
