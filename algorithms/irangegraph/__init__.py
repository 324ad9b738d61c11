"""iRangeGraph (SIGMOD 2025): a graph per node of a segment tree."""
