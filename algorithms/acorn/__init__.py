"""ACORN (SIGMOD 2024): one graph for all filters."""

from algorithms.acorn.method import Acorn

__all__ = ["Acorn"]
