"""The operator's command line: what the deployed functions see and decide, asked for by hand.

It stands above ``chalicelib`` and composes the same runtime. Nothing imports it, and it is not deployed.
"""
