"""Building CAPS: partitions, the tree of each, and the items bucket by bucket."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.caps.search import UNTAGGED, Trees
from algorithms.caps.tree import grow_tree
from algorithms.kernels.csr import offsets
from algorithms.kernels.kmeans import clusters_of
from algorithms.kernels.types import Items

FREQUENCIES = ("left", "all")
"""What the values for the next tag are counted in: the items without a bucket, or all of the partition."""


def grow_trees(
    centroids: NDArray[np.float32], partition: Items, codes: NDArray[np.int32], h: int, frequencies: str
) -> Trees:
    """Grow a tree in every partition, and order the items by their buckets.

    Args:
        centroids: float32[B, d], those of the partitions.
        partition: int32[n], each item's partition.
        codes: int32[n, attributes], the items' values, see `Codebook`.
        h: tagged buckets in each partition at most.
        frequencies: one of `FREQUENCIES`.
    """
    B = len(centroids)
    members = clusters_of(partition, B)
    attributes, values = np.full((B, h), UNTAGGED, np.int32), np.full((B, h), UNTAGGED, np.int32)
    bucket = np.empty(len(codes), np.int64)
    for p in range(B):
        items = members.ids[members.starts[p] : members.starts[p + 1]]
        tags, buckets = grow_tree(codes[items], h, frequencies == "all")
        attributes[p, : len(tags)], values[p, : len(tags)] = tags.T
        bucket[items] = p * (h + 1) + buckets
    # Within a bucket items of equal values are neighbours, so that the test of the filter is predictable.
    ids = np.lexsort((*codes.T[::-1], bucket)).astype(np.int32)
    return Trees(centroids, attributes, values, offsets(np.bincount(bucket, minlength=B * (h + 1))), ids)
