"""Figures: pure functions of the rows of the store."""
