"""What a newcomer adds, added for real: each by the files that the tutorials name, and by no others.

What would be a new file is written into a copy of ``configs/``; what would be new code is defined here, where only
its name and place differ from what a contributor writes.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from matplotlib.figure import Figure
from numpy.random import Generator

from bench import data, figures, run
from bench.config.typed import source_of
from bench.core.columns import Categorical, Column, Ids, Kind
from bench.core.filter_json import from_json, to_json
from bench.core.filters import Filter
from bench.core.leaf import FilterType, Leaf
from bench.core.masks import FilterBatch
from bench.core.vectors import open_vectors
from bench.datasets.dataset import Dataset, load_rows
from bench.reports.exhibits import Drawn, Exhibit
from bench.reports.load import Results
from bench.results import rows as columns_of_rows
from bench.results.rows import Row, column, columns, schema_of
from bench.results.store import Store
from bench.runs import rows as making_rows
from bench.system.cache import Cache
from bench.workloads.ground_truth import ground_truth
from bench.workloads.sources import WORKLOADS
from tests.conftest import Write
from tests.support import naive
from tests.support.adversarial import Honest
from tests.support.commands import Commands
from tests.support.rows import row

# A filter: a class in bench/core/filters.py, a file in configs/workload/, and a line in tests/support/naive.py.


@dataclass(frozen=True)
class StartsWith(Leaf):
    """The item's value starts with `prefix`."""

    operator = "starts_with"
    kinds = (Kind.CATEGORICAL,)
    prefix: str

    def mask(self, column: Column, items: Ids | None) -> np.ndarray:
        assert isinstance(column, Categorical)
        passing = np.array([word.startswith(self.prefix) for word in column.vocabulary] + [False])  # -1: missing
        return passing[column.codes if items is None else column.codes[items]]

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Filter]:
        assert isinstance(column, Categorical)
        return [cls(attribute, column.vocabulary[code][: rng.integers(1, 9)]) for code in column.codes[anchors]]


WORKLOAD = """\
# Items whose submitter's name starts as that of a random item, and whose license does not.
kind: sampled
name: starts_with
expression:
  and: [{starts_with: submitter}, {not: {starts_with: license}}]
seed: 0
"""


class Exact(Honest):
    """A method of this module: its worker imports the leaf above with it."""


