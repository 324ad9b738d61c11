"""The tables of growth, from rows whose laws are known, and which rows they are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from bench.core.leaf import FilterType
from bench.reports.exhibits import EXHIBITS, whole
from bench.reports.figures.style import style_of
from bench.reports.load import load
from bench.reports.tables.table import NONE, Table
from bench.results.rows import Row, Status
from bench.results.store import Store
from tests.support.rows import failed, row

SIZES = (10_000, 100_000, 1_000_000)
ACORN = style_of("acorn").label


def rows_at(n: int, dim: int = 384, **values: Any) -> list[Row]:
    """Return rows of two methods: one is twice as fast at 10,000 items, but slows down as n^0.5, not n^0.2."""
    facts = {
        "n": n, "dim": dim, "data_digest": f"{n} {dim}", "recall": 0.95, "build_seconds": n / 1e3,
        "build_memory_bytes": 100 * n, "index_bytes": 8 * n, "index_bytes_with_vectors": n * (8 + 4 * dim),
    }  # fmt: skip
    return [
        row(algorithm=name, qps=speed * (n / 1e4) ** power, **(facts | values))
        for name, speed, power in (("acorn", 1e4, -0.5), ("ung", 5e3, -0.2))
    ]


def drawn(name: str, rows: Sequence[Row], folder: Path) -> dict[str, Table]:
    """Return the tables of an exhibit, by dataset."""
    for number, one in enumerate(rows):
        Store(folder).write(f"run{number}", 0, [Row(**(vars(one) | {"run_id": f"run{number}"}))], [])
    (exhibit,) = (exhibit for exhibit in EXHIBITS if exhibit.name == name)
    return exhibit.draw(load(folder, across_machines=True))  # type: ignore[return-value]


def lines_of(table: Table) -> list[dict[str, str]]:
    return [dict(zip(table.header, line, strict=True)) for line in table.rows]


def test_exponents_have_intervals(tmp_path: Path) -> None:
    rows = [one for n in SIZES for one in rows_at(n)]
    (table,) = drawn("tab_size", rows, tmp_path).values()
    assert lines_of(table) == [
        {
            "filters": "EM", "method": method, "items": "3: 10,000 to 1,000,000",
            "build time": "+1.00 (+1.00 to +1.00)", "build memory": "+1.00 (+1.00 to +1.00)",
            "index size": "+1.00 (+1.00 to +1.00)", "QPS @ 0.95": f"{power} ({power} to {power})",
        }
        for method, power in ((ACORN, "-0.50"), ("UNG", "-0.20"))
    ]  # fmt: skip
    assert "toy: 384 dimensions" in table.title
    assert "builds on 4 threads" in table.title


def test_exponents_of_two_sizes_are_marked_and_a_missed_recall_has_none(tmp_path: Path) -> None:
    acorn, ung = rows_at(SIZES[0])
    slow_acorn, _ = rows_at(SIZES[1], recall=0.9)
    (table,) = drawn("tab_size", [acorn, ung, slow_acorn], tmp_path).values()
    (line,) = lines_of(table)
    assert (line["method"], line["build time"], line["QPS @ 0.95"]) == (ACORN, "+1.00*", NONE)


def test_the_best_method_at_a_size_comes_first_with_its_shards(tmp_path: Path) -> None:
    rows = [one for n in SIZES for one in rows_at(n)]
    (table,) = drawn("tab_extrapolation", rows, tmp_path).values()
    hundred_million, *_ = lines = lines_of(table)
    # 64 GiB hold 44.5 million items of 1,544 bytes: 3 shards, where UNG has 5,000 / 3,333.3^0.2 QPS.
    assert hundred_million == {
        "filters": "EM", "items": "100,000,000", "method": "UNG", "build h": "27.8 (27.8 to 27.8)",
        "memory GiB": "144 (144 to 144)", "QPS": "792 (792 to 792)", "shards": "3", "items a shard": "33,333,334",
        "build h a shard": "9.26 (9.26 to 9.26)", "QPS of all shards": "987 (987 to 987)",
        "ms per query": "3.04 (3.04 to 3.04)", "over the best": "1",
    }  # fmt: skip
    assert [(line["method"], line["items"]) for line in lines[1:]] == [
        (ACORN, "100,000,000"), ("UNG", "1,000,000,000"), (ACORN, "1,000,000,000"),
    ]  # fmt: skip
    assert lines[1]["over the best"] == "5.7"
    assert lines[2]["QPS"].endswith("*")
    assert not lines[2]["QPS of all shards"].endswith("*")
    assert "EM, 100,000,000 items: worth running, with at most 2 times" in table.note
    assert "the least time per query: UNG (3 x 33,333,334)." in table.note


def test_no_method_is_worth_running_whose_throughput_is_unknown(tmp_path: Path) -> None:
    rows = [one for n in SIZES for one in rows_at(n, recall=0.9)]
    (table,) = drawn("tab_extrapolation", rows, tmp_path).values()
    for line in lines_of(table):
        assert (line["shards"], line["QPS"], line["ms per query"], line["over the best"]) == (
            "3" if line["items"] == "100,000,000" else "23", NONE, NONE, NONE,
        )  # fmt: skip
    assert "EM, 100,000,000 items: no method has been measured at two sizes with this recall." in table.note


def test_rows_without_index_sizes_are_not_extrapolated(tmp_path: Path) -> None:
    rows = [one for n in SIZES for one in rows_at(n, index_bytes_with_vectors=None)]
    assert drawn("tab_extrapolation", rows, tmp_path) == {}


def test_each_quantity_grows_where_it_has_most_values(tmp_path: Path) -> None:
    by_size = [one for n in SIZES for one in rows_at(n)]
    by_dimension = [one for dim in (96, 768, 4096) for one in rows_at(100_000, dim)]
    sizes = drawn("tab_size", [*by_size, *by_dimension], tmp_path)["toy"]
    dimensions = drawn("tab_dimension", [*by_size, *by_dimension], tmp_path)["toy"]
    assert {line["items"] for line in lines_of(sizes)} == {"3: 10,000 to 1,000,000"}
    assert {line["dimensions"] for line in lines_of(dimensions)} == {"4: 96 to 4,096"}
    assert "100,000 items" in dimensions.title


def test_a_dataset_is_whole_with_most_items_and_then_most_dimensions() -> None:
    sizes = [(1000, 384), (1000, 96), (100, 4096), (100, 384)]
    rows = pd.DataFrame(vars(row(n=n, dim=dim, threads_search=t)) for n, dim in sizes for t in (1, 2))
    assert whole(rows)[["n", "dim", "threads_search"]].to_numpy().tolist() == [[1000, 384, 1]]


def test_machines_and_filter_types_grow_apart(tmp_path: Path) -> None:
    both = [
        one
        for n in SIZES
        for kind in (FilterType.EM, FilterType.R)
        for cpu, factor in (("CPU 0", 1), ("CPU 1", 3))
        for one in rows_at(n, workload=kind.lower(), filter_type=kind, cpu_model=cpu, build_seconds=factor * n / 1e3)
    ]
    groups = {line["filters"]: line["build time"] for line in lines_of(drawn("tab_size", both, tmp_path)["toy"])}
    assert [name.split(",")[:2] for name in groups] == [[k, f" CPU {c}"] for k in ("EM", "R") for c in (0, 1)]
    assert set(groups.values()) == {"+1.00 (+1.00 to +1.00)"}


def test_what_failed_at_the_largest_size_is_fitted_to_the_others(tmp_path: Path) -> None:
    rows = [one for n in SIZES for one in rows_at(n)]
    rows += [failed(Status.OUT_OF_MEMORY, "it holds everything twice", algorithm="acorn", n=10**7, dim=384)]
    lines = lines_of(drawn("tab_size", rows, tmp_path)["toy"])
    assert {line["items"] for line in lines} == {"3: 10,000 to 1,000,000"}
