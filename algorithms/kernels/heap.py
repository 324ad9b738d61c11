"""Binary heaps of keys. A *key* is an int64 that holds a float32 distance above an int32 id.

Keys order as the pairs (distance, id) do, so that one comparison of integers settles ties too, and any two
runs agree. Negative distances (inner product) order rightly as well.
"""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np

NO_KEY = np.int64(2**63 - 1)
"""A key above all others."""


@nb.njit(cache=True, nogil=True, inline="always")
def _in_order(bits: Any) -> Any:
    """Turn the bits of a float32, an int32, into an integer that orders as the float does; and back again.

    Negative floats order backwards as integers, so all of their bits but the sign are flipped.
    """
    return np.int64(bits) ^ ((np.int64(bits) >> 31) & 0x7FFFFFFF)


@nb.njit(cache=True, nogil=True, inline="always")
def make_key(distance: Any, item: Any) -> Any:
    """Pack a float32 distance and an id from 0 to 2^31 - 1 into a key."""
    bits = np.float32(distance).view(np.int32)
    return (_in_order(bits) << 32) | np.int64(item)


@nb.njit(cache=True, nogil=True, inline="always")
def key_id(key: Any) -> Any:
    """Return the id of a key, int32."""
    return np.int32(key & 0x7FFFFFFF)


@nb.njit(cache=True, nogil=True, inline="always")
def key_distance(key: Any) -> Any:
    """Return the distance of a key, float32."""
    return np.int32(_in_order(key >> 32)).view(np.float32)


@nb.njit(cache=True, nogil=True)
def push_min(heap: Any, size: Any, key: Any) -> None:
    """Push onto a min-heap of `size` keys, whose array has room for one more."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@nb.njit(cache=True, nogil=True)
def pop_min(heap: Any, size: Any) -> Any:
    """Pop the smallest of `size` > 0 keys; `size` - 1 are left."""
    smallest = heap[0]
    size -= 1
    key = heap[size]
    at = 0
    child = 1
    while child < size:
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if key <= heap[child]:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = key
    return smallest


@nb.njit(cache=True, nogil=True)
def push_max(heap: Any, size: Any, key: Any) -> None:
    """Push onto a max-heap of `size` keys, whose array has room for one more."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] >= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@nb.njit(cache=True, nogil=True)
def replace_max(heap: Any, size: Any, key: Any) -> None:
    """Replace the largest of `size` > 0 keys."""
    at = 0
    child = 1
    while child < size:
        if child + 1 < size and heap[child + 1] > heap[child]:
            child += 1
        if key >= heap[child]:
            break
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = key


@nb.njit(cache=True, nogil=True)
def admit(heap: Any, size: Any, most: Any, key: Any) -> Any:
    """Put a key into a max-heap of `size` keys that keeps the `most` smallest; return whether it is among them."""
    if size < most:
        push_max(heap, size, key)
        return True
    if key < heap[0]:
        replace_max(heap, size, key)
        return True
    return False


@nb.njit(cache=True, nogil=True)
def sort_max(heap: Any, size: Any) -> None:
    """Sort a max-heap of `size` keys in place, ascending."""
    while size > 1:
        size -= 1
        largest = heap[0]
        replace_max(heap, size, heap[size])
        heap[size] = largest


@nb.njit(cache=True, nogil=True)
def insert_sorted(keys: Any, count: Any, key: Any) -> Any:
    """Insert a key into `count` ascending ones, unless its id is there; return how many there are now."""
    item = key_id(key)
    for i in range(count):
        if key_id(keys[i]) == item:
            return count
    at = count
    while at > 0 and keys[at - 1] > key:
        keys[at] = keys[at - 1]
        at -= 1
    keys[at] = key
    return count + 1
