"""Attribute values and equality filters as codes."""

from __future__ import annotations

from algorithms.encodings.values import ANY, MISSING, NEVER, Codebook
from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered
from bench.core.filters import And, Equals, Filter
from bench.core.masks import FilterBatch


def test_filters_become_wanted_values() -> None:
    columns = {"a": categorical(["y", None, "x"]), "b": ordered([5, -7, None]), "c": boolean([True, False, None])}
    attributes = Attributes(3, columns)
    book = Codebook(attributes, ("a", "b", "c"))
    assert book.codes.tolist() == [[1, 1, 1], [MISSING, 0, 0], [0, MISSING, MISSING]]
    wanted: dict[Filter, list[int]] = {
        Equals("a", "x"): [0, ANY, ANY],
        Equals("a", "z"): [NEVER, ANY, ANY],
        And((Equals("b", 5), Equals("c", True))): [ANY, 1, 1],
        And((Equals("c", False), Equals("c", False))): [ANY, ANY, 0],
        And((Equals("b", 5), Equals("b", -7))): [ANY, NEVER, ANY],
    }
    assert book.wanted(FilterBatch(list(wanted), attributes)).tolist() == list(wanted.values())
