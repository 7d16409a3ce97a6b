"""The only code that changes AWS. It carries out actions; what to do was decided before."""
