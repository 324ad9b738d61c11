"""Random numbers that depend only on (seed, stream, block): not on threads, the NumPy version or the machine.

They use the raw bits of a bit generator, which NumPy guarantees to keep, and a fixed number of bits per value. With
rejection sampling, a different rounding could consume more bits and shift all later values.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

BLOCK = 1024
"""Rows drawn together, even if fewer are needed: so the first rows are the same for any number of rows."""

WORD = 32
"""Bits of a uniform integer."""


class Stream(IntEnum):
    """The purpose of random numbers; each has a stream of its own."""

    LEAVES = 0
    BRANCHES = 1
    MAP = 2
    ITEM_TOPICS = 3
    ITEM_NOISE = 4
    ITEM_TAIL = 5
    QUERY_TOPICS = 6
    QUERY_NOISE = 7
    QUERY_TAIL = 8
    ATTRIBUTES = 9
    AUTHORS = 10
    FILTERS = 11


def uniform(seed: int, stream: Stream, block: int, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return uniform integers below 2**32, int64[shape]."""
    return _raw(seed, stream, block, int(np.prod(shape))).astype(np.int64).reshape(shape)


def normal(seed: int, stream: Stream, block: int, shape: tuple[int, int]) -> NDArray[np.float32]:
    """Return standard normal float32[shape], by the transform of Box and Muller (1958)."""
    rows, columns = shape
    half = -(-columns // 2)
    # The 24 bits of each word that fit a float32.
    bits = _raw(seed, stream, block, 2 * rows * half) >> np.uint32(8)
    radius, angle = bits.reshape(2, rows, half).astype(np.float32)
    radius += 1
    radius *= np.float32(2.0**-24)
    np.log(radius, out=radius)
    radius *= -2
    np.sqrt(radius, out=radius)
    angle *= np.float32(2 * np.pi * 2.0**-24)
    out = np.empty((rows, 2 * half), np.float32)
    np.multiply(radius, np.cos(angle), out=out[:, :half])
    np.multiply(radius, np.sin(angle), out=out[:, half:])
    return out[:, :columns]


def scaled(uniform: NDArray[np.int64], bound: NDArray[np.int64] | int) -> NDArray[np.int64]:
    """Scale uniform integers below 2**32 to uniform integers below `bound`."""
    return uniform * bound >> WORD


class Choice:
    """Draws entries in proportion to integer counts, within groups of consecutive entries.

    Integer arithmetic makes the draws the same on every machine.
    """

    def __init__(self, groups: Sequence[NDArray[np.int64]]) -> None:
        """Take the counts of the entries of each group; groups have positive sums, which add up to less than 2**31."""
        self._first = np.cumsum([0, *map(len, groups)])
        self._ends = np.concatenate(([0], np.cumsum(np.concatenate(groups))))

    def __call__(self, group: NDArray[np.int64] | int, uniform: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return an entry of `group` per uniform integer below 2**32, numbered within the group."""
        return self.split(group, uniform)[0] - self._first[group]

    def split(
        self, group: NDArray[np.int64] | int, uniform: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return entries numbered over all groups, and the position of each draw in its entry, again below 2**32."""
        low, high = self._ends[self._first[group]], self._ends[self._first[np.add(group, 1)]]
        places = (low << WORD) + uniform * (high - low)
        entries = np.searchsorted(self._ends, places >> WORD, "right") - 1
        starts = self._ends[entries]
        return entries, (places - (starts << WORD)) // (self._ends[entries + 1] - starts)


def _raw(seed: int, stream: Stream, block: int, count: int) -> NDArray[np.uint32]:
    """Return `count` words of 32 bits."""
    bits = np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(stream, block)))
    words: NDArray[np.uint64] = bits.random_raw(-(-count // 2))
    return words.astype("<u8", copy=False).view("<u4")[:count]
