"""The index of ACORN and its search (section 4): over what passes, or by measuring all matches if they are few."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.acorn.graph import Readable, Reading
from algorithms.graph_method import Padded
from algorithms.kernels.beam import RESULTS, Scratch, walk_from
from algorithms.kernels.filter import Selection
from algorithms.kernels.graph import Rows
from algorithms.kernels.heap import key_id
from algorithms.kernels.layers import Hierarchy, descend
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.scan import scan_between
from algorithms.kernels.types import Items, Target


class AcornIndex(NamedTuple):
    """What is saved.

    Attributes:
        base: int32[n, M_beta + 1.5 M], the lowest layer: each row an item's neighbours, nearest first, and then -1.
        upper: int32[m, M gamma], the ids of a `Hierarchy`; the fields below it are its other fields.
        first: int32[n].
        entry: the item that a search starts from.
        top: its level.
    """

    base: Padded
    upper: NDArray[np.int32]
    first: Items
    entry: int
    top: int


class AcornView(NamedTuple):
    """What is searched: the layers, and the parameters that say how their lists are read."""

    base: NDArray[np.int32]
    upper: Hierarchy
    M: int
    gamma: int
    M_beta: int


class AcornBeam(NamedTuple):
    """How a query is answered: with a beam of `ef`, or by measuring all matches if its selectivity is below `s_min`."""

    ef: int
    s_min: float


@implements(search_one, AcornView)
def search_acorn(index: AcornView, query: Target, accept: Selection, params: AcornBeam, scratch: Scratch) -> None:
    """Measure the matches if they are few; else descend to the lowest layer and search it, over what passes."""
    passing, n, M, ef = accept.bitmap, len(index.base), index.M, params.ef
    if accept.matches < max(params.s_min * n, 1.0):
        scan_between(query, passing, 0, n - 1, ef, scratch)
        return
    # ACORN-1 reads the lists of all neighbours; ACORN-gamma those of the tails that were compressed.
    one = index.gamma == 1
    upper = Reading(passing, 0 if one else M * index.gamma, M)
    lowest = Readable(Rows(index.base), Reading(passing, 0 if one else index.M_beta, 2 * M))
    start = descend(query, index.upper, upper, passing, 1, scratch)
    walk_from(query, lowest, passing, start, ef, scratch)
    if scratch.counters[RESULTS] == 0:
        # Nothing that passes is in sight of the start: walk over all items until one does.
        walk_from(query, Rows(index.base), passing, start, 1, scratch)
        if scratch.counters[RESULTS] > 0:
            start = key_id(scratch.results[0])
            walk_from(query, lowest, passing, start, ef, scratch)
