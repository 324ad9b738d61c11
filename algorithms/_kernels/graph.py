"""Graphs as arrays: rows of a fixed width, filled with -1, and compressed rows (CSR)."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms._kernels.policy import implements, operation
from algorithms._kernels.visited import visit


@operation
def neighbours(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    """Write the neighbours of a node that the search should measure to `out` (int32), and return how many.

    The body marks in `visited` what it writes, and writes nothing that was marked. `out` has room for one entry
    more than the widest neighbourhood.
    """


class Rows(NamedTuple):
    """A graph of rows of a fixed width.

    Attributes:
        ids: int32[n, width], each row its neighbours and then -1.
    """

    ids: NDArray[np.int32]


class Csr(NamedTuple):
    """A graph of compressed rows.

    Attributes:
        starts: int64[n + 1], where each row starts in `ids`.
        ids: int32[edges].
    """

    starts: NDArray[np.int64]
    ids: NDArray[np.int32]


@implements(neighbours, Rows)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    count = 0
    for j in range(graph.ids.shape[1]):
        item = graph.ids[node, j]
        if item < 0:
            break
        out[count] = item
        count += visit(visited, item)
    return count


@implements(neighbours, Csr)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    count = 0
    for j in range(graph.starts[node], graph.starts[node + 1]):
        out[count] = graph.ids[j]
        count += visit(visited, graph.ids[j])
    return count


def compress(rows: NDArray[np.int32]) -> Csr:
    """Return rows int32[n, width], filled with -1 at their ends, as a `Csr`."""
    used = rows >= 0
    starts = np.zeros(len(rows) + 1, np.int64)
    np.cumsum(used.sum(1), out=starts[1:])
    return Csr(starts, rows[used])


def expand(graph: Csr) -> NDArray[np.int32]:
    """Return a `Csr` as rows int32[n, width], as wide as its widest row and filled with -1."""
    degrees = np.diff(graph.starts)
    rows = np.full((len(degrees), int(degrees.max(initial=0))), -1, np.int32)
    rows[np.arange(rows.shape[1]) < degrees[:, None]] = graph.ids
    return rows
