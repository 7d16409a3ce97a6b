"""The shape of the code, where no other tool watches it."""
