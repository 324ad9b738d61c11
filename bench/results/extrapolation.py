"""Extrapolation: what a method would cost at a size that was not measured, as one index and as shards on a cluster.

A cluster has a shard of equal size on each node. Every query goes to all shards, which search side by side, so that all
together answer as many queries per second as one does, on one search thread of every node.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from bench.results.growth import Estimate, PowerLaw, fit
from bench.results.rows import METHOD


@dataclass(frozen=True)
class Node:
    """What a shard may take.

    Attributes:
        memory_bytes: memory of its build, and of its index with the vectors.
        build_seconds: time of its build.
    """

    memory_bytes: float = 64 * 2**30
    build_seconds: float = 24 * 3600


@dataclass(frozen=True)
class Costs:
    """What an index of some size is expected to cost.

    Attributes:
        items: its size.
        build_seconds: time of the build.
        memory_bytes: the index with its vectors, which a fast search has in memory; or what the build holds, if that is
            more.
        qps: queries per second of one search thread.
    """

    items: int
    build_seconds: Estimate
    memory_bytes: Estimate
    qps: Estimate


@dataclass(frozen=True)
class Growth:
    """How the costs and the QPS of a method grow with the number of items; see `Costs`."""

    build_seconds: PowerLaw
    memory_bytes: PowerLaw
    qps: PowerLaw

    def at(self, items: int) -> Costs:
        """Return the costs of one index of a size."""
        return Costs(items, self.build_seconds.at(items), self.memory_bytes.at(items), self.qps.at(items))

    def most_items(self, node: Node) -> float:
        """Return the size of the largest index that a node can build and hold; NaN where the memory is unknown.

        A build that takes no time limits nothing.
        """
        by_memory = self.memory_bytes.reach(node.memory_bytes)
        by_time = self.build_seconds.reach(node.build_seconds)
        return by_time if by_time < by_memory else by_memory


def growths(frame: pd.DataFrame) -> Iterator[tuple[tuple[str, str], Growth]]:
    """Yield algorithm and storage of each method, and its growth, from the frame of `measured` by the column `n`.

    What a build holds beyond the index and its vectors has a constant part, which would hide the growth of the rest at
    small sizes. So it is taken to be proportional to them, as at the largest size.
    """
    for (algorithm, storage), line in frame.sort_values("n").groupby(METHOD):
        memory = line["index_bytes_with_vectors"]
        excess = (line["build_memory_bytes"] / memory).iloc[-1]
        columns = (line["build_seconds"], memory * max(1.0, excess), line["qps"])
        laws = (fit(line["n"].tolist(), column.tolist()) for column in columns)
        yield (str(algorithm), str(storage)), Growth(*laws)


@dataclass(frozen=True)
class Sharding:
    """An index in shards of equal size.

    Attributes:
        shards: their number, which is that of the nodes.
        each: the costs of one.
    """

    shards: int
    each: Costs

    @property
    def seconds_per_query(self) -> Estimate:
        """What a query takes of all search threads together."""
        qps = self.each.qps
        value, low, high = (self.shards * _reciprocal(one) for one in (qps.value, qps.high, qps.low))
        return Estimate(value, low, high, qps.is_supported)


def shard(growth: Growth, items: int, node: Node) -> Sharding | None:
    """Divide items among as few nodes as can build and hold them; None if a node can hold none, or nobody knows."""
    most = growth.most_items(node)
    if not most >= 1:
        return None
    shards = math.ceil(items / min(most, items))
    return Sharding(shards, growth.at(math.ceil(items / shards)))


def _reciprocal(value: float) -> float:
    return 1 / value if value else math.inf
