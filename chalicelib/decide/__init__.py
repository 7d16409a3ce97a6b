"""Pure decisions: facts, policy and ``now`` in, plan or verdict out. No AWS, clock, environment or logging."""
