"""Every figure and table: drawn from a store that has its rows, left out of one that has not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from bench.core.attributes import Attributes
from bench.core.encode import boolean, categorical, ordered, sets
from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.leaf import FilterType
from bench.core.paths import CONFIGS
from bench.datasets.characteristics import Characteristics, describe_attributes, describe_embeddings
from bench.figures import entry as figures_entry
from bench.reports.exhibits import EXHIBITS, Exhibit
from bench.reports.figures.costs import spread
from bench.reports.load import Results, load
from bench.reports.save import draw
from bench.reports.tables.table import Table, as_csv
from bench.results.rows import Row
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import curve, query_table

WORKLOADS = {"em": FilterType.EM, "r": FilterType.R, "emis": FilterType.EMIS}
RUN = ("dataset", "n", "dim", "data_digest", "workload", "k", "algorithm", "storage", "threads_search", "cpu_model")
LATENCIES = {"latency_p50_ms": 1.0, "latency_p95_ms": 2.0, "latency_p99_ms": 3.0}
METHODS = {"acorn": 1.0, "hnswlib_postfilter": 0.4, "ung": 2.0, "caps": 0.7}


def rows_of(**values: Any) -> list[Row]:
    """Return rows of all methods on all published workloads."""
    return [
        row
        for workload, kind in WORKLOADS.items()
        for name, speed in METHODS.items()
        for row in curve(name, speed, 2, **({"workload": workload, "filter_type": kind} | values))
    ]


def everything() -> list[Row]:
    """Return rows of every study."""
    rows = rows_of(index_bytes_with_vectors=42_000, **LATENCIES) + rows_of(dataset="big", n=2_000_000)
    rows += [row for k in (20, 100) for row in rows_of(k=k)]
    rows += [row for n in (250, 500) for row in rows_of(n=n, data_digest=f"n{n}", index_bytes_with_vectors=42 * n)]
    rows += [row for dim in (2, 4) for row in rows_of(dim=dim, data_digest=f"d{dim}")]
    rows += rows_of(threads_search=2)
    for filter_type in WORKLOADS.values():
        for number, selectivity in enumerate((0.1, 0.2, 0.8)):  # names of workloads say nothing
            control = {"controlled": "selectivity", "controlled_value": selectivity}
            rows += rows_of(workload=f"{filter_type} no {number}", filter_type=filter_type, **control)
    for number, correlation in enumerate((0.0, 0.5, 1.0)):
        control = {"controlled": "correlation", "controlled_value": correlation}
        rows += rows_of(workload=f"near {number}", filter_type=FilterType.EMIS, **control)
    for name, clock in (("ung", "harness"), ("ung_original", "program")):
        rows += curve(name, 1.0, 2, workload="beside", filter_type=FilterType.EM, timed_by=clock)
    return numbered(rows)


def exhibit_of(name: str) -> Exhibit:
    (exhibit,) = (exhibit for exhibit in EXHIBITS if exhibit.name == name)
    return exhibit


def numbered(rows: list[Row]) -> list[Row]:
    """Name the runs: rows that differ in repeat and search setting alone are one."""
    runs: dict[tuple[Any, ...], str] = {}
    keys = [tuple(getattr(row, name) for name in RUN) for row in rows]
    return [replace(row, run_id=runs.setdefault(key, f"run{len(runs)}")) for key, row in zip(keys, rows, strict=True)]


def written(folder: Path, rows: list[Row]) -> Path:
    """Store the rows run by run, with per-query values; and traces and characteristics beside them."""
    store, rng = Store(folder), np.random.default_rng(0)
    runs: dict[tuple[str, int], list[Row]] = {}
    for row in rows:
        runs.setdefault((row.run_id, row.repeat), []).append(row)
    for (run_id, repeat), group in runs.items():
        store.write(run_id, repeat, group, [query_table(row.search_params, 40, rng) for row in group])
    for tuner, gains in (("greedy", [3.0, 5.0]), ("grid", [2.0, 3.0, 6.0])):
        path = folder / "tuned" / "toy" / "em" / f"acorn-{tuner}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        trace = [[{"M": 8 * i, "gamma": 12}, True, gain] for i, gain in enumerate(gains)]
        values = {"build": trace[-1][0], "queries": 5, "recall": 0.95, "finished": True, "trace": trace}
        path.write_text(json.dumps(values))
    (folder / "characteristics").mkdir()
    for name, scale in (("toy", 1.0), ("other", 3.0)):
        columns = {
            "year": ordered([*range(99), None]), "few": ordered([1, 2] * 50), "truth": boolean([True, None] * 50),
            "name": categorical(["a", "b", None, "d"] * 25), "tags": sets([["x", "y"], []] * 50),
        }  # fmt: skip
        vectors = (scale * rng.normal(size=(100, 6))).astype(np.float32)
        facts = Characteristics(name, **describe_embeddings(vectors), selectivities={"em": [0.0, 0.1, 0.5]},
                                attributes=describe_attributes(Attributes(100, columns)))  # fmt: skip
        facts.save(folder / "characteristics" / f"{name}.json")
    return folder


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder that supports every exhibit."""
    return written(tmp_path_factory.mktemp("full"), everything())


