"""Workloads: queries, each with its filter, and their true answers."""
