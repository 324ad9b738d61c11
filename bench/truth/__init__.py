"""Exact search, and judging answers by it."""
