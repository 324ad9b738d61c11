"""Hypothesis strategies: random attributes with missing values, and random filters over them."""

from __future__ import annotations

from functools import partial
from typing import Any

from hypothesis import strategies as st

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.units import Floats

WORDS = st.sampled_from(["a", "b", "c", "ü", "a b", ""])
NUMBERS = st.integers(-3, 3) | st.sampled_from([-(2**63), 2**63 - 1, 2**53 + 1])
PRICES = st.sampled_from([-1.5, 0.0, 0.1, 2.0, 1e300, float("inf"), -float("inf")])
TAGS = st.sampled_from([-7, 0, 3, 2**40])
ENDS = st.sampled_from(["[]", "[)", "(]", "()"])

_VALUES: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "category": (categorical, WORDS),
    "number": (ordered, NUMBERS),
    "price": (partial(ordered, unit=Floats()), PRICES),
    "truth": (boolean, st.booleans()),
    "words": (sets, st.lists(WORDS, max_size=4)),
    "tags": (sets, st.lists(TAGS, max_size=4)),
}
"""By attribute: what encodes its values, and what they are where they are not missing."""


@st.composite
def columns(draw: st.DrawFn, max_items: int = 30) -> Attributes:
    """Attributes of every kind, those of `_VALUES`, of up to `max_items` items."""
    n = draw(st.integers(1, max_items))
    return Attributes(
        n,
        {
            name: encode(draw(st.lists(st.none() | values, min_size=n, max_size=n)))
            for name, (encode, values) in _VALUES.items()
        },
    )


def _lists(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(values, max_size=3).map(tuple)


_CHOICES = {
    "category": WORDS,
    "number": NUMBERS,
    "price": PRICES,
    "truth": st.booleans(),
    "words": WORDS | st.just("nowhere"),
    "tags": TAGS,
}

_LEAVES: st.SearchStrategy[Filter] = st.one_of(
    st.builds(Everything),
    st.builds(Equals, st.just("category"), WORDS | st.just("nowhere")),
    st.builds(Equals, st.just("number"), NUMBERS),
    st.builds(Equals, st.just("price"), PRICES),
    st.builds(Equals, st.just("truth"), st.booleans()),
    st.builds(Between, st.just("number"), st.none() | NUMBERS, st.none() | NUMBERS, ENDS),
    st.builds(Between, st.just("price"), st.none() | PRICES, st.none() | PRICES, ENDS),
    st.builds(Contains, st.just("words"), WORDS | st.just("nowhere")),
    st.builds(Contains, st.just("tags"), TAGS | st.just(99)),
    *(st.builds(In, st.just(name), _lists(values)) for name, values in _CHOICES.items()),
    st.builds(IsNull, st.sampled_from(sorted(_VALUES))),
)


def _join(parts: st.SearchStrategy[Filter]) -> st.SearchStrategy[Filter]:
    several = st.lists(parts, max_size=3).map(tuple)
    return st.builds(And, several) | st.builds(Or, several) | st.builds(Not, parts)


FILTERS: st.SearchStrategy[Filter] = st.recursive(_LEAVES, _join, max_leaves=6)
"""Filters of any shape over the attributes that `columns` draws."""
