"""Kernels allocate nothing, and parts are only called from kernels."""

from __future__ import annotations

import re
from collections.abc import Callable

import numba as nb
import numpy as np
import pytest
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.jit import kernel
from algorithms.kernels.visited import Visited, next_epoch


def _clear(stamps: NDArray[np.uint32]) -> int:
    return next_epoch(stamps, np.uint32(7))


def _first(ids: NDArray[np.int32], visited: Visited, out: NDArray[np.int32]) -> int:
    return neighbours(Rows(ids), 0, visited, out)


def test_a_kernel_that_allocates_is_refused() -> None:
    @kernel
    def allocate(n: int) -> float:
        return np.zeros(n).sum()  # type: ignore[no-any-return]

    with pytest.raises(NumbaError, match="Only accept returning of array passed"):
        allocate(3)


@pytest.mark.parametrize("function", [_clear, _first])
def test_parts_are_refused_to_functions_that_count_references(function: Callable[..., int]) -> None:
    stamps, ids = np.zeros(3, np.uint32), np.zeros((3, 2), np.int32)
    arguments = (stamps,) if function is _clear else (ids, Visited(stamps, np.uint32(1)), ids[1])
    with pytest.raises(NumbaError, match=re.compile("can only be called from a kernel or a part", re.S)):
        nb.njit(function)(*arguments)
    assert kernel(function)(*arguments) in (1, 8)
