"""The index of SeRF and its search: all prefixes in one graph, and edges by the first rank of a range."""

from __future__ import annotations

from typing import NamedTuple

from algorithms.kernels.beam import Scratch, begin, seed, walk
from algorithms.kernels.csr import Csr
from algorithms.kernels.filter import Everything, Interval
from algorithms.kernels.graph import neighbours
from algorithms.kernels.policy import implements
from algorithms.kernels.queries import search_one
from algorithms.kernels.ranges import RangeBeam, first_not_above
from algorithms.kernels.scan import scan_between
from algorithms.kernels.types import Item, Items, Offsets, Target
from algorithms.kernels.visited import Visited, visit

SEEDS = 3
"""How many items a search starts from, evenly spread over the range."""


class Segment(NamedTuple):
    """The one-dimensional segment graph: the graphs of all prefixes of the ranks, in one (section 4).

    Attributes:
        starts: int64[n + 1], where each node's edges start.
        ids: int32[edges], the neighbours.
        ends: int32[edges], the rank whose insertion removed the edge, n if none did; descending within a node.
    """

    starts: Offsets
    ids: Items
    ends: Items


class Forward(NamedTuple):
    """Edges to lower ranks, in spans: which are meant depends on the first rank of the range (section 5).

    Attributes:
        nodes: int64[n + 1], where each node's spans start.
        lasts: int32[spans]: a span is for ranges that begin up to here, and after its node's span before.
        starts: int64[spans + 1], where each span's edges start.
        ids: int32[edges], the neighbours, nearest first.
    """

    nodes: Offsets
    lasts: Items
    starts: Offsets
    ids: Items


class SerfIndex(NamedTuple):
    """What is saved: items are numbered by their ranks."""

    segment: Segment
    forward: Forward


class SerfView(NamedTuple):
    """What is searched.

    Attributes:
        segment: for ranges that begin at the lowest rank.
        forward: for all others.
        backward: the edges of `forward` by the nodes that they lead to, the nodes that they leave descending.
        M: neighbours of an item at most, in each span and in each prefix.
    """

    segment: Segment
    forward: Forward
    backward: Csr
    M: int


class Prefix(NamedTuple):
    """The graph of the ranks 0 to `last`."""

    segment: Segment
    last: int


class Within(NamedTuple):
    """The edges between the ranks `first` to `last`: of one span of a node, and backwards those of any span."""

    serf: SerfView
    first: int
    last: int


@implements(neighbours, Prefix)
def neighbours_in_prefix(graph: Prefix, node: Item, visited: Visited, out: Items) -> int:
    """Offer the edges that inserting the ranks up to `last` left: those removed later, and to ranks before."""
    segment, last = graph.segment, graph.last
    count = 0
    for i in range(segment.starts[node], segment.starts[node + 1]):
        if segment.ends[i] <= last:
            break
        item = segment.ids[i]
        if item <= last:
            out[count] = item
            count += visit(visited, item)
    return count


@implements(neighbours, Within)
def neighbours_within(graph: Within, node: Item, visited: Visited, out: Items) -> int:
    """Offer the edges of the span for `first`, then up to 2 M edges backwards from the highest rank of the range."""
    forward, backward = graph.serf.forward, graph.serf.backward
    count = 0
    # The span that is for ranges that begin at `first`.
    for span in range(forward.nodes[node], forward.nodes[node + 1]):
        if forward.lasts[span] >= graph.first:
            for i in range(forward.starts[span], forward.starts[span + 1]):
                item = forward.ids[i]
                if item >= graph.first:
                    out[count] = item
                    count += visit(visited, item)
            break
    # Nodes above this one that have it in any span. All of them are above `first`.
    stop = backward.starts[node + 1]
    start = first_not_above(backward.ids, backward.starts[node], stop, graph.last)
    for i in range(start, min(stop, start + 2 * graph.serf.M)):
        item = backward.ids[i]
        out[count] = item
        count += visit(visited, item)
    return count


@implements(search_one, SerfView)
def search_serf(index: SerfView, query: Target, accept: Interval, params: RangeBeam, scratch: Scratch) -> None:
    """Measure a short range; else walk from evenly spaced items of it, in a prefix's graph if it is a prefix."""
    first, last = accept.first, accept.last
    if last - first + 1 < params.scan_below:
        scan_between(query, Everything(), first, last, params.ef, scratch)
    elif first <= last:
        visited = begin(scratch)
        for s in range(SEEDS):
            seed(query, Everything(), visited, first + s * (last - first) // SEEDS, params.ef, scratch)
        if first == 0:
            walk(query, Prefix(index.segment, last), Everything(), visited, params.ef, scratch)
        else:
            walk(query, Within(index, first, last), Everything(), visited, params.ef, scratch)
