"""Filters as zvec takes them: a condition that looks like SQL, but has neither NOT nor constants."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from algorithms.engines.fields import Field, positive_zero
from algorithms.engines.language import Language
from bench.core.columns import Value
from bench.core.errors import Unsupported
from bench.core.filters import Between, Filter

_COMPARISONS = {"[": ">=", "(": ">", "]": "<=", ")": "<"}
_OPPOSITES = {">=": "<", ">": "<=", "<=": ">", "<": ">="}


@dataclass(frozen=True)
class Pair:
    """A condition, and its complement over all items, those without a value included."""

    passing: str
    failing: str


class ZvecFilters(Language[Pair]):
    """zvec's conditions; every one is written with its complement, so that a negation swaps the two."""

    def condition(self, filter_: Filter) -> str:
        """Return a filter as a condition; empty where it tests nothing.

        Raises:
            Unsupported: it cannot be expressed.
        """
        return self.write(filter_).passing if self.fields else ""

    def all(self, parts: Sequence[Pair]) -> Pair:
        """See `Language.all`; the constants are a test of any field and its complement, joined."""
        if parts:
            return Pair(_joined(" AND ", [p.passing for p in parts]), _joined(" OR ", [p.failing for p in parts]))
        if not self.fields:
            return Pair("", "")
        missing = self.is_null(next(iter(self.fields.values())))
        both = [missing.passing, missing.failing]
        return Pair(_joined(" OR ", both), _joined(" AND ", both))

    def any(self, parts: Sequence[Pair]) -> Pair:
        """See `Language.any`."""
        return self.negated(self.all([self.negated(part) for part in parts]))

    def negated(self, part: Pair) -> Pair:
        """See `Language.negated`."""
        return Pair(part.failing, part.passing)

    def equals(self, field: Field, value: Value) -> Pair:
        """See `Language.equals`."""
        return _pair(field, f"= {_literal(value)}", f"!= {_literal(value)}")

    def between(self, field: Field, leaf: Between) -> Pair:
        """See `Language.between`."""
        ends = [(leaf.low, leaf.ends[0]), (leaf.high, leaf.ends[1])]
        comparisons = [(_COMPARISONS[bracket], _literal(end)) for end, bracket in ends if end is not None]
        if not comparisons:
            return self.negated(self.is_null(field))
        return self.all([_pair(field, f"{sign} {end}", f"{_OPPOSITES[sign]} {end}") for sign, end in comparisons])

    def holds_any(self, field: Field, values: Sequence[Value]) -> Pair:
        """See `Language.holds_any`."""
        words = f"CONTAIN_ANY ({', '.join(map(_literal, values))})"
        return _pair(field, words, f"NOT {words}")

    def is_one_of(self, field: Field, values: Sequence[Value]) -> Pair:
        """See `Language.is_one_of`; truth values do not come in lists."""
        if field.value_type is bool:
            return self.any([self.equals(field, value) for value in values])
        choices = f"IN ({', '.join(map(_literal, values))})"
        return _pair(field, choices, f"NOT {choices}")

    def is_null(self, field: Field) -> Pair:
        """See `Language.is_null`."""
        return Pair(f"{field.name} IS NULL", f"{field.name} IS NOT NULL")


def _pair(field: Field, test: str, opposite: str) -> Pair:
    """Return a test of a value; one that is missing fails it, and its opposite as well."""
    return Pair(f"{field.name} {test}", f"({field.name} {opposite} OR {field.name} IS NULL)")


def _joined(word: str, parts: Sequence[str]) -> str:
    return f"({word.join(parts)})"


def _literal(value: Value) -> str:
    """Return a value as zvec has it.

    Raises:
        Unsupported: it is a string with a backslash, or infinite.
    """
    if isinstance(value, str):
        if "\\" in value:
            raise Unsupported(f"zvec has no backslashes in strings, such as {value!r}")
        quoted = value.replace("'", "\\'")
        return f"'{quoted}'"
    if isinstance(value, bool):
        return str(value).lower()
    if math.isinf(value):
        raise Unsupported("zvec has no infinite numbers in filters")
    return repr(positive_zero(value))
