"""DIGRA (SIGMOD 2025): a multi-way tree of graphs."""
