"""Graphs as arrays: rows of a fixed width, filled with -1, and compressed rows (CSR)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.policy import implements, operation
from algorithms.kernels.visited import visit


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


class Part(NamedTuple):
    """A graph whose rows are a part of wider ones.

    Attributes:
        ids: int32[n, width], each row with a node's neighbours from `start` to `stop`, and then -1.
        start: the first column.
        stop: the column after the last.
    """

    ids: NDArray[np.int32]
    start: int
    stop: int


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
    return neighbours(Part(graph.ids, 0, graph.ids.shape[1]), node, visited, out)


@implements(neighbours, Part)
def _(graph: Any, node: Any, visited: Any, out: Any) -> Any:
    count = 0
    for j in range(graph.start, graph.stop):
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


def pack(rows: NDArray[np.int32]) -> dict[str, Any]:
    """Return rows int32[n, width], with -1 in unused places, as the arrays that are stored: what `unpack` takes."""
    return {"edges": rows[rows >= 0], "used": np.packbits(rows >= 0), "shape": np.array(rows.shape)}


def unpack(arrays: Mapping[str, NDArray[Any]]) -> NDArray[np.int32]:
    """Return the rows that `pack` was given; other arrays beside its own do no harm."""
    rows = np.full(tuple(arrays["shape"]), -1, np.int32)
    rows[np.unpackbits(arrays["used"], count=rows.size).astype(np.bool_).reshape(rows.shape)] = arrays["edges"]
    return rows
