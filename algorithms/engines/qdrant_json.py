"""Filters as Qdrant's API has them in JSON: conditions that must match, should match or must not match."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from algorithms.engines.fields import Field
from algorithms.engines.language import Language
from bench.core.columns import Value
from bench.core.errors import Unsupported
from bench.core.filters import Between

Json = dict[str, Any]

_ENDS = {"[": "gte", "(": "gt", "]": "lte", ")": "lt"}


class QdrantJson(Language[Json]):
    """Qdrant's conditions; a payload lacks the key of what an item lacks, and holds truth values as integers."""

    def all(self, parts: Sequence[Json]) -> Json:
        """See `Language.all`."""
        return {"must": list(parts)}

    def any(self, parts: Sequence[Json]) -> Json:
        """See `Language.any`; a list without conditions would let everything pass."""
        return {"should": list(parts)} if parts else self.negated(self.all([]))

    def negated(self, part: Json) -> Json:
        """See `Language.negated`."""
        return {"must_not": [part]}

    def equals(self, field: Field, value: Value) -> Json:
        """See `Language.equals`; a float can only be asked for as a range."""
        if field.value_type is float:
            return _range(field, {"gte": value, "lte": value})
        return {"key": field.name, "match": {"value": _plain(value)}}

    def between(self, field: Field, leaf: Between) -> Json:
        """See `Language.between`."""
        ends = {_ENDS[leaf.ends[0]]: leaf.low, _ENDS[leaf.ends[1]]: leaf.high}
        given = {name: end for name, end in ends.items() if end is not None}
        return _range(field, given) if given else self.negated(self.is_null(field))

    def holds_any(self, field: Field, values: Sequence[Value]) -> Json:
        """See `Language.holds_any`."""
        return {"key": field.name, "match": {"any": list(map(_plain, values))}}

    def is_one_of(self, field: Field, values: Sequence[Value]) -> Json:
        """See `Language.is_one_of`; floats do not come in lists."""
        if field.value_type is float:
            return self.any([self.equals(field, value) for value in values])
        return self.holds_any(field, values)

    def is_null(self, field: Field) -> Json:
        """See `Language.is_null`."""
        return {"is_empty": {"key": field.name}}


def _plain(value: Value) -> Value:
    """Return truth values as integers: the Python package takes a condition on true for one on 1."""
    return int(value) if isinstance(value, bool) else value


def _range(field: Field, ends: dict[str, Any]) -> Json:
    """Return the test that a number lies in a range.

    Raises:
        Unsupported: an end is not a number of JSON, or an integer that float64 cannot hold.
    """
    for end in ends.values():
        if math.isinf(end) or (field.value_type is int and int(float(end)) != end):
            raise Unsupported(f"the ends of Qdrant's ranges are finite float64, unlike {end}")
    return {"key": field.name, "range": {name: float(end) for name, end in ends.items()}}
