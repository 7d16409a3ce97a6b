"""The rules that moto lacks, one module per matter; each has an ``install()`` that puts its rules into moto's classes."""
