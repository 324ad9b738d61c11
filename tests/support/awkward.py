"""Attributes whose values are hard to quote, to round and to compare, and every kind of filter over them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.filters import And, Between, Contains, Equals, Everything, Filter, In, IsNull, Not, Or
from bench.core.units import Floats

WORDS = ["", "a", "A", "a b", "it's", '"', "''", "\\", "\\'", "%", "ü", "日本", "NULL", "1", "true", "x\ny", "{}", "$1"]
NUMBERS = [-(2**63), -1, 0, 1, 2**53, 2**53 + 1, 2**63 - 1]
PRICES = [-1.5, -0.0, 0.0, 0.1, 0.30000000000000004, 1 / 3, 1e-300, 1e300]
ENDS = ("[]", "[)", "(]", "()")


def attributes(
    words: Sequence[str] = tuple(WORDS),
    numbers: Sequence[int] = tuple(NUMBERS),
    prices: Sequence[float] = tuple(PRICES),
    n: int = 60,
) -> Attributes:
    """Return attributes of `n` items that have every value in turn; every fifth value is missing."""

    def cycled(values: Sequence[Any], step: int = 1) -> list[Any]:
        return [None if i % 5 == 4 else values[step * i % len(values)] for i in range(n)]

    pairs = [[words[i % len(words)], words[3 * i % len(words)]] for i in range(n)]
    return Attributes(
        n,
        {
            'it\'s a "name"': categorical(cycled(words)),
            "number": ordered(cycled(numbers, 3)),
            "price": ordered(cycled(prices, 5), unit=Floats()),
            "truth": boolean(cycled([True, False])),
            "words": sets([[] if i % 7 == 6 else pair for i, pair in enumerate(pairs)]),
            "tags": sets(cycled([[-7], [0, 3], [2**40, 3], [-(2**62)]], 3)),
        },
    )


def filters(
    words: Sequence[str] = tuple(WORDS),
    numbers: Sequence[int] = tuple(NUMBERS),
    prices: Sequence[float] = tuple(PRICES),
) -> tuple[Filter, ...]:
    """Return filters of every kind over the attributes, alone, negated and nested."""
    name = 'it\'s a "name"'
    equal: list[Filter] = [Equals(name, word) for word in (*words, "nowhere")]
    equal += [Equals("number", number) for number in (*numbers, 99)]
    equal += [Equals("price", price) for price in (*prices, 7.5)]
    equal += [Equals("truth", truth) for truth in (True, False)]
    held: list[Filter] = [Contains("words", word) for word in (*words, "nowhere")]
    held += [Contains("tags", tag) for tag in (-7, 0, 3, 2**40, -(2**62), 99)]
    listed: list[Filter] = [In(attribute, ()) for attribute in (name, "number", "price", "truth", "words", "tags")]
    listed += [In(name, tuple(words[::2])), In("number", tuple(numbers[:3])), In("price", tuple(prices[1:4]))]
    listed += [In("truth", (True,)), In("words", tuple(words[:4])), In("tags", (3, -7, 99))]
    ranges: list[Filter] = []
    for attribute, values in (("number", numbers), ("price", prices)):
        pairs = itertools.islice(itertools.combinations([None, *values], 2), 0, None, 3)
        ranges += [Between(attribute, low, high, ends) for (low, high), ends in zip(pairs, itertools.cycle(ENDS))]
        ranges += [Between(attribute, None, None), Between(attribute, values[-1], values[0])]
    missing: list[Filter] = [IsNull(attribute) for attribute in (name, "number", "price", "truth", "words", "tags")]
    plain = [*equal, *held, *listed, *ranges, *missing]
    nested: list[Filter] = [Not(filter_) for filter_ in plain]
    nested += [And((a, Not(b))) for a, b in itertools.pairwise(plain[::5])]
    nested += [Or((a, And((b, Not(Or((a, b))))))) for a, b in itertools.pairwise(plain[::7])]
    nested += [Everything(), Not(Everything()), And(()), Or(()), Not(Or(())), Not(Not(equal[0])), And((equal[0],))]
    return (*plain, *nested)
