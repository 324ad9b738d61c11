"""Datasets: items, each with a vector and attributes, and query vectors."""
