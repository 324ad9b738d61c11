"""Which items a search may return: everything, or a bitmap."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.kernels.policy import implements, operation


@operation
def passes(accept: Any, item: Any) -> Any:
    """Return whether a search may return an item; one that fails is still walked through."""


class Everything(NamedTuple):
    """Every item passes."""


class Bitmap(NamedTuple):
    """The items whose bit is set pass.

    Attributes:
        words: uint64[ceil(n / 64)], bit ``i % 64`` of word ``i // 64`` for item i: a row of `FilterBatch.bitmaps`,
            viewed as words.
    """

    words: NDArray[np.uint64]


@implements(passes, Everything)
def _(accept: Any, item: Any) -> Any:
    return True


@implements(passes, Bitmap)
def _(accept: Any, item: Any) -> Any:
    at = np.uint32(item)
    return (accept.words[at >> np.uint32(6)] >> np.uint64(at & np.uint32(63))) & np.uint64(1) != 0
