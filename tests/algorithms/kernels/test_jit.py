"""Kernels allocate nothing, and parts are only called from kernels."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
import pytest
from numba.core.errors import NumbaError
from numpy.typing import NDArray

from algorithms.kernels.graph import Rows, neighbours
from algorithms.kernels.jit import kernel
from algorithms.kernels.visited import Visited, next_epoch


def _next(stamps: NDArray[np.uint32]) -> int:
    return next_epoch(stamps, np.uint32(7))


def _count(ids: NDArray[np.int32], visited: Visited, out: NDArray[np.int32]) -> int:
    return neighbours(Rows(ids), 0, visited, out)


def test_a_kernel_that_allocates_is_refused() -> None:
    @kernel
    def allocate(n: int) -> float:
        return np.zeros(n).sum()  # type: ignore[no-any-return]

    with pytest.raises(NumbaError, match="Only accept returning of array passed"):
        allocate(3)


STAMPS, IDS = np.zeros(3, np.uint32), np.array([[2, 1]], np.int32)


@pytest.mark.parametrize(
    ("function", "arguments", "returned"),
    [(_next, (STAMPS,), 8), (_count, (IDS, Visited(STAMPS, np.uint32(1)), np.empty(2, np.int32)), 2)],
    ids=["part", "operation"],
)
def test_parts_are_refused_to_functions_that_count_references(
    function: Callable[..., int], arguments: tuple[Any, ...], returned: int
) -> None:
    with pytest.raises(NumbaError, match="can only be called from a kernel or a part"):
        nb.njit(function)(*arguments)
    assert kernel(function)(*arguments) == returned
