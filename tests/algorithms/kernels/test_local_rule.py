"""NaviX's local rule: the choice at a node, and walks that do just what a naive one does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from algorithms.kernels import local_rule
from algorithms.kernels.beam import COMPUTED, EXPANDED, begin, finish, new_scratch, seed
from algorithms.kernels.graph import Rows
from algorithms.kernels.jit import kernel
from algorithms.kernels.local_rule import BLIND, DIRECTED, LOCAL, ONE_HOP, RULES, most_offered, walk_by_rule
from algorithms.kernels.space import l2, query_target
from tests.support.kernels import bitmap, compiled, padded_rows

choose_rule = compiled(local_rule.choose_rule)


@pytest.mark.parametrize(
    ("d", "f", "rule"),
    [
        (32, 32, ONE_HOP),
        (32, 16, ONE_HOP),
        (32, 15, DIRECTED),
        (32, 5, DIRECTED),  # 0.4 * 165 = 66 against 59
        (32, 4, BLIND),  # 0.4 * 132 = 52.8 against 60
        (32, 0, BLIND),
        (3, 1, BLIND),  # 0.4 * 4 = 1.6 against 5
        (0, 0, ONE_HOP),
    ],
)
def test_the_rule_follows_from_how_many_neighbours_pass(d: int, f: int, rule: int) -> None:
    assert choose_rule(d, f) == rule


def naive_walk(
    squared: list[int], rows: list[list[int]], mask: list[bool], start: int, rule: int, ef: int
) -> tuple[list[int], int, int]:
    """Return the results, nearest first, the number of distances, and that of expansions."""
    met, candidates, computed, expanded = {start}, [(squared[start], start)], 1, 0
    results = [(squared[start], start)] if mask[start] else []

    def offered(node: int) -> list[int]:
        items = [i for i in dict.fromkeys(rows[node]) if mask[i] and i not in met]
        met.update(items)
        return items

    def keep(items: list[int]) -> None:
        for item in items:
            key = (squared[item], item)
            if len(results) < ef or key < results[-1]:
                results.append(key)
                results.sort()
                del results[ef:]
                candidates.append(key)

    while candidates:
        nearest = min(candidates)
        if len(results) >= ef and nearest > results[-1]:
            break
        candidates.remove(nearest)
        expanded += 1
        neighbours = rows[nearest[1]]
        passing = [i for i in neighbours if mask[i]]
        hops = choose_rule(len(neighbours), len(passing)) if rule == LOCAL else rule
        fresh = [i for i in neighbours if i not in met]
        new = offered(nearest[1])
        behind = [i for i in fresh if not mask[i]]
        if hops == DIRECTED:
            computed += len(fresh)
            keep(new)
            reached, new = len(passing), []
            for item in sorted(behind, key=lambda i: (squared[i], i)):
                if reached >= len(neighbours):
                    break
                met.add(item)
                reached += sum(mask[i] for i in rows[item])
                new += offered(item)
        elif hops == BLIND:
            for item in behind:
                met.add(item)
                new += offered(item)
        computed += len(new)
        keep(new)
    return [item for _, item in results], computed, expanded


@kernel
def _walk(
    space: Any, graph: Any, query: Any, accept: Any, start: int, rule: int, scratch: Any, ids: Any, out: Any
) -> None:
    target = query_target(space, query, 0)
    visited = begin(scratch)
    seed(target, accept, visited, start, len(ids), scratch)
    walk_by_rule(target, graph, accept, visited, rule, len(ids), scratch)
    finish(scratch, ids, out)


def walked(
    vectors: NDArray[np.float32], rows: NDArray[np.int32], mask: NDArray[np.bool_], start: int, rule: int, ef: int
) -> tuple[list[int], int, int]:
    n, width = rows.shape
    scratch = new_scratch(n, max(width, most_offered(width, n)))
    ids, lengths = np.empty(ef, np.int32), np.empty(ef, np.float32)
    query = np.zeros((1, vectors.shape[1]), np.float32)
    _walk(l2(vectors), Rows(rows), query, bitmap(mask), start, rule, scratch, ids, lengths)
    return ids[ids >= 0].tolist(), int(scratch.counters[COMPUTED]), int(scratch.counters[EXPANDED])


@settings(max_examples=300, deadline=None)
@given(data=st.data(), n=st.integers(1, 14), ef=st.integers(1, 14), rule=st.sampled_from(range(len(RULES))))
def test_a_walk_does_what_the_naive_one_does(data: st.DataObject, n: int, ef: int, rule: int) -> None:
    rows = data.draw(padded_rows(n, 6))
    mask = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    vectors = rng.integers(-4, 5, size=(n, 3)).astype(np.float32)
    start = data.draw(st.integers(0, n - 1))
    squared = (vectors.astype(int) ** 2).sum(1).tolist()
    expected = naive_walk(
        squared, [[i for i in row if i >= 0] for row in rows.tolist()], mask.tolist(), start, rule, ef
    )
    assert walked(vectors, rows, mask, start, rule, ef) == expected


@pytest.mark.parametrize("rule", [LOCAL, ONE_HOP, DIRECTED, BLIND])
def test_two_hops_lead_past_an_item_that_fails(rule: int) -> None:
    """Of a chain in which every second item passes, one hop reaches nothing."""
    n = 21
    rows = np.array([[i - 1, i + 1] for i in range(n)], np.int32)
    rows[0], rows[-1] = [1, -1], [n - 2, -1]
    vectors = np.arange(n, dtype=np.float32)[:, None]
    ids, _, _ = walked(vectors, rows, np.arange(n) % 2 == 0, n - 1, rule, n)
    assert ids == ([n - 1] if rule == ONE_HOP else list(range(0, n, 2)))
