"""CAPS (arXiv 2308.15014): partitions, and in each a tree of its most frequent values."""

from algorithms.caps.method import Caps

__all__ = ["Caps"]
