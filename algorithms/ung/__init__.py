"""UNG (PACMMOD 2024): a graph per label set, joined towards larger sets."""
