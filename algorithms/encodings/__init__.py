"""Attributes and filters as the integers that indexes work with: labels, values, ranks."""
