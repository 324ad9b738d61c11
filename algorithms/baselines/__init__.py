"""Baselines: exhaustive search, and libraries with a filter before, during or after their search."""
