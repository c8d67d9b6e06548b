"""Runs the contenders in turn, checks the ledger of every run, and writes the report."""
