"""Hypothesis strategies: random attributes with missing values, and random filters over them."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, Not, Or

WORDS = st.sampled_from(["a", "b", "c", "ü", "a b", ""])
NUMBERS = st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1])


def _values(kind: str) -> st.SearchStrategy[Any]:
    return (
        st.none()
        | {
            "category": WORDS,
            "number": NUMBERS,
            "truth": st.booleans(),
            "words": st.lists(WORDS, max_size=4),
        }[kind]
    )


@st.composite
def columns(draw: st.DrawFn, max_items: int = 30) -> Attributes:
    """Attributes `category`, `number`, `truth` and `words` of up to `max_items` items."""
    n = draw(st.integers(1, max_items))
    make: dict[str, Any] = {"category": categorical, "number": ordered, "truth": boolean, "words": sets}
    drawn = {kind: draw(st.lists(_values(kind), min_size=n, max_size=n)) for kind in make}
    return Attributes(n, {kind: make[kind](values) for kind, values in drawn.items()})


_LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Everything),
    st.builds(Equals, st.just("category"), WORDS | st.just("nowhere")),
    st.builds(Equals, st.just("number"), NUMBERS),
    st.builds(Equals, st.just("truth"), st.booleans()),
    st.builds(Between, st.just("number"), st.none() | NUMBERS, st.none() | NUMBERS),
    st.builds(Contains, st.just("words"), WORDS | st.just("nowhere")),
)


def _join(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


FILTERS: st.SearchStrategy[Filter] = st.recursive(_LEAVES, _join, max_leaves=6)
"""Filters of any shape over the attributes that `columns` draws."""
