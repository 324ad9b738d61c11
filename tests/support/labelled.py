"""For tests of methods for label filters: problems whose items have sets of labels."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from algorithms.encodings.labels import LabelSets
from algorithms.kernels.csr import Csr
from bench.core.attributes import Attributes
from bench.core.encode import categorical, sets
from bench.core.filters import Contains, Equals, Filter
from tests.support.problems import Problem
from tests.support.strategies import NUMBERS, PRICES, TAGS, WORDS, columns

LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Equals, st.just("category"), WORDS | st.just("nowhere")),
    st.builds(Equals, st.just("number"), NUMBERS),
    st.builds(Equals, st.just("truth"), st.booleans()),
    st.builds(Equals, st.just("price"), PRICES),
    st.builds(Contains, st.just("words"), WORDS | st.just("nowhere")),
    st.builds(Contains, st.just("tags"), TAGS | st.just(99)),
)


@st.composite
def labelled_problems(draw: st.DrawFn, shapes: st.SearchStrategy[Filter] = LEAVES) -> Problem:
    """Draw a problem of EM and EMIS filters, or of other shapes.

    It may have missing values, empty sets, equal vectors, one label for all items, or one for each.
    """
    attributes = draw(columns(max_items=120))
    n = attributes.n
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = rng.normal(size=(n, 4)).astype(np.float32)
    if draw(st.booleans()):
        vectors = vectors[rng.integers(0, n, n) // 3]
    words = {
        "drawn": None,
        "all": categorical(["a"] * n),
        "each": categorical([f"{i:03}" for i in range(n)]),
    }[draw(st.sampled_from(["drawn", "drawn", "all", "each"]))]
    every = {name: attributes[name] for name in attributes.kinds} | ({"category": words} if words else {})
    filters = tuple(draw(st.lists(shapes, min_size=1, max_size=5)))
    queries = rng.normal(size=(len(filters), 4)).astype(np.float32)
    return Problem(vectors, Attributes(n, every), queries, filters)


def tagged(n: int, seed: int, single: bool = False, queries: int = 40) -> Problem:
    """Return clustered vectors, each with one or several of eight tags, some of which are rare."""
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(10, 12))
    vectors = (centres[rng.integers(0, 10, n)] + 0.4 * rng.normal(size=(n, 12))).astype(np.float32)
    points = (centres[rng.integers(0, 10, queries)] + 0.4 * rng.normal(size=(queries, 12))).astype(np.float32)
    weights = 1 / np.arange(1, 9)
    weights /= weights.sum()
    tags = [rng.choice(8, 1 if single else rng.integers(1, 4), False, weights).tolist() for _ in range(n)]
    column = categorical([str(t[0]) for t in tags]) if single else sets([[str(x) for x in t] for t in tags])
    values = [str(value) for value in rng.choice(8, queries)]
    filters = tuple(Equals("tag", value) if single else Contains("tag", value) for value in values)
    return Problem(vectors, Attributes(n, {"tag": column}), points, filters)


def labels_of(sets_: LabelSets) -> list[set[int]]:
    return [set(part.tolist()) for part in np.split(sets_.labels.codes, sets_.labels.offsets[1:-1])]


def rows_of(graph: Csr) -> list[list[int]]:
    return [part.tolist() for part in np.split(graph.ids, graph.starts[1:-1])]


def unreachable(rows: list[list[int]], labels: list[set[int]], label: int, entry: int) -> set[int]:
    """Return the items of a label to which no path of such items leads from its entry."""
    inside = {i for i, held in enumerate(labels) if label in held}
    seen, open_ = {entry}, [entry]
    while open_:
        for other in set(rows[open_.pop()]) & inside - seen:
            seen.add(other)
            open_.append(other)
    return inside - seen
