"""Filtered-DiskANN (WWW 2023): a graph that is walked within one label, built in two ways."""

from algorithms.filtered_diskann.filtered import FilteredVamana
from algorithms.filtered_diskann.stitched import StitchedVamana

__all__ = ["FilteredVamana", "StitchedVamana"]
