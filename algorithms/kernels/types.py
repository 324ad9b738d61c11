"""Names for what kernels are given. Numba ignores annotations; readers and mypy do not.

Policies (see `policy`) are NamedTuples of any class that implements the operations a kernel calls on them.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Item: TypeAlias = int
"""The number of an item within an index, from 0 to n - 1."""

Key: TypeAlias = int
"""A distance and an item in one integer, see `heap`."""

Distance: TypeAlias = float

Items: TypeAlias = NDArray[np.int32]
Keys: TypeAlias = NDArray[np.int64]
Distances: TypeAlias = NDArray[np.float32]
Offsets: TypeAlias = NDArray[np.int64]
"""Where the parts of an array begin, and the end of the last: one more than there are parts."""

Queries: TypeAlias = NDArray[np.float32]
"""float32[q, d], C-contiguous."""

Policy: TypeAlias = tuple[Any, ...]
Space: TypeAlias = Policy
"""Implements `space.target`, and `space.query_target` where queries are measured."""

Target: TypeAlias = Policy
"""Implements `space.distance` and `space.distances`."""

Graph: TypeAlias = Policy
"""Implements `graph.neighbours`."""

Accept: TypeAlias = Policy
"""Implements `filter.passes`."""

Rule: TypeAlias = Policy
"""Implements `prune.may_occlude`."""
