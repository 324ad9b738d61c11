"""Exact search, and judging answers against it."""