def test_a_filter(
    configs: Path, dataset: Dataset, cache: Cache, command: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (configs / "workload" / "starts_with.yaml").write_text(WORKLOAD)
    monkeypatch.setitem(naive.TESTS, StartsWith, lambda leaf, value: value.startswith(leaf.prefix))

    with initialize_config_dir(str(configs), version_base="1.3"):
        config = compose("run", overrides=["workload=starts_with"]).workload
    workload = source_of(config, WORKLOADS, "workload").open(dataset, cache)
    assert workload.filter_type is FilterType.C
    assert [from_json(to_json(filter_)) for filter_ in workload.filters] == list(workload.filters)

    items = naive.items_of(workload.attributes)
    batch = FilterBatch(workload.filters, workload.attributes)
    for u, filter_ in enumerate(batch.unique):
        assert batch.mask(u).tolist() == [naive.passes(filter_, item) for item in items]
    assert 0 < batch.matches.sum() < len(items) * len(batch.unique)

    truth = ground_truth(dataset, workload, cache, depth=10)
    vectors, queries = open_vectors(dataset.vectors), load_rows(dataset.queries)
    ids, _, matches = naive.nearest(vectors, queries, workload.filters, workload.attributes, 10)
    assert truth.ids.tolist() == ids.tolist()
    assert truth.matches.tolist() == matches.tolist()

    method = ["algorithm.name=exact", "algorithm.target=tests.test_newcomer.Exact", "algorithm=prefilter"]
    words = ["dataset=local", f"dataset.path={dataset.folder}", "workload=starts_with", *method]
    said = command(run.entry, *words, f"results={tmp_path / 'results'}", "latency_queries=2")
    assert "local starts_with exact: recall up to 1.000" in said.out, said


# A figure: a function in bench/reports/figures/, and a line in bench/reports/exhibits.py.


def fastest(results: Results) -> Drawn:
    """Draw the highest QPS of every method."""
    if results.rows.empty:
        return {}
    qps = results.rows.groupby("algorithm")["qps"].max()
    figure = Figure()
    figure.subplots().barh(qps.index, qps)
    return {"": figure}


def test_a_figure(command: Commands, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "EXHIBITS", (*figures.EXHIBITS[:1], Exhibit("fastest", "main", fastest)))
    results = write(row(), row(algorithm="acorn", qps=3.0))
    said = command(figures.entry, f"results={results}")
    assert said.code == 0, said.err
    for suffix in ("png", "pdf"):
        path = results / "figures" / f"fastest.{suffix}"
        assert str(path) in said.out.splitlines()
        assert path.stat().st_size > 1000


# A dataset: a file in configs/dataset/.


def test_a_dataset(configs: Path, layout: Path, command: Commands, tmp_path: Path) -> None:
    (configs / "dataset" / "mine.yaml").write_text(f"# My abstracts.\nkind: layout\nname: mine\npath: {layout}\n")
    assert f"{'mine':14} {'here':28} My abstracts." in command(data.entry, "list").out.splitlines()
    words = ["dataset=mine", "workload=em", "algorithm=prefilter", "latency_queries=2"]
    said = command(run.entry, *words, f"results={tmp_path / 'results'}")
    assert "mine em prefilter: recall up to 1.000" in said.out, said


# A metric: a field of Row in bench/results/rows.py, and the line in bench/runs/rows.py that computes it.


@dataclass(frozen=True, kw_only=True)
class WiderRow(Row):
    """A row with another metric."""

    spread_ms: float | None = column("latency_p99_ms - latency_p50_ms", "ms", default=None)


def test_a_metric(
    layout: Path, command: Commands, write: Write, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    results = write(row(), root=tmp_path / "results")  # of a version without the column

    def judged(*arguments: Any) -> Row:
        judged_row = judge_row(*arguments)
        return replace(judged_row, spread_ms=judged_row.latency_p99_ms - judged_row.latency_p50_ms)  # type: ignore

    judge_row = making_rows._judged
    monkeypatch.setattr(making_rows, "_judged", judged)
    for module in (columns_of_rows, making_rows):
        monkeypatch.setattr(module, "Row", WiderRow)
    monkeypatch.setattr(columns_of_rows, "SCHEMA", schema_of(WiderRow))

    assert columns(WiderRow) == [*columns(Row), ("spread_ms", "double or null", "latency_p99_ms - latency_p50_ms (ms)")]
    words = ["dataset=local", f"dataset.path={layout}", "algorithm=prefilter", "latency_queries=9"]
    assert command(run.entry, *words, f"results={results}").code == 0
    frame = Store(results).rows().set_index("algorithm")
    assert pd.isna(frame.loc["hnswlib_infilter", "spread_ms"])
    stored = frame.loc["prefilter"]
    assert stored["spread_ms"] == stored["latency_p99_ms"] - stored["latency_p50_ms"] > 0


# A method, here around a binary: a module, and a file in configs/algorithm/.

MODULE = """\
import subprocess
from pathlib import Path

import numpy as np

from algorithms.base import ALL_FILTERS, Algorithm, Info

BINARY = Path(__file__).parent / "search"


class Wrapper(Algorithm):
    \"\"\"Exact search by a program that reads vectors and a mask.\"\"\"

    info = Info(paper="ours", year=2025, approach="pre-filtering", technique="none", serves=ALL_FILTERS,
                files=("search",))

    def build(self, data):
        self.vectors = data.vectors

    def save(self, folder):
        np.save(folder / "vectors.npy", self.vectors)

    @classmethod
    def load(cls, folder, params, data):
        method = cls(params)
        method.file = folder / "vectors.npy"
        return method

    def search(self, queries, prepared, k, params, threads):
        ids = [self.search_one(query, prepared.mask(u), k) for query, u in zip(queries, prepared.index)]
        return np.array(ids)

    def search_one(self, query, mask, k):
        text = " ".join(map(str, [k, *query, *mask.astype(int)]))
        said = subprocess.run([BINARY, self.file], input=text, capture_output=True, text=True, check=True).stdout
        return [int(word) for word in said.split()]
"""

PROGRAM = """\
#!{python}
import sys
import numpy as np
vectors = np.load(sys.argv[1])
words = sys.stdin.read().split()
k, query, mask = int(words[0]), np.array(words[1 : 1 + vectors.shape[1]], float), words[1 + vectors.shape[1] :]
passing = np.flatnonzero(np.array(mask) == "1")
nearest = passing[((vectors[passing] - query) ** 2).sum(axis=1).argsort(kind="stable")][:k]
print(*nearest, *[-1] * (k - len(nearest)))
"""


def test_a_method_around_a_binary(
    configs: Path, layout: Path, command: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    package = tmp_path / "ours"
    package.mkdir()
    (package / "__init__.py").write_text(MODULE)
    binary = package / "search"
    binary.write_text(PROGRAM.format(python=sys.executable))
    binary.chmod(0o755)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    (configs / "algorithm" / "ours.yaml").write_text("name: ours\ntarget: ours.Wrapper\nbuild: {}\nsearch: {}\n")

    words = ["dataset=local", f"dataset.path={layout}", "algorithm=ours", "workload=em", "workload.queries=3"]
    words += ["latency_queries=0", "timed_seconds=0.01", f"results={tmp_path / 'results'}"]
    said = command(run.entry, *words)
    assert "local em ours: recall up to 1.000" in said.out, said
    assert "already stored" in command(run.entry, *words).out
    binary.write_text(binary.read_text() + "# rebuilt\n")
    assert "recall up to 1.000" in command(run.entry, *words).out
    binary.unlink()
    said = command(run.entry, *words)
    assert said.code == 2
    assert f"ours.Wrapper declares the file {binary}, which is missing" in said.err
    assert json.loads(Store(tmp_path / "results").rows()["build_params"].iloc[0]) == {}
