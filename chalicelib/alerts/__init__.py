"""The road of an alert: from a fact that a flow observed to one message that stays true."""
