"""Fit filters to columns: from what people ask for to values of the columns, and back; and check filters of values.

People write filters as JSON, where a date is a string, and a decimal is a number. A workload fits their filters once,
and from then on filters hold what columns store: strings, integers, floats and truth values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filters import And, Filter, Not, Or, leaves
from bench.core.leaf import Leaf


def fit(filter_: Filter, attributes: Attributes) -> Filter:
    """Return a filter of what people ask for as one of values.

    Raises:
        BenchError: an attribute is missing, of a kind that its leaf cannot test, or cannot have what the leaf asks for.
    """

    def fitted(leaf: Leaf) -> Filter:
        column = attributes[leaf.attribute]
        leaf.check_kind(leaf.attribute, column.kind)
        try:
            return leaf.fitted(column)
        except ValueError as error:
            raise BenchError(
                f"'{leaf.operator}' cannot test attribute '{leaf.attribute}', which has {column.noun}: {error}"
            ) from error

    return _mapped(filter_, fitted)


def fit_lines(path: Path, filters: Sequence[Filter], attributes: Attributes) -> list[Filter]:
    """Fit the filters of a file, one per line.

    Raises:
        BenchError: a filter does not fit; names the file and the line.
    """
    fitted: dict[Filter, Filter] = {}
    for line, filter_ in enumerate(filters, 1):
        if filter_ not in fitted:
            try:
                fitted[filter_] = fit(filter_, attributes)
            except BenchError as error:
                raise BenchError(f"{path}: line {line}: {error}") from error
    return [fitted[filter_] for filter_ in filters]


def as_given(filter_: Filter, attributes: Attributes) -> Filter:
    """Return a filter of values as people would write it, the inverse of `fit`."""
    return _mapped(filter_, lambda leaf: leaf.given(attributes[leaf.attribute]))


def _mapped(filter_: Filter, change: Callable[[Leaf], Filter]) -> Filter:
    """Return a filter with each leaf changed."""
    match filter_:
        case Leaf():
            return change(filter_)
        case And(parts):
            return And(tuple(_mapped(part, change) for part in parts))
        case Or(parts):
            return Or(tuple(_mapped(part, change) for part in parts))
        case Not(part):
            return Not(_mapped(part, change))
    return filter_


def check(filters: Iterable[Filter], attributes: Attributes) -> None:
    """Check that every leaf tests an attribute of a kind that it can test, and asks for values of its type.

    Raises:
        BenchError: an attribute is missing or of the wrong kind, or a value is of the wrong type.
    """
    for leaf in {leaf for filter_ in filters for leaf in leaves(filter_)}:
        column = attributes[leaf.attribute]
        leaf.check_kind(leaf.attribute, column.kind)
        for value in leaf.values():
            if not column.holds(value):
                raise BenchError(
                    f"'{leaf.operator}' asks for {value!r}, but attribute '{leaf.attribute}' has {column.noun}"
                )
