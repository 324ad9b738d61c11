"""Which items a search may return: everything, a bitmap, or a range of ids."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms._kernels.policy import implements, operation


@operation
def passes(accept: Any, item: Any) -> Any:
    """Return whether a search may return an item; one that fails is still walked through."""


class Everything(NamedTuple):
    """Every item passes."""


class Bitmap(NamedTuple):
    """The items whose bit is set pass.

    Attributes:
        words: uint64[ceil(n / 64)], bit ``i % 64`` of word ``i // 64`` for item i.
    """

    words: NDArray[np.uint64]


class Range(NamedTuple):
    """The items from `low` to `high` pass, both included."""

    low: int
    high: int


@implements(passes, Everything)
def _(accept: Any, item: Any) -> Any:
    return True


@implements(passes, Bitmap)
def _(accept: Any, item: Any) -> Any:
    at = np.uint32(item)
    return (accept.words[at >> np.uint32(6)] >> np.uint64(at & np.uint32(63))) & np.uint64(1) != 0


@implements(passes, Range)
def _(accept: Any, item: Any) -> Any:
    return accept.low <= item <= accept.high


def pack(mask: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Return masks bool[..., n] as bitmaps uint64[..., ceil(n / 64)]; the bits past n are 0."""
    n = mask.shape[-1]
    padded = np.zeros((*mask.shape[:-1], -(-n // 64) * 64), np.bool_)
    padded[..., :n] = mask
    return np.packbits(padded, axis=-1, bitorder="little").view("<u8").astype(np.uint64, copy=False)


@nb.njit(cache=True, nogil=True)
def set_bits(words: Any, items: Any) -> None:
    """Set the bits of `items`, any integers, in the bitmap `words` in place."""
    for item in items:
        at = np.uint64(item)
        words[at >> np.uint64(6)] |= np.uint64(1) << (at & np.uint64(63))


def count_bits(words: NDArray[np.uint64]) -> int:
    """Return how many items pass a bitmap."""
    return int(np.bitwise_count(words).sum())
