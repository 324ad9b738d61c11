"""UNG (PACMMOD 2024): a graph per label set, joined towards larger sets."""

from algorithms.ung.method import Ung

__all__ = ["Ung"]
