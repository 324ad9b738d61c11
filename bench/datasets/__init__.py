"""Datasets: items, each a vector with attributes, and query vectors."""
