"""Stored values: what compiled code reads is what plain Python reads, and what NumPy means."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from algorithms.kernels.decode import value
from algorithms.kernels.jit import kernel

BITS = np.arange(2**16, dtype=np.uint16)
STORED = {
    "float32": (np.array([-2.5, 0, 3e38], np.float32), np.array([-2.5, 0, 3e38], np.float32)),
    "int8": (np.arange(-128, 128).astype(np.int8), np.arange(-128, 128).astype(np.float32)),
    "float16": (BITS.view(np.int16), BITS.view(np.float16).astype(np.float32)),
    "bfloat16": (BITS, (BITS.astype(np.uint32) << 16).view(np.float32)),
}


@kernel
def _values(stored: Any, out: Any) -> None:
    for i in range(len(stored)):
        out[i] = value(stored[i])


@pytest.mark.parametrize(("stored", "expected"), STORED.values(), ids=STORED)
def test_values_are_float32_whether_compiled_or_not(stored: Any, expected: Any) -> None:
    out = np.empty(len(stored), np.float32)
    _values(stored, out)
    np.testing.assert_array_equal(out, expected)
    plain = [value(one) for one in stored]
    assert {type(one) for one in plain} == {np.float32}
    np.testing.assert_array_equal(plain, expected)
