"""DIGRA (SIGMOD 2025): a multi-way tree of graphs."""

from algorithms.digra.method import Digra

__all__ = ["Digra"]
