"""Frozen values: facts, triggers, actions, plan, policy, alert, report. They know nothing of AWS's API or of the clock."""
