"""From filters to what a search needs of them: terms that cover what passes, how many items pass, and which.

A *cover* of a filter is a list of terms of which every item that passes has one. It is *exact* if every item that has
one passes. A conjunction is covered by its smallest part, a disjunction by all of its parts together, a negated
conjunction as a disjunction of negations, and a negated test by the other values of its attribute.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.composite.costs import ATTRIBUTE, BASE
from algorithms.composite.encoding import ALL, Encoding, Term
from algorithms.kernels.types import Items, Offsets
from bench.core.filters import And, Everything, Filter, Not, Or
from bench.core.leaf import Leaf
from bench.core.masks import FilterBatch, mask

MOST_TERMS = 32
"""The most terms of a cover: a walk asks every one of them at every node."""

_FEW = 8
"""How many times as many items as a union has must there be for it to do without a bitmap, which other plans need."""

UNMASKED = -1
"""The bitmap of a filter that every item of its terms passes, and no other."""


class Cover(NamedTuple):
    """Terms of which every item that passes a filter has one.

    Attributes:
        terms: without those that no item has.
        size: how many items they have, all added up.
        exact: whether all of these items pass.
        disjoint: whether none of them is counted twice.
    """

    terms: tuple[Term, ...]
    size: int
    exact: bool
    disjoint: bool


class Filters(NamedTuple):
    """The distinct filters of a batch.

    Attributes:
        matches: int64[u], how many items pass.
        sizes: int64[u], how many items the terms have, all added up.
        parts: float64[u], how many terms there are, one at least.
        kinds: int64[u], the kind of a walk of the first term, see `costs`.
        exact: bool[u], whether every item of the terms passes.
        starts: int64[u + 1], where the terms of each filter start; it has one at least if an item passes.
        terms: int64[*, 4], see `Term`; the first is that of all items, besides those of the filters.
        words: uint64[*, ceil(n / 64)], bitmaps of the items that pass, where the terms do not say it.
        rows: int64[u], the bitmap of each filter, or `UNMASKED`.
    """

    matches: NDArray[np.int64]
    sizes: NDArray[np.int64]
    parts: NDArray[np.float64]
    kinds: NDArray[np.int64]
    exact: NDArray[np.bool_]
    starts: Offsets
    terms: NDArray[np.int64]
    words: NDArray[np.uint64]
    rows: NDArray[np.int64]


def cover_of(filter_: Filter, encoding: Encoding, *, negated: bool = False) -> Cover | None:
    """Return the smallest cover of a filter, or of its negation; None if only all items together cover it."""
    match filter_:
        case Leaf():
            terms = encoding.terms_of(filter_, negated=negated)
            return None if terms is None else _cover(terms[0], encoding, exact=True, disjoint=terms[1])
        case Not(part):
            return cover_of(part, encoding, negated=not negated)
        case And(parts) | Or(parts):
            covers = [cover_of(part, encoding, negated=negated) for part in parts]
            if isinstance(filter_, And) is not negated:
                return _smallest([cover for cover in covers if cover is not None], len(covers))
            return _joined(covers, encoding)
        case Everything() if negated:
            return Cover((), 0, exact=True, disjoint=True)
    return None


def _cover(terms: list[Term], encoding: Encoding, *, exact: bool, disjoint: bool) -> Cover | None:
    sizes = {term: encoding.size_of(term) for term in terms}
    used = tuple(term for term, size in sizes.items() if size)
    return Cover(used, sum(sizes.values()), exact, disjoint) if len(used) <= MOST_TERMS else None


def _smallest(covers: list[Cover], parts: int) -> Cover | None:
    """Return the smallest cover of some parts that all have to pass, among those that have one."""
    smallest = min(covers, key=lambda cover: cover.size, default=None)
    if smallest is None or parts == 1 or not smallest.terms:
        return smallest
    return smallest._replace(exact=False)


def _joined(covers: list[Cover | None], encoding: Encoding) -> Cover | None:
    """Return the cover of parts of which one has to pass."""
    terms: dict[Term, None] = {}
    for cover in covers:
        if cover is None:
            return None
        terms |= dict.fromkeys(cover.terms)
    exact = all(cover is not None and cover.exact for cover in covers)
    disjoint = len(covers) == 1 and covers[0] is not None and covers[0].disjoint
    return _cover(list(terms), encoding, exact=exact, disjoint=disjoint or len(terms) <= 1)


def resolve(filters: FilterBatch, encoding: Encoding) -> Filters:
    """Cover the distinct filters of a batch, and evaluate those whose cover does not say what passes."""
    n = filters.attributes.n
    everything: Term = (ALL, 0, 0, n - 1)
    covers, matches, rows = [], [], []
    terms, starts = [everything], [1]
    masks = []
    for filter_ in filters.unique:
        cover = cover_of(filter_, encoding)
        if cover is None:
            cover = Cover((everything,), n, isinstance(filter_, Everything), disjoint=True)
        covers.append(cover)
        if cover.exact and cover.disjoint and (len(cover.terms) <= 1 or cover.size < n // _FEW):
            matches.append(cover.size)
            rows.append(UNMASKED)
        else:
            masks.append(mask(filter_, filters.attributes))
            matches.append(int(np.count_nonzero(masks[-1])))
            rows.append(len(masks) - 1)
        terms += cover.terms
        starts.append(len(terms))
    return Filters(
        matches=np.array(matches, np.int64),
        sizes=np.array([cover.size for cover in covers], np.int64),
        parts=np.array([max(1, len(cover.terms)) for cover in covers], np.float64),
        kinds=np.array([_kind_of(cover, encoding) for cover in covers], np.int64),
        exact=np.array([cover.exact for cover in covers], np.bool_),
        starts=np.array(starts, np.int64),
        terms=np.array(terms, np.int64),
        words=words_of(masks, n),
        rows=np.array(rows, np.int64),
    )


def _kind_of(cover: Cover, encoding: Encoding) -> int:
    """Return the kind of a walk of the first term."""
    if not cover.terms or cover.terms[0][0] == ALL:
        return BASE
    return ATTRIBUTE + encoding.attribute_of(cover.terms[0])


def words_of(masks: list[NDArray[np.bool_]], n: int) -> NDArray[np.uint64]:
    """Return masks bool[n] as bitmaps, uint64[max(1, masks), ceil(n / 64)]; see `kernels.filter.Bitmap`."""
    bits = np.zeros((max(1, len(masks)), -(-n // 64) * 64), np.bool_)
    for row, passing in zip(bits, masks, strict=False):
        row[:n] = passing
    return np.packbits(bits, axis=1, bitorder="little").view(np.uint64)


def items_of(filters: Filters, f: int, encoding: Encoding) -> Items:
    """Return the items that pass a filter, int32[matches]."""
    if filters.rows[f] != UNMASKED:
        bits = np.unpackbits(filters.words[filters.rows[f]].view(np.uint8), bitorder="little")
        return np.flatnonzero(bits).astype(np.int32)
    terms = filters.terms[filters.starts[f] : filters.starts[f + 1]]
    return np.concatenate([np.empty(0, np.int32), *(encoding.items_of(tuple(term.tolist())) for term in terms)])
