"""The eleven attributes of an item, and the filters of the queries, drawn with integer arithmetic only.

The categories come from the topics of the item. Given the first sub-category, the rest is drawn: whether there is a
comment, the number of versions and authors, and the date. Where there are no statistics, licences are null, the
submitter is one of the authors, and the numbers of versions above one are merely plausible.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from bench.core.filters import Between, Contains, Equals, Filter
from bench.core.leaf import FilterType
from bench.datasets.arxiv_sim.draws import BLOCK, WORD, Choice, Stream, scaled, uniform
from bench.datasets.arxiv_sim.statistics import AUTHOR_KNOTS, DAY_KNOTS, categories, main_categories, overall
from bench.datasets.arxiv_sim.topics import category_sets, item_topics
from bench.datasets.layout import PUBLISHED_WORKLOADS

_LATER_VERSIONS = (60, 22, 10, 5, 2, 1)
"""How many of 100 items with several versions have 2, 3, ..."""


@dataclass(frozen=True)
class Filterable:
    """The values of all items that filters are drawn from, int32[n] each.

    Attributes:
        category_set: an index into `category_sets`.
        update_date: days since 1970-01-01.
    """

    category_set: NDArray[np.int32]
    update_date: NDArray[np.int32]

    @classmethod
    def empty(cls, n: int) -> Filterable:
        """Allocate the values of `n` items."""
        return cls(np.empty(n, np.int32), np.empty(n, np.int32))


def item_lines(seed: int, block: int, into: Filterable) -> Iterator[str]:
    """Yield one JSON object per item of a block, up to the last item of `into`, and write to it what filters need."""
    sets, tables = category_sets(), _tables()
    topics = item_topics(seed, block)
    first = tables.first[topics.category_set]
    comment, single, versions, few, many, day, submitter = uniform(seed, Stream.ATTRIBUTES, block, (7, BLOCK))
    days = _quantile(DAY_KNOTS, tables.days[first], day)
    sizes = _number_of_authors(first, few, many)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    octave, within = uniform(seed, Stream.AUTHORS, block, (int(starts[-1]), 2)).T
    octaves = tables.octave(0, octave)
    authors = ((1 << octaves) + scaled(within, 1 << octaves)).tolist()
    columns = (
        topics.category_set,
        scaled(comment, 10_000) < tables.has_comment[first],
        np.where(scaled(single, 10_000) < tables.single_version[first], 1, 2 + tables.versions(0, versions)),
        days,
        scaled(submitter, sizes),
    )
    rows = slice(block * BLOCK, (block + 1) * BLOCK)
    count = len(into.update_date[rows])
    into.category_set[rows] = topics.category_set[:count]
    into.update_date[rows] = days[:count]
    lists = (column[:count].tolist() for column in columns)
    for item, (set_, has_comment, version, date, by) in enumerate(zip(*lists, strict=True)):
        names = [f"author-{number:06d}" for number in _distinct(authors[starts[item] : starts[item + 1]])]
        mains = main_categories(sets[set_])
        record = {
            "submitter": names[by],
            "has_comment": has_comment,
            "number_of_main_categories": len(mains),
            "main_categories": mains,
            "number_of_sub_categories": len(sets[set_]),
            "sub_categories": sets[set_],
            "license": None,
            "number_of_versions": version,
            "update_date": date,
            "number_of_authors": len(names),
            "authors": names,
        }
        yield json.dumps(record) + "\n"


def draw_filters(items: Filterable, queries: int, seed: int) -> dict[FilterType, list[Filter]]:
    """Return the filters of the published workloads, one per query, with values of random items.

    EM takes the number of sub-categories of an item, EMIS one of the main categories of an item, and R the dates of two
    items as its ends.
    """
    sets = category_sets()
    n = len(items.update_date)
    draws = uniform(seed, Stream.FILTERS, 0, (queries, 5))
    numbered, named, one, other = scaled(draws[:, :4], n).T
    mains = [main_categories(sets[s]) for s in items.category_set[named].tolist()]
    which = scaled(draws[:, 4], np.array([len(names) for names in mains])).tolist()
    dates = np.sort(items.update_date[np.stack([one, other], 1)], axis=1).tolist()
    em, r, emis = (PUBLISHED_WORKLOADS[kind] for kind in (FilterType.EM, FilterType.R, FilterType.EMIS))
    return {
        FilterType.EM: [Equals(em, len(sets[s])) for s in items.category_set[numbered].tolist()],
        FilterType.R: [Between(r, low, high) for low, high in dates],
        FilterType.EMIS: [Contains(emis, names[i]) for names, i in zip(mains, which, strict=True)],
    }


def _distinct(authors: list[int]) -> dict[int, None]:
    """Return the authors in order; one that occurred before is replaced by the next number that has not."""
    seen: dict[int, None] = {}
    for author in authors:
        fresh = author
        while fresh in seen:
            fresh += 1
        seen[fresh] = None
    return seen


def _quantile(knots: Sequence[int], values: NDArray[np.int64], uniform: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return quantiles at uniform integers below 2**32: `values` int64[b, knots] at the knots, linear in between."""
    places, ends = uniform * 10_000, np.array(knots) << WORD
    knot = np.minimum(np.searchsorted(ends, places, "right"), len(knots) - 1)
    rows = np.arange(len(values))
    low, high = values[rows, knot - 1], values[rows, knot]
    # Rounded to the nearest integer. Dropping 16 bits keeps the product within 64.
    part, span = (places - ends[knot - 1]) >> 16, (ends[knot] - ends[knot - 1]) >> 16
    return low + (2 * (high - low) * part + span) // (2 * span)


def _number_of_authors(first: NDArray[np.int64], few: NDArray[np.int64], many: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the number of authors of items with these first sub-categories.

    The longest lists, in the percentile above the last quantile, are drawn from the lists of all categories that are
    longer than that quantile.
    """
    tables = _tables()
    longest = tables.author_lists[tables.long_lists(first, many) + tables.first_long[first]]
    described = _quantile(AUTHOR_KNOTS, tables.authors[first], few)
    return np.where(scaled(few, 10_000) < AUTHOR_KNOTS[-1], described, longest)


@dataclass(frozen=True)
class _Tables:
    """The distributions of attributes by first sub-category."""

    first: NDArray[np.int64]
    has_comment: NDArray[np.int64]
    single_version: NDArray[np.int64]
    authors: NDArray[np.int64]
    days: NDArray[np.int64]
    author_lists: NDArray[np.int64]
    first_long: NDArray[np.int64]
    long_lists: Choice
    octave: Choice
    versions: Choice


@cache
def _tables() -> _Tables:
    every = categories()
    lists = np.array(sorted(overall().number_of_authors))
    items = np.array([overall().number_of_authors[size] for size in lists.tolist()])
    first_long = np.array([np.searchsorted(lists, category.authors[-1], "right") for category in every])
    first_long = np.minimum(first_long, len(lists) - 1)
    return _Tables(
        np.repeat(np.arange(len(every)), [len(category.sets) for category in every]),
        np.array([category.has_comment for category in every]),
        np.array([category.single_version for category in every]),
        np.array([category.authors for category in every]),
        np.array([category.days for category in every]),
        lists,
        first_long,
        Choice([items[start:] for start in first_long]),
        Choice([overall().author_octaves]),
        Choice([np.array(_LATER_VERSIONS)]),
    )
