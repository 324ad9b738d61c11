"""Values as codes: counted from 0, missing ones left out."""

from __future__ import annotations

import numpy as np
import pytest

from bench.core.columns import Column, Value
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.value_codes import value_codes


@pytest.mark.parametrize(
    ("column", "items", "codes", "code_of"),
    [
        (categorical(["b", None, "a"]).part(slice(2)), [0], [1], {"a": 0, "b": 1}),
        (ordered([7, None, -7, 7]), [0, 2, 3], [1, 0, 1], {-7: 0, 7: 1}),
        (boolean([True, None, True]), [0, 2], [0, 0], {True: 0}),
        (sets([["b", "a"], None, ["b"]]), [0, 0, 2], [0, 1, 1], {"a": 0, "b": 1}),
    ],
    ids=["categorical", "ordered", "boolean", "sets"],
)
def test_values_become_codes_from_0_without_missing_ones(
    column: Column, items: list[int], codes: list[int], code_of: dict[Value, int]
) -> None:
    encoded = value_codes(column)
    assert encoded.items.tolist() == items
    assert encoded.codes.tolist() == codes
    assert encoded.codes.dtype == np.int32
    assert encoded.code_of == code_of
