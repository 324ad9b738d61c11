"""Compressed rows (CSR): rows of any length in one array, with the offsets at which they begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.graph import neighbours
from algorithms.kernels.policy import implements
from algorithms.kernels.types import Item, Items, Offsets
from algorithms.kernels.visited import Visited, visit


class Csr(NamedTuple):
    """A graph of compressed rows, or any other lists of integers.

    Attributes:
        starts: int64[n + 1], where each row starts in `ids`.
        ids: int32[edges].
    """

    starts: Offsets
    ids: Items


@implements(neighbours, Csr)
def neighbours_in_csr(graph: Csr, node: Item, visited: Visited, out: Items) -> int:
    """Offer every neighbour that was not met before."""
    count = 0
    for j in range(graph.starts[node], graph.starts[node + 1]):
        out[count] = graph.ids[j]
        count += visit(visited, graph.ids[j])
    return count


def offsets(counts: NDArray[np.integer[Any]] | Sequence[int]) -> Offsets:
    """Return where rows of the given lengths begin, and where the last ends: int64[rows + 1]."""
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def csr_of_lists(rows: Sequence[NDArray[np.integer[Any]]]) -> Csr:
    """Return rows of any lengths as a `Csr`."""
    return Csr(offsets([len(row) for row in rows]), np.concatenate([np.empty(0, np.int32), *rows]).astype(np.int32))


def csr_of_padded(rows: NDArray[np.int32]) -> Csr:
    """Return rows int32[n, width], padded with -1, as a `Csr`."""
    used = rows >= 0
    return Csr(offsets(used.sum(1)), rows[used])


def csr_of_pairs(heads: NDArray[np.integer[Any]], tails: NDArray[np.integer[Any]], n: int) -> Csr:
    """Return pairs as a `Csr` of n rows: the tails of each head, in the order of the pairs."""
    order = np.argsort(heads, kind="stable")
    return Csr(offsets(np.bincount(heads, minlength=n)), tails[order].astype(np.int32))


def pack(rows: NDArray[np.int32]) -> dict[str, Any]:
    """Return rows int32[n, width], with -1 in unused places, as the arrays to store: what `unpack` takes."""
    return {"edges": rows[rows >= 0], "used": np.packbits(rows >= 0), "shape": np.array(rows.shape)}


def unpack(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.int32]:
    """Return the rows that `pack` was given; other arrays are ignored."""
    rows = np.full(tuple(arrays["shape"]), -1, np.int32)
    rows[np.unpackbits(arrays["used"], count=rows.size).astype(np.bool_).reshape(rows.shape)] = arrays["edges"]
    return rows
