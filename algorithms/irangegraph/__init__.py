"""iRangeGraph (SIGMOD 2025): a graph per node of a segment tree."""

from algorithms.irangegraph.method import IRangeGraph

__all__ = ["IRangeGraph"]
