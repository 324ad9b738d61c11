"""Binary heaps of keys. A *key* is an int64 that holds a float32 distance above an int32 id.

Keys order as the pairs (distance, id) do, so that one comparison of integers settles ties too, and any two
runs agree. Negative distances (of an inner product) are ordered correctly too.
"""

from __future__ import annotations

import numpy as np

from algorithms.kernels.jit import part
from algorithms.kernels.types import Distance, Item, Items, Key, Keys

NO_KEY = np.int64(2**63 - 1)
"""A key above all others."""


@part
def _in_order(bits: int) -> int:
    """Turn the bits of a float32, an int32, into an integer that orders as the float does; and back again.

    Negative floats order backwards as integers, so all of their bits but the sign are flipped.
    """
    return bits ^ ((bits >> 31) & 0x7FFFFFFF)


@part
def make_key(distance: Distance, item: Item) -> Key:
    """Pack a float32 distance and an id from 0 to 2^31 - 1 into a key."""
    bits = int(np.float32(distance).view(np.int32))
    return (_in_order(bits) << 32) | int(item)


@part
def key_id(key: Key) -> Item:
    """Return the id of a key, int32."""
    return int(np.int32(key & 0x7FFFFFFF))


@part
def key_distance(key: Key) -> Distance:
    """Return the distance of a key, float32."""
    return float(np.int32(_in_order(key >> 32)).view(np.float32))


@part
def push_min(heap: Keys, size: int, key: Key) -> None:
    """Push onto a min-heap of `size` keys, whose array has room for one more."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] <= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@part
def pop_min(heap: Keys, size: int) -> Key:
    """Pop the smallest of `size` > 0 keys; `size` - 1 remain."""
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


@part
def push_max(heap: Keys, size: int, key: Key) -> None:
    """Push onto a max-heap of `size` keys, whose array has room for one more."""
    at = size
    while at > 0:
        parent = (at - 1) >> 1
        if heap[parent] >= key:
            break
        heap[at] = heap[parent]
        at = parent
    heap[at] = key


@part
def replace_max(heap: Keys, size: int, key: Key) -> None:
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


@part
def admit(heap: Keys, size: int, limit: int, key: Key) -> bool:
    """Put a key into a max-heap of `size` keys that keeps the `limit` smallest; return whether it is among them."""
    if size < limit:
        push_max(heap, size, key)
        return True
    if key < heap[0]:
        replace_max(heap, size, key)
        return True
    return False


@part
def sort_max(heap: Keys, size: int) -> None:
    """Sort a max-heap of `size` keys in place, ascending."""
    while size > 1:
        size -= 1
        largest = heap[0]
        replace_max(heap, size, heap[size])
        heap[size] = largest


@part
def sort(keys: Keys, count: int) -> None:
    """Sort the first `count` keys in place, ascending."""
    for i in range(count):
        push_max(keys, i, keys[i])
    sort_max(keys, count)


@part
def insert_sorted(keys: Keys, count: int, key: Key) -> int:
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


def key_ids(keys: Keys) -> Items:
    """Return the ids of an array of keys of any shape: `key_id` outside of kernels."""
    return (keys & 0x7FFFFFFF).astype(np.int32)
