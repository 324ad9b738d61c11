"""Building what Composite holds: a graph of all items, a graph per label, and the layers of every ranked attribute."""

from __future__ import annotations

import numpy as np

from algorithms.base import Data
from algorithms.composite.encoding import Encoding
from algorithms.composite.structures import Bundles, RangeLayers, depths_of
from algorithms.encodings.labels import Labels, LabelSets
from algorithms.filtered_diskann.stitched import grow_each
from algorithms.irangegraph import build as irangegraph
from algorithms.kernels.csr import offsets
from algorithms.kernels.spaces import space_of


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


def build_layers(data: Data, encoding: Encoding, M: int, ef_construction: int, least: int) -> RangeLayers:
    """Build the tree of every ranked attribute, and keep the depths whose nodes have at least `least` items."""
    columns = depths_of(data.attributes.n, M, least)
    rows = np.full((*encoding.order.shape, int(columns[-1])), -1, np.int32)
    for attribute, order in enumerate(encoding.order):
        space = space_of(data.stored(order))
        layers = irangegraph.build(space, M, ef_construction, data.seed, data.threads)
        rows[attribute] = layers.rows[:, : columns[-1]]
    return RangeLayers(rows)
