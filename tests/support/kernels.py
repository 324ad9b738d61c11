"""What the tests of kernels share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba as nb
import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels.filter import Bitmap


def compiled(part: Callable[..., Any]) -> Callable[..., Any]:
    """Let Python call a part, which is compiled into the kernels that call it and nowhere else."""

    @nb.njit(_nrt=False)
    def call(*args: Any) -> Any:
        return part(*args)

    return call


def bitmap(mask: NDArray[np.bool_]) -> Bitmap:
    """Return the filter that the items of bool[n] pass."""
    return Bitmap(np.packbits(np.pad(mask, (0, -len(mask) % 64)), bitorder="little").view(np.uint64))


@st.composite
def padded_rows(draw: st.DrawFn, n: int, width: int) -> NDArray[np.int32]:
    """Draw int32[n, width]: rows of distinct items below n, and then -1."""
    rows = np.full((n, width), -1, np.int32)
    for row in rows:
        items = draw(st.lists(st.integers(0, n - 1), unique=True, max_size=width))
        row[: len(items)] = items
    return rows
