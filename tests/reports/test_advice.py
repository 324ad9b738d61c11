"""The adviser: who qualifies in which order, who drops out why, and that it agrees with the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from omegaconf import OmegaConf

from bench.config.overrides import check_overrides
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS
from bench.reports.advice import Advice, advise
from bench.reports.commands import command_of
from bench.reports.tables.advice import AdviseConfig, bytes_of, reason, render
from bench.reports.tables.summary import summary, ties
from bench.results.rows import Row, Status, to_table
from bench.results.selection import figures, panels, with_distinct_names
from bench.results.store import Store
from tests.conftest import Write
from tests.support.rows import curve, failed, many, row
from tests.support.stores import varied


def advice(*rows: Row, recall: float = 0.9, **limits: float) -> Advice:
    return advise(to_table(rows).to_pandas(), "recall", "qps", recall, limits)


def method(name: str, qps: float, **values: Any) -> Row:
    return row(algorithm=name, qps=qps, **({"recall": 0.9} | values))


def config(results: Path, **changes: Any) -> AdviseConfig:
    values = OmegaConf.to_container(OmegaConf.load(CONFIGS / "advise.yaml"))
    assert isinstance(values, dict)
    keys = {key: value for key, value in values.items() if key not in ("defaults", "hydra")}
    return typed(AdviseConfig, keys | {"results": str(results)} | changes, "advise")


def test_methods_are_ranked_and_ties_share_a_place() -> None:
    noisy = {"fastest_pass_seconds": 1.0, "slowest_pass_seconds": 1.21}  # 10 %
    choices = advice(method("a", 1000, **noisy), method("b", 850, **noisy), method("c", 500), method("d", 400)).choices
    assert [(c.method[0], c.place, c.tied) for c in choices] == [
        ("a", 1, True), ("b", 1, True), ("c", 3, False), ("d", 4, False),
    ]  # fmt: skip
    assert choices[0].noise == pytest.approx(0.1)


def test_the_fastest_setting_within_all_limits_counts() -> None:
    small = method("a", 900, build_params={"M": 8}, index_bytes=10, build_seconds=1.0)
    large = method("a", 2000, build_params={"M": 64}, index_bytes=99, build_seconds=9.0)
    assert advice(small, large).choices[0].throughput == pytest.approx(2000)
    (choice,) = advice(small, large, index=50).choices
    assert (choice.throughput, choice.point["build_seconds"]) == (pytest.approx(900), 1.0)


@pytest.mark.parametrize(
    ("rows", "limits", "words"),
    [
        ([method("a", 1, recall=0.8)], {}, "it reaches a recall of 0.8000 only"),
        ([method("a", 1, index_bytes=3 << 20)], {"index": 2 << 20}, "its index is at least 3.0 MiB at this recall"),
        ([method("a", 1, build_seconds=7.0)], {"build": 5}, "its build time is at least 7.0 s at this recall"),
        (
            [method("a", 1, build_memory_bytes=1 << 20, search_memory_bytes=5 << 20)],
            {"memory": 4 << 20},
            "its memory is at least 5.0 MiB at this recall",
        ),
        ([method("a", 1)], {"latency": 5}, "its 95th percentile of latencies was not measured"),
        (
            [
                method("a", 1, build_params={"M": 1}, build_seconds=9.0, index_bytes=1),
                method("a", 1, build_params={"M": 2}, build_seconds=1.0, index_bytes=9),
            ],
            {"build": 5, "index": 5},
            "no single setting meets all limits",
        ),
        ([failed(Status.UNSUPPORTED, "it holds one label", algorithm="a")], {},
         "it does not serve these filters (it holds one label)"),
        ([failed(Status.UNSUPPORTED, None, algorithm="a")], {}, "it does not serve these filters"),
        ([failed(Status.TIMEOUT, "x\nit was slow", algorithm="a")], {}, "timeout: it was slow"),
        ([method("a", 1, recall=None)], {}, "it has no recall, as no query has a match"),
    ],
)  # fmt: skip
def test_a_method_drops_out_for_a_reason(rows: list[Row], limits: dict[str, float], words: str) -> None:
    answer = advice(*rows, method("b", 1, latency_p95_ms=1.0, build_seconds=0.1, index_bytes=1, build_memory_bytes=1,
                                  search_memory_bytes=1), **limits)  # fmt: skip
    assert [c.method[0] for c in answer.choices] == ["b"]
    assert [(d.method[0], reason(d)) for d in answer.dropouts] == [("a", words)]


@pytest.mark.parametrize("recall", [0.6, 0.9, 0.99])
def test_it_agrees_with_the_table(tmp_path: Path, recall: float) -> None:
    rows = with_distinct_names(Store(varied(Store(tmp_path / "results"))).rows().assign(machine="m"))
    for _, figure in figures(rows):
        for panel in panels(figure):
            answer = advise(panel, "recall", "qps", recall, {})
            lines = summary(panel, "recall", "qps", [recall]).set_index(["algorithm", "storage"])
            reached = lines[f"qps_at_{recall:g}"].dropna()
            assert {c.method: c.throughput for c in answer.choices} == pytest.approx(reached.to_dict())
            tied = ties(panel, "recall", "qps", [recall])
            assert [c.method for c in answer.choices if c.place == 1 and c.tied] == (tied[1] if tied else [])
            assert len(answer.choices) + len(answer.dropouts) == len(panel.groupby(["algorithm", "storage"]))


def test_the_command_answers_in_full(write: Write) -> None:
    results = write(*many(8))
    text = render(config(results, filter="r", recall=0.9, memory="1GiB"))
    assert text.count("R: ") == 1
    assert "QPS @ 0.9" in text
    assert "method_05 drops out: it does not serve these filters (its index holds one label per item)." in text
    assert "To run method_" in text
    assert len(render(config(results)).split("\n\nE")) > 1


def test_the_closest_selectivity_is_taken(write: Write) -> None:
    rows = [
        one
        for s in (0.01, 0.1, 0.5)
        for one in curve("a", 1, workload=f"em_{s}", selectivity_mean=s, workload_digest=f"{s}")
    ]
    for asked, taken in ((0.001, "em_0.01"), (0.03, "em_0.01"), (0.04, "em_0.1"), (1.0, "em_0.5")):
        text = render(config(write(*rows), selectivity=asked))
        assert text.startswith(f"EM ({taken})")
        assert text.count("QPS @") == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"recall": 1.5}, "recall=1.5 is out of range"),
        ({"selectivity": -1.0}, "selectivity=-1.0 is out of range"),
        ({"filter": "emm"}, "filter=emm is unknown; did you mean 'em'"),
        ({"filter": "mr"}, "filter=mr: .* has no rows of this type that match; it has EM"),
        ({"memory": "1 GiBi"}, "memory=1 GiBi is not a size; give one such as memory=1GiB"),
        ({"index": "1.2.3"}, "index=1.2.3 is not a size"),
        ({"memory": "0"}, "memory=0 is out of range; it is above 0"),
        ({"build": float("nan")}, "build=nan is out of range"),
        ({"format": "tex"}, "format=tex is unknown"),
    ],
)
def test_faulty_questions_are_refused(write: Write, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        render(config(write(*curve("a", 1)), **changes))


@pytest.mark.parametrize(
    ("text", "size"), [("10", 10), ("1KB", 1000), ("1.5 GiB", 1.5 * 2**30), ("2mib", 2 << 20), ("1e3B", 1000)]
)
def test_sizes_have_units(text: str, size: float) -> None:
    assert bytes_of("memory", text) == size


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (
            {"dataset": "arxiv-sim", "n": 3000, "dim": 64, "queries": 100, "algorithm": "acorn",
             "build_params": {"M": 16, "cut": "candidates"}, "search_params": {"ef": 10}},
            "dataset.n=3000 dataset.dim=64 dataset.queries=100 workload=em k=10 threads_search=1 algorithm=acorn "
            "algorithm.build.M=16 algorithm.build.cut=candidates algorithm.search.ef=10",
        ),
        (
            {"dataset": "arxiv-medium", "storage": "int8", "rerank": 1.2, "skip": 5, "search_params": {}},
            "dataset=arxiv-medium workload=em workload.queries=100 workload.skip=5 k=10 threads_search=1 "
            "algorithm=hnswlib_infilter storage.format=int8 storage.rerank=1.2 algorithm.build.M=16",
        ),
        (
            {"dataset": "arxiv-medium", "shards": 4, "search_params": {}},
            "dataset=arxiv-medium workload=em workload.queries=100 k=10 threads_search=1 algorithm=hnswlib_infilter "
            "shards=4 algorithm.build.M=16",
        ),
        (
            {"controlled": "selectivity", "controlled_value": 0.05, "workload": "em_selectivity_0.05"},
            "dataset=local dataset.path=FOLDER dataset.name=toy workload=em_selectivity workload.selectivity=0.05 "
            "workload.queries=100 k=10 threads_search=1 algorithm=hnswlib_infilter algorithm.build.M=16 "
            "algorithm.search.ef=10",
        ),
    ],
)  # fmt: skip
def test_a_point_has_its_command_and_the_command_is_accepted(values: dict[str, Any], words: str) -> None:
    rows: pd.DataFrame = with_distinct_names(to_table([row(**values)]).to_pandas())
    command = command_of(rows.iloc[0].to_dict())
    assert command == f"python -m bench.run {words}"
    check_overrides("run", words.split())


def test_odd_parameters_are_quoted_for_the_shell() -> None:
    rows = with_distinct_names(to_table([row(build_params={"path": "a b'; rm -rf /"})]).to_pandas())
    assert "'algorithm.build.path=a b'\"'\"'; rm -rf /'" in command_of(rows.iloc[0].to_dict())
