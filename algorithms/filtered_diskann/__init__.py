"""Filtered-DiskANN (WWW 2023): a graph that is walked within one label, built in two ways."""