@pytest.fixture(scope="module")
def results(full: Path) -> Results:
    """The same, read."""
    return load(full, across_machines=False)


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_every_exhibit_is_drawn_from_its_rows(exhibit: Exhibit, results: Results, tmp_path: Path) -> None:
    paths = draw(exhibit, results, tmp_path)
    suffixes = {path.suffix for path in paths}
    assert suffixes in ({".png", ".pdf"}, {".tex", ".md", ".csv"})
    assert all(path.stat().st_size > 100 for path in paths)
    assert all(path.name.startswith(exhibit.name) for path in paths)


@pytest.mark.parametrize("name", ["fig23_em_r_emis", "fig24_costs", "tab1_taxonomy"])
def test_the_same_rows_give_the_same_bytes(name: str, results: Results, tmp_path: Path) -> None:
    once, twice = (draw(exhibit_of(name), results, tmp_path / str(time)) for time in (1, 2))
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in twice]


@pytest.mark.parametrize("exhibit", EXHIBITS, ids=lambda exhibit: exhibit.name)
def test_an_exhibit_without_rows_is_left_out(exhibit: Exhibit, tmp_path: Path) -> None:
    drawn = exhibit.draw(load(tmp_path, across_machines=False))
    assert bool(drawn) == (exhibit.study == "")


def test_every_exhibit_names_a_study_that_there_is() -> None:
    studies = {path.stem for path in (CONFIGS / "study").glob("*.yaml")}
    assert {exhibit.study.split()[0] for exhibit in EXHIBITS if exhibit.study} <= studies
    assert len({exhibit.name for exhibit in EXHIBITS}) == len(EXHIBITS)


def test_a_part_of_a_dataset_is_not_in_the_figures_of_the_whole(results: Results) -> None:
    drawn = exhibit_of("fig23_em_r_emis").draw(results)
    assert list(drawn) == ["toy"]
    figure = drawn["toy"]
    assert isinstance(figure, Figure)
    assert "1,000 items x 8 dimensions" in "".join(text.get_text() for text in figure.texts)


def test_vectors_without_attributes_have_no_figure_of_them(results: Results) -> None:
    changed = dict(results.characteristics)
    changed["other"] = replace(changed["other"], attributes={})
    shown = {"fig20_attributes": ["toy"], "tab3_attributes": ["toy"], "fig21_selectivities": ["other", "toy"]}
    for name, datasets in shown.items():
        assert list(exhibit_of(name).draw(replace(results, characteristics=changed))) == datasets


def test_rows_of_several_machines_are_mixed_by_nobody(tmp_path: Path) -> None:
    rows = [replace(row, cpu_model=f"CPU {number % 2}") for number, row in enumerate(rows_of())]
    written(tmp_path, numbered(rows))
    with pytest.raises(BenchError, match="across_machines=true shows each apart"):
        load(tmp_path, across_machines=False)
    assert load(tmp_path, across_machines=True).rows["machine"].nunique() == 2


def test_costs_are_means_over_builds(results: Results) -> None:
    rows = results.rows
    costs = spread(rows[(rows["dataset"] == "toy") & (rows["workload"] == "em") & (rows["n"] == 1000)])
    assert set(costs.index) == {(name, "float32") for name in METHODS}
    assert costs.loc[("ung", "float32"), "build_seconds_mean"] == 2.0
    assert costs.loc[("ung", "float32"), "build_seconds_std"] == 0.0


def test_formats_of_vectors_have_curves_and_bars_of_their_own(tmp_path: Path) -> None:
    both = rows_of(**LATENCIES) + rows_of(storage=Storage.INT8, **LATENCIES)
    results = load(written(tmp_path, numbered(both)), across_machines=False)
    drawn = {name: exhibit_of(name).draw(results) for name in ("fig23_em_r_emis", "fig24_costs", "latency")}
    front, bars = drawn["fig23_em_r_emis"]["toy"], drawn["fig24_costs"]["toy"]
    assert isinstance(front, Figure)
    assert isinstance(bars, Figure)
    (legend,) = front.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert {"UNG", "UNG (int8)"} <= set(labels)
    assert len(labels) == 2 * len(METHODS) + 1
    assert "UNG (int8)" in [label.get_text() for label in bars.axes[0].get_yticklabels()]
    latencies = drawn["latency"]["toy"]
    assert isinstance(latencies, Table)
    assert {"UNG", "UNG (int8)"} <= {line[1] for line in latencies.rows}


def test_csv_quotes_what_must_be_quoted() -> None:
    assert as_csv(Table("t", ["a", "b"], "ll", [["1,2", 'x"y']])) == 'a,b\n"1,2","x""y"'


def test_the_command_draws_what_it_can_and_names_the_missing_studies(command: Commands, tmp_path: Path) -> None:
    for number, row in enumerate(rows_of()):
        Store(tmp_path).write(f"run{number}", row.repeat, [replace(row, run_id=f"run{number}")], [])
    said = command(figures_entry, f"results={tmp_path}")
    assert said.code == 0, said.err
    drawn, missing = said.out.split("not in the results yet:")
    for name in ("tab1_taxonomy.tex", "fig23_em_r_emis.png", "fig24_costs.pdf", "latency_deciles.png"):
        assert str(tmp_path / "figures" / name) in drawn.splitlines()
        assert (tmp_path / "figures" / name).exists()
    assert "python -m bench.study study=k\n    makes fig27_k_em, fig28_k_r, fig29_k_emis\n" in missing
