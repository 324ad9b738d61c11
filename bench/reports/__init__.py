"""Figures and tables: pure functions of the rows in the store. Nothing here runs an algorithm."""
