"""In-filtering that chooses at every node how far it looks for items that pass: the rule of NaviX.

Of a node's d neighbours, f pass. Where half of them do, the walk goes on over those. Where fewer do, it also reads the
lists of neighbours that fail, as a filter cuts the paths that lead through them: of all of them (*blind*), or of those
nearest to the target, which have to be measured first, until d items that pass were met (*directed*). Which of the two
takes fewer distances is estimated from d and f.

The walk keeps to items that pass; only where it starts may fail. It takes any graph that implements `nth_neighbour`.
"""

from __future__ import annotations

from algorithms.kernels.beam import CANDIDATES, COMPUTED, EXPANDED, RESULTS, Scratch
from algorithms.kernels.filter import passes
from algorithms.kernels.graph import nth_neighbour
from algorithms.kernels.heap import NO_KEY, admit, key_id, make_key, pop_min, push_min
from algorithms.kernels.jit import part
from algorithms.kernels.space import distances
from algorithms.kernels.types import Accept, Graph, Item, Key, Target
from algorithms.kernels.visited import Visited, visit

RULES = ("local", "one_hop", "directed", "blind")
LOCAL, ONE_HOP, DIRECTED, BLIND = range(4)
"""How far a walk looks: as `choose_rule` says at each node, or always the same way."""

ENOUGH = 0.5
"""The fraction of neighbours that must pass for one hop."""

DISTINCT = 0.4
"""The fraction of the items met at two hops that are met for the first time."""


@part
def choose_rule(d: int, f: int) -> int:
    """Return how far to look from a node with d neighbours of which f pass."""
    if f >= ENOUGH * d:
        return ONE_HOP
    return DIRECTED if DISTINCT * (d * f + f) > d + (d - f) else BLIND


def most_offered(degree: int, n: int) -> int:
    """Return how many of n items a node offers at most, where no node has more than `degree` neighbours."""
    return min(degree * (degree + 1), n)


@part
def walk_by_rule(
    target: Target, graph: Graph, accept: Accept, visited: Visited, rule: int, ef: int, scratch: Scratch
) -> None:
    """Walk from the seeds until there are `ef` results and no candidate is nearer than the worst of them.

    Args:
        target: what distances are measured to.
        graph: policy of `nth_neighbour`.
        accept: policy of `passes`.
        visited: what was met: items that passed, and failing ones whose lists were read.
        rule: one of `LOCAL`, `ONE_HOP`, `DIRECTED` and `BLIND`.
        ef: how many results are kept.
        scratch: memory, with the seeds; its width is at least `most_offered`.
    """
    counters = scratch.counters
    while counters[CANDIDATES] > 0:
        worst = scratch.results[0] if counters[RESULTS] >= ef else NO_KEY
        if scratch.candidates[0] > worst:
            break
        node = key_id(pop_min(scratch.candidates, counters[CANDIDATES]))
        counters[CANDIDATES] -= 1
        counters[EXPANDED] += 1
        degree, passing = _count(graph, accept, node)
        hops = choose_rule(degree, passing) if rule == LOCAL else rule
        if hops == DIRECTED:
            count = _direct(target, graph, accept, visited, node, degree, passing, ef, scratch)
        else:
            count = _offer(graph, accept, visited, node, 0, scratch)
            if hops == BLIND:
                count = _look_behind(graph, accept, visited, node, count, scratch)
        _measure(target, count, scratch)
        for i in range(count):
            _keep(make_key(scratch.lengths[i], scratch.items[i]), ef, scratch)


@part
def _count(graph: Graph, accept: Accept, node: Item) -> tuple[int, int]:
    """Return how many neighbours a node has, and how many of them pass."""
    degree = passing = 0
    while True:
        item = nth_neighbour(graph, node, degree)
        if item < 0:
            return degree, passing
        degree += 1
        passing += passes(accept, item)


@part
def _offer(graph: Graph, accept: Accept, visited: Visited, node: Item, count: int, scratch: Scratch) -> int:
    """Add the neighbours of a node that pass and were not met to `count` items; return how many there are now."""
    j = 0
    while True:
        item = nth_neighbour(graph, node, j)
        if item < 0:
            return count
        if passes(accept, item):
            scratch.items[count] = item
            count += visit(visited, item)
        j += 1


@part
def _look_behind(graph: Graph, accept: Accept, visited: Visited, node: Item, count: int, scratch: Scratch) -> int:
    """Add what the lists of a node's failing neighbours offer to `count` items; return how many there are now."""
    j = 0
    while True:
        item = nth_neighbour(graph, node, j)
        if item < 0:
            return count
        if not passes(accept, item) and visit(visited, item):
            count = _offer(graph, accept, visited, item, count, scratch)
        j += 1


@part
def _direct(
    target: Target,
    graph: Graph,
    accept: Accept,
    visited: Visited,
    node: Item,
    degree: int,
    passing: int,
    ef: int,
    scratch: Scratch,
) -> int:
    """Keep the neighbours of a node that pass, and look behind the others, the nearest first.

    Returns:
        how many items were added to ``scratch.items``, which are still to be measured.
    """
    items, near = scratch.items, scratch.pool
    count = open_ = 0
    # Measure the neighbours that were not met; those that pass are met now.
    for j in range(degree):
        item = nth_neighbour(graph, node, j)
        if visited.stamps[item] != visited.epoch:
            items[count] = item
            count += 1
    _measure(target, count, scratch)
    for i in range(count):
        key = make_key(scratch.lengths[i], items[i])
        if passes(accept, items[i]):
            visit(visited, items[i])
            _keep(key, ef, scratch)
        else:
            push_min(near, open_, key)
            open_ += 1
    # Read the lists of the others until as many that pass were met as there are neighbours.
    met, count = passing, 0
    while open_ > 0 and met < degree:
        item = key_id(pop_min(near, open_))
        open_ -= 1
        visit(visited, item)
        met += _count(graph, accept, item)[1]
        count = _offer(graph, accept, visited, item, count, scratch)
    return count


@part
def _measure(target: Target, count: int, scratch: Scratch) -> None:
    """Write the distances of the first `count` of ``scratch.items`` to ``scratch.lengths``."""
    distances(target, scratch.items, count, scratch.lengths)
    scratch.counters[COMPUTED] += count


@part
def _keep(key: Key, ef: int, scratch: Scratch) -> None:
    """Make an item that passes a result and a candidate, if it is among the `ef` nearest."""
    counters = scratch.counters
    if admit(scratch.results, counters[RESULTS], ef, key):
        counters[RESULTS] = min(ef, counters[RESULTS] + 1)
        push_min(scratch.candidates, counters[CANDIDATES], key)
        counters[CANDIDATES] += 1
