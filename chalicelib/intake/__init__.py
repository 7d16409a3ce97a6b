"""What comes in from outside: events become triggers, the policy file becomes a Policy. Nothing is trusted but ids."""
