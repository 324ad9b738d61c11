"""The Arrow types of values from JSON, which follow from all values of an attribute.

==============================================  ==================================================
values                                          type
==============================================  ==================================================
true and false                                  boolean
whole numbers                                   int64
whole numbers and others                        float64
ISO dates; days since 1970 may be among them    date
ISO timestamps; dates may be among them         timestamp in UTC, of microseconds or nanoseconds
other strings                                   string
lists of strings, or of whole numbers           list of them
objects                                         struct
==============================================  ==================================================

Null, NaN and an absent key are missing values. Whatever else there is, or a mixture of these, becomes a column of JSON
texts that filters cannot test, with the reason in its metadata: nobody has to mend a column that is not tested.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pyarrow as pa

from bench.core.attributes import REFUSED
from bench.core.iso import seconds_of

_DEEPEST = 16
_LEAST, _GREATEST = -(2**63), 2**63 - 1
_DAY = 86_400
_NANOSECONDS_REACH = 2**63 // 10**9 - 1
_SECONDS = {"us": 10**6, "ns": 10**9}

_TEXT = {"text", "date", "timestamp", "fine timestamp", "far timestamp"}
_TIME = _TEXT - {"text"}
_WHOLE = {"integer", "long integer"}


@dataclass(frozen=True)
class Encoding:
    """How values from JSON are stored.

    Attributes:
        arrow_type: their type.
        encode: turns a value other than null into one that Arrow takes for the type.
        refused: why filters cannot test them, or None.
    """

    arrow_type: pa.DataType
    encode: Callable[[Any], Any]
    refused: str | None = None

    def field(self, name: str) -> pa.Field:
        """Return the field of a schema."""
        return pa.field(name, self.arrow_type, metadata=self.refused and {REFUSED: self.refused})


class Values:
    """What an attribute's values are: the first of each sort with its line."""

    def __init__(self, source: str, depth: int = 0) -> None:
        """Take the name of the file, for errors, and how many objects are around the values."""
        self._source = source
        self._depth = depth
        self._first: dict[str, tuple[int, Any]] = {}
        self._words: Values | None = None
        self._fields: dict[str, Values] = {}

    def add(self, line: int, value: Any) -> None:
        """Take note of a value and of what is in it."""
        if value is None:
            return
        sort = self._sort(value)
        self._first.setdefault(sort, (line, value))
        if sort == "list":
            self._words = self._words or Values(self._source, self._depth)
            for word in value:
                self._words.add(line, word)
        elif sort == "object":
            for key, inner in value.items():
                self._fields.setdefault(key, Values(self._source, self._depth + 1)).add(line, inner)

    def _sort(self, value: Any) -> str:
        match value:
            case bool():
                return "boolean"
            case int():
                return (
                    "integer" if abs(value) < 2**31 else "long integer" if -(2**63) <= value < 2**63 else "wide integer"
                )
            case float():
                return "number"
            case str():
                return "text" if "text" in self._first else _sort_of_text(value)
            case list():
                return "list"
        return "object" if self._depth < _DEEPEST else "object in too many others"

    def encoding(self, default: pa.DataType) -> Encoding:
        """Return how the values are stored; as `default` if all are missing."""
        sorts = self._first.keys()
        if not sorts:
            return Encoding(default, _same)
        if sorts == {"boolean"}:
            return Encoding(pa.bool_(), _same)
        if sorts <= _WHOLE:
            return Encoding(pa.int64(), _same)
        if "number" in sorts and sorts <= _WHOLE | {"wide integer", "number"}:
            return Encoding(pa.float64(), float)
        if "date" in sorts and sorts <= {"date", "integer"}:
            return Encoding(pa.date32(), _days)
        if sorts <= _TIME and not {"fine timestamp", "far timestamp"} <= sorts:
            part = "ns" if "fine timestamp" in sorts else "us"
            return Encoding(pa.timestamp(part, "UTC"), lambda text: int(seconds_of(text) * _SECONDS[part]))
        if sorts <= _TEXT:
            return Encoding(pa.string(), _same)
        if sorts == {"list"} and self._words is not None and (words := self._words._word_type()) is not None:
            return Encoding(pa.list_(words), _same)
        if sorts == {"object"} and self._fields:
            return self._struct()
        return Encoding(pa.string(), lambda value: json.dumps(value, ensure_ascii=False), self._complaint())

    def _word_type(self) -> pa.DataType | None:
        """Return the type of the words of lists; None if they are not all strings or all whole numbers."""
        sorts = self._first.keys()
        return pa.string() if sorts <= _TEXT else pa.int64() if sorts <= _WHOLE else None

    def _struct(self) -> Encoding:
        fields = {key: values.encoding(pa.string()) for key, values in self._fields.items()}

        def encode(record: dict[str, Any]) -> dict[str, Any]:
            return {key: None if inner is None else fields[key].encode(inner) for key, inner in record.items()}

        return Encoding(pa.struct([encoding.field(key) for key, encoding in fields.items()]), encode)

    def _complaint(self) -> str:
        (line, value), *others = self._first.values()
        if "wide integer" in self._first and self._first.keys() <= _WHOLE | {"wide integer"}:
            line, value = self._first["wide integer"]
            return f"line {line} of {self._source} has {value}, which is out of the range of int64"
        if others:
            last, odd = others[-1]
            return f"line {last} of {self._source} has {_shortened(odd)}, but line {line} has {_shortened(value)}"
        here = f"line {line} of {self._source} has {_shortened(value)}"
        return f"{here}; use strings, numbers, booleans, lists of strings or of integers, or objects"


def _sort_of_text(text: str) -> str:
    try:
        seconds = seconds_of(text)
    except ValueError:
        return "text"
    if len(text) == len("2024-02-29"):
        return "date"
    if (seconds * 10**6).denominator > 1:
        return "fine timestamp"
    return "timestamp" if abs(seconds) < _NANOSECONDS_REACH else "far timestamp"


def _same(value: Any) -> Any:
    return value


def _days(value: str | int) -> int:
    days = seconds_of(value) / _DAY if isinstance(value, str) else Fraction(value)
    return int(days)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}..."
