"""Filters as predicates of Cypher over a node `n`, as Kuzu's projected graphs take them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from algorithms.engines.fields import Field, positive_zero
from algorithms.engines.language import Language
from bench.core.columns import Value
from bench.core.filters import Between

_COMPARISONS = {"[": ">=", "(": ">", "]": "<=", ")": "<"}


class Cypher(Language[str]):
    """Cypher, whose values are written into the text."""

    def all(self, parts: Sequence[str]) -> str:
        """See `Language.all`."""
        return f"({' AND '.join(parts)})" if parts else "true"

    def any(self, parts: Sequence[str]) -> str:
        """See `Language.any`."""
        return f"({' OR '.join(parts)})" if parts else "false"

    def negated(self, part: str) -> str:
        """See `Language.negated`; an unknown part does not pass, so that its negation does."""
        return f"(NOT coalesce({part}, false))"

    def equals(self, field: Field, value: Value) -> str:
        """See `Language.equals`."""
        return f"(n.{field.name} = {literal(value)})"

    def between(self, field: Field, leaf: Between) -> str:
        """See `Language.between`."""
        ends = [(leaf.low, leaf.ends[0]), (leaf.high, leaf.ends[1])]
        parts = [f"n.{field.name} {_COMPARISONS[bracket]} {literal(end)}" for end, bracket in ends if end is not None]
        return self.all(parts or [f"n.{field.name} IS NOT NULL"])

    def holds_any(self, field: Field, values: Sequence[Value]) -> str:
        """See `Language.holds_any`."""
        return self.any([f"list_contains(n.{field.name}, {literal(value)})" for value in values])

    def is_one_of(self, field: Field, values: Sequence[Value]) -> str:
        """See `Language.is_one_of`."""
        return f"(n.{field.name} IN [{', '.join(map(literal, values))}])"

    def is_null(self, field: Field) -> str:
        """See `Language.is_null`."""
        return f"(n.{field.name} IS NULL)"


def literal(value: Value) -> str:
    """Return a value as Cypher has it."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bool):
        return str(value).lower()
    if math.isinf(value):
        return f"CAST('{value}', 'DOUBLE')"
    return repr(positive_zero(value)).replace("e+", "e")  # it takes no plus there


def quoted(text: str) -> str:
    """Return a string literal: backslashes and quotes are escaped."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
