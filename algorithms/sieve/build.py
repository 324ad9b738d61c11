"""Building the graphs of SIEVE: an HNSW of all items, and one of the items of each chosen label."""

from __future__ import annotations

import numpy as np

from algorithms.base import Data
from algorithms.kernels import hnsw
from algorithms.kernels.csr import Csr, csr_of_padded, offsets
from algorithms.kernels.spaces import space_of
from algorithms.kernels.types import Items
from algorithms.sieve.choose import degree_for


def members_of(postings: Csr, labels: Items) -> Csr:
    """Return the items of some labels, each ascending, given those of all labels."""
    starts, stops = postings.starts[labels], postings.starts[labels + 1]
    lists = [postings.ids[start:stop] for start, stop in zip(starts, stops, strict=True)]
    return Csr(offsets(stops - starts), np.concatenate([np.empty(0, np.int32), *lists]))


def build_subgraphs(data: Data, members: Csr, M: int, ef_construction: int) -> tuple[Items, Csr]:
    """Return the entry of each graph and the neighbours of all their items, see `SieveIndex`.

    Args:
        data: the items.
        members: the items of each graph, ascending.
        M: of a graph of all items.
        ef_construction: the beam of the searches for neighbours.
    """
    entries, counts, ids = [], [np.empty(0, np.int64)], [np.empty(0, np.int32)]
    for start, stop in zip(members.starts, members.starts[1:], strict=False):
        items = members.ids[start:stop]
        space = space_of(data.stored(items))
        degree = degree_for(len(items), data.attributes.n, M)
        graph = hnsw.build(space, degree, ef_construction, data.seed, data.threads)
        rows = csr_of_padded(graph.base)
        entries.append(items[graph.entry])
        counts.append(np.diff(rows.starts))
        ids.append(items[rows.ids])
    return np.array(entries, np.int32), Csr(offsets(np.concatenate(counts)), np.concatenate(ids))
