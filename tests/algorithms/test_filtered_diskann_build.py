"""The steps of building FilteredVamana and StitchedVamana: entries, pruning, growing, stitching."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.encodings.labels import Labels, label_sets
from algorithms.filtered_diskann.filtered import choose_entries
from algorithms.filtered_diskann.grow import AllCovered, CommonCovered, grow, insertion_order
from algorithms.filtered_diskann.stitched import Build, StitchedVamana, grow_each
from algorithms.kernels import prune as prune_kernels
from algorithms.kernels.beam import new_scratch
from algorithms.kernels.space import l2
from bench.core.attributes import Attributes
from bench.core.encode import categorical, sets
from tests.support.kernels import compiled
from tests.support.labelled import labels_of, rows_of, tagged, unreachable

prune = compiled(prune_kernels.prune)


def test_entries_hold_their_label_and_spread_the_load() -> None:
    attributes = Attributes(100, {"tag": sets([[str(t) for t in range(20)]] * 100), "one": categorical(["a"] * 100)})
    encoded = label_sets(attributes, ("one", "tag"))
    entries = choose_entries(encoded, 25, np.random.default_rng(0))
    assert len(set(entries.tolist())) == 21  # every item has every label
    crowded = choose_entries(encoded, 1, np.random.default_rng(0))
    assert len(set(crowded.tolist())) < 21
    problem = tagged(300, 8)
    encoded = label_sets(problem.attributes, ("tag",))
    labels = labels_of(encoded)
    for label, entry in enumerate(choose_entries(encoded, 25, np.random.default_rng(1))):
        assert label in labels[entry]


@settings(max_examples=80)
@given(
    held=st.lists(st.sets(st.integers(0, 3), max_size=3), min_size=2, max_size=25),
    seed=st.integers(0, 2**32),
    cap=st.integers(1, 8),
    common=st.booleans(),
)
def test_pruning_follows_the_rule(held: list[set[int]], seed: int, cap: int, common: bool) -> None:
    n = len(held)
    points = np.random.default_rng(seed).integers(-4, 5, (n, 2)).astype(np.float32)
    offsets = np.cumsum([0, *map(len, held)])
    codes = np.array([label for item_labels in held for label in sorted(item_labels)], np.int32)
    labels = Labels(offsets, codes)
    squared = ((points[:, None].astype(np.float64) - points[None]) ** 2).sum(2)
    expected: list[int] = []
    for candidate in sorted(range(1, n), key=lambda i: (squared[0, i], i)):
        serving = held[candidate] & held[0] if common else held[candidate]
        occluded = any(serving <= held[k] and squared[k, candidate] < squared[0, candidate] for k in expected)
        if not occluded and len(expected) < cap:
            expected.append(candidate)
    lengths = squared[0, 1:].astype(np.float32)
    keys = np.sort((lengths.view(np.int32).astype(np.int64) << 32) | np.arange(1, n))
    chosen = new_scratch(n, 0).chosen
    rule = CommonCovered(labels) if common else AllCovered(labels)
    count = prune(l2(points), rule, 0, keys, n - 1, cap, 1.0, chosen)
    assert (chosen[:count] & 0x7FFFFFFF).tolist() == expected


def test_labels_of_everyone_change_nothing() -> None:
    problem = tagged(1000, 7)
    rng = np.random.default_rng(0)
    order = insertion_order(np.arange(1000, dtype=np.int32), np.array([7], np.int32), rng)
    assert order[0] == 7
    one = Labels(np.arange(1001), np.zeros(1000, np.int32))
    two = Labels(np.arange(0, 2001, 2), np.tile(np.array([0, 1], np.int32), 1000))
    graphs = [
        grow(l2(problem.vectors), rule, order, 16, 40, 1.2, 1)
        for rule in (CommonCovered(one), CommonCovered(two), AllCovered(one), AllCovered(two))
    ]
    for graph in graphs[1:]:
        np.testing.assert_array_equal(graph, graphs[0])


def test_a_second_search_that_expands_every_item_adds_nothing() -> None:
    n = 30
    points = np.random.default_rng(0).normal(size=(n, 3)).astype(np.float32)
    order, rule = np.arange(n, dtype=np.int32), AllCovered(Labels(np.arange(n + 1), np.zeros(n, np.int32)))
    rows = grow(l2(points), rule, order, n, n, 1.2, 1, medoid=0)
    assert len(unreachable([[i for i in row if i >= 0] for row in rows.tolist()], [{0}] * n, 0, 0)) == 0
    # Both searches expand all items inserted so far.
    np.testing.assert_array_equal(rows, grow(l2(points), rule, order, n, n, 1.2, 1))


def test_the_graph_of_a_label_is_whole_before_the_stitching() -> None:
    problem = tagged(2000, 5)
    encoded = label_sets(problem.attributes, ("tag",))
    edges, entries = grow_each(problem.data(), encoded, 32, 100, 1.2)
    starts, holders = encoded.postings
    for label in range(encoded.size):
        members = holders[starts[label] : starts[label + 1]]
        rows: list[list[int]] = [[] for _ in problem.vectors]
        for item, row in zip(members.tolist(), edges[starts[label] : starts[label + 1]].tolist(), strict=True):
            rows[item] = [other for other in row if other >= 0]
            assert set(rows[item]) <= set(members.tolist())
        inside = [{label} if i in set(members.tolist()) else set() for i in range(len(rows))]
        assert unreachable(rows, inside, label, entries[label]) == set()


def test_stitching_keeps_all_edges_where_there_is_room() -> None:
    problem = tagged(800, 6)
    encoded = label_sets(problem.attributes, ("tag",))
    edges, _ = grow_each(problem.data(), encoded, 16, 50, 1.2)
    index = StitchedVamana(Build(R_small=16, L_small=50, R_stitched=48))
    index.build(problem.data())
    union: list[set[int]] = [set() for _ in problem.vectors]
    for item, row in zip(encoded.postings.ids.tolist(), edges.tolist(), strict=True):
        union[item] |= set(row) - {-1}
    assert max(map(len, union)) > 30  # more than one label's
    for row, expected in zip(rows_of(index.view.graph), union, strict=True):
        assert set(row) == expected
