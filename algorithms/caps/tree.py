"""The attribute-frequency tree of CAPS (section 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.encodings.values import MISSING


def grow_tree(codes: NDArray[np.int32], h: int, count_all: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Grow the tree of one partition (section 4 of the paper).

    Args:
        codes: int32[s, attributes], the values of its items, `MISSING` where an item has none; that is never a tag.
        h: how many tags at most.
        count_all: for each tag count the values in all items, not in those that have no bucket yet.

    Returns:
        tags, int64[t, 2] with t at most h, each an attribute and a value; and each item's bucket int64[s]: the first
        whose tag it has, or h. Of equally frequent values the lowest is taken, of the first attribute.
    """
    s, attributes = codes.shape
    present = codes != MISSING
    # Number the values of all attributes together: the same code in two attributes is two values.
    values, inverse = np.unique(
        (codes.astype(np.int64) * attributes + np.arange(attributes))[present], return_inverse=True
    )
    numbers = np.full((s, attributes), MISSING, np.int64)
    numbers[present] = inverse
    counts = np.bincount(inverse, minlength=len(values))
    tags = np.empty((min(h, len(values)), 2), np.int64)
    buckets = np.full(s, h)
    for t in range(len(tags)):
        # The most frequent value is the next tag,
        best = counts.argmax()
        if counts[best] == 0:
            return tags[:t], buckets
        value, attribute = divmod(values[best], attributes)
        tags[t] = attribute, value
        # and its bucket takes the items that have it and no bucket yet.
        inside = (buckets == h) & (numbers[:, attribute] == best)
        buckets[inside] = t
        if count_all:
            counts[best] = 0
        else:
            counts -= np.bincount(numbers[inside][present[inside]], minlength=len(values))
    return tags, buckets
