"""CAPS (arXiv 2308.15014): partitions, and in each a tree of its most frequent values."""
