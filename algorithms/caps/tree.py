"""The attribute-frequency tree of CAPS (section 4)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

UNTAGGED = -1


class Trees(NamedTuple):
    """The partitions and their trees.

    Attributes:
        centroids: float32[B, d].
        attributes: int32[B, h], the attribute of each bucket's tag; -1 where a partition has fewer tags.
        values: int32[B, h], the tags' values as codes.
        starts: int64[B (h + 1) + 1], where each bucket starts in `ids`; a partition's last is its remainder.
        ids: int32[n], the items, bucket by bucket.
    """

    centroids: NDArray[np.float32]
    attributes: NDArray[np.int32]
    values: NDArray[np.int32]
    starts: NDArray[np.int64]
    ids: NDArray[np.int32]


def grow_tree(codes: NDArray[np.int32], h: int, count_all: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Grow the tree of one partition (section 4 of the paper).

    Args:
        codes: int32[s, m], the values of its items, -1 where missing; a missing value is no tag.
        h: how many tags at most.
        count_all: count values in all items for each tag, not in those that are left.

    Returns:
        tags, int64[t, 2] with t at most h, each an attribute and a value; and each item's bucket int64[s]: the first
        whose tag it has, or h. Of equally frequent values the lowest is taken, of the first attribute.
    """
    s, m = codes.shape
    present = codes >= 0
    # The same number in two attributes is two values.
    values, inverse = np.unique((codes.astype(np.int64) * m + np.arange(m))[present], return_inverse=True)
    local = np.full((s, m), UNTAGGED, np.int64)
    local[present] = inverse
    counts = np.bincount(inverse, minlength=len(values))
    tags = np.empty((min(h, len(values)), 2), np.int64)
    bucket = np.full(s, h)
    for t in range(len(tags)):
        best = counts.argmax()
        if counts[best] == 0:
            return tags[:t], bucket
        value, attribute = divmod(values[best], m)
        tags[t] = attribute, value
        inside = (bucket == h) & (local[:, attribute] == best)
        bucket[inside] = t
        if count_all:
            counts[best] = 0
        else:
            counts -= np.bincount(local[inside][present[inside]], minlength=len(values))
    return tags, bucket
