"""ACORN (SIGMOD 2024): one graph for all filters."""
