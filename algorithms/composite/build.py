"""Building what Composite holds: a graph of all items, a graph per label, and the windows of every ranked attribute."""

from __future__ import annotations

import numpy as np

from algorithms.base import Data
from algorithms.composite.encoding import Encoding
from algorithms.composite.structures import Bundles, Windows
from algorithms.encodings.labels import Labels, LabelSets
from algorithms.filtered_diskann.stitched import grow_each
from algorithms.kernels.csr import offsets
from algorithms.kernels.spaces import space_of
from algorithms.wow.build import insert_items, levels_for
from algorithms.wow.search import WowIndex


def build_bundles(data: Data, encoding: Encoding, R: int, L: int, alpha: float, least: int) -> Bundles:
    """Grow a Vamana graph for every label that at least `least` items have, and for the most frequent one.

    Args:
        data: the items.
        encoding: their labels.
        R: neighbours of an item at most.
        L: the beam of the searches for neighbours.
        alpha: how much longer an edge may be than a way around it, for squared distances.
        least: the fewest items of a graph.
    """
    labels = encoding.labels
    counts = np.diff(encoding.postings.starts)
    is_kept = (counts >= min(least, counts.max(initial=1)))[labels.codes]
    kept = np.concatenate([[0], np.cumsum(is_kept)])[labels.offsets]
    sets = LabelSets(Labels(kept, labels.codes[is_kept]), encoding.size, {})
    graphs = grow_each(data, sets, R, L, alpha)
    by_item = graphs.edges[np.argsort(sets.postings.ids, kind="stable")]
    degrees = np.zeros(len(labels.codes), np.int64)
    degrees[is_kept] = (by_item >= 0).sum(axis=1)
    return Bundles(offsets(degrees), by_item[by_item >= 0], graphs.entries)


def build_windows(data: Data, encoding: Encoding, M: int, ef_construction: int) -> Windows:
    """Build the windows of every ranked attribute, its items inserted in random order."""
    n = data.attributes.n
    rows = np.full((len(encoding.order), levels_for(n), n, M), -1, np.int32)
    for attribute, order in enumerate(encoding.order):
        index = WowIndex(rows[attribute], np.zeros(n, np.bool_))
        inserted = np.random.default_rng(data.seed).permutation(n).astype(np.int32)
        insert_items(space_of(data.stored(order)), index, inserted, 1, ef_construction, data.threads)
    return Windows(rows)
