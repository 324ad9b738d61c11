"""Tables: their numbers and formats."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from omegaconf import OmegaConf

from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS
from bench.reports.tables.results import TableConfig, render
from bench.reports.tables.summary import summary
from bench.reports.tables.table import Table, as_latex, as_markdown, as_text
from bench.results.rows import SCHEMA, Status
from bench.results.store import Store
from bench.table import main
from tests.conftest import Write
from tests.support.rows import failed, many, row


def config(results: Path, **changes: Any) -> TableConfig:
    values = OmegaConf.to_container(OmegaConf.load(CONFIGS / "table.yaml"))
    assert isinstance(values, dict)
    keys = {key: value for key, value in values.items() if key not in ("defaults", "hydra")}
    return typed(TableConfig, keys | {"results": str(results)} | changes, "table")


def read(results: Path, **changes: Any) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(render(config(results, format="csv", **changes))))


TWO_POINTS = [
    row(search_params={"ef": 10}, recall=0.8, qps=10_000.0, search_memory_bytes=50 << 20),
    row(search_params={"ef": 20}, recall=0.98, qps=100.0, search_memory_bytes=70 << 20),
]


def test_qps_at_recalls_are_interpolated_or_blank(write: Write) -> None:
    line = read(write(*TWO_POINTS), recalls=[0.5, 0.89, 0.98, 0.99]).iloc[0]
    assert [line[f"qps_at_{recall}"] for recall in (0.5, 0.89, 0.98)] == pytest.approx([10_000, 1_000, 100])
    assert pd.isna(line["qps_at_0.99"])
    assert line["best_recall"] == 0.98
    assert line["search_memory_bytes"] == 70 << 20


def test_methods_are_in_natural_order(write: Write) -> None:
    results = write(*(row(algorithm=f"x_M{m}", storage=storage) for m in (16, 8) for storage in ("int8", "float32")))
    order = [f"{line.algorithm} {line.storage}" for line in read(results).itertuples()]
    assert order == ["x_M8 float32", "x_M8 int8", "x_M16 float32", "x_M16 int8"]


def test_costs_are_those_of_the_best_build_at_the_highest_recall(write: Write) -> None:
    small = [row(build_params={"M": 8}, recall=0.9, qps=5000.0, build_seconds=1.0, index_bytes=1 << 20)]
    large = [
        row(build_params={"M": 64}, recall=0.96, qps=100.0, repeat=r, build_seconds=s, index_bytes=9 << 20)
        for r, s in enumerate((40.0, 60.0))
    ]
    line = read(write(*small, *large)).iloc[0]
    assert (line["builds"], line["build_params"], line["repeats"]) == (2, '{"M": 64}', 2)
    assert (line["build_seconds"], line["index_bytes"]) == (50, 9 << 20)
    assert line["qps_at_0.9"] == pytest.approx(5000)
    text = render(config(write(*small, *large)))
    assert "M 64" in text


def test_a_method_that_only_failed_has_a_line(write: Write) -> None:
    rows = [*TWO_POINTS, *(failed(Status.TIMEOUT, "slow", algorithm="b", search_params={"ef": e}) for e in (1, 2))]
    lines = read(write(*rows)).set_index("algorithm")
    assert lines.loc["b", "failures"] == "timeout in all 2"
    assert pd.isna(lines.loc["b", "best_recall"])
    assert pd.isna(lines.loc["hnswlib_infilter", "failures"])


@pytest.mark.parametrize("format_", ["text", "markdown", "latex"])
def test_every_format_holds_every_method_of_every_workload(write: Write, format_: str) -> None:
    said = render(config(write(*many(6)), format=format_)).splitlines()
    lines = [line for line in said if not line.startswith("A tie")]
    underscore = r"\_" if format_ == "latex" else "_"
    for number in range(5):
        assert sum(f"method{underscore}{number:02}" in line for line in lines) == 4
    assert lines[-1].endswith("Not served: r by method_05; emis by method_05; c by method_05.")


def test_methods_that_do_not_serve_a_filter_are_named_below_the_table(write: Write) -> None:
    reason = "it serves ranges only"
    rows = [
        *TWO_POINTS,
        failed(Status.UNSUPPORTED, reason, algorithm="b"),
        failed(Status.UNSUPPORTED, reason, algorithm="a"),
    ]
    rows += [
        row(workload="r", filter_type="R"),
        failed(Status.UNSUPPORTED, reason, algorithm="c", workload="r", filter_type="R"),
    ]
    results = write(*rows)
    assert read(results)["algorithm"].tolist() == ["hnswlib_infilter"] * 2
    note = "Not served: em by a, b; r by c."
    for format_ in ("text", "markdown"):
        assert render(config(results, format=format_)).splitlines()[-2:] == ["", note]
    assert render(config(results, format="latex")).splitlines()[-1] == f"% {note}"
    assert len(read(results, raw=True)) == len(rows)


def test_a_table_may_consist_of_methods_that_serve_nothing(write: Write) -> None:
    results = write(failed(Status.UNSUPPORTED, "it serves ranges only", algorithm="a"))
    assert read(results).empty
    assert render(config(results)).splitlines()[-1] == "Not served: em by a."


def test_a_method_that_serves_some_settings_only_keeps_its_line(write: Write) -> None:
    results = write(row(), failed(Status.UNSUPPORTED, "not this one", search_params={"ef": 99}))
    assert read(results)["algorithm"].tolist() == ["hnswlib_infilter"]
    assert "Not served" not in render(config(results))


def test_one_table_per_figure_and_machine(write: Write) -> None:
    results = write(row(), row(k=100), row(cpu_model="Another CPU"))
    with pytest.raises(BenchError, match="2 machines"):
        render(config(results))
    text = render(config(results, across_machines=True))
    assert text.count("QPS @ 0.95") == 3
    assert text.count("1 search thread, Another CPU") == 1


def test_raw_gives_every_row_and_column(write: Write) -> None:
    results = write(*many(6))
    raw = read(results, raw=True)
    assert list(raw) == SCHEMA.names
    assert len(raw) == len(many(6))
    assert render(config(results, raw=True)).startswith(f"{len(raw)} rows\n")


def test_the_table_is_written_to_a_file_on_request(write: Write, capsys: pytest.CaptureFixture[str]) -> None:
    results = write(row())
    out = results / "table.md"
    values = OmegaConf.create(vars(config(results, format="markdown", out=str(out))))
    main(values)
    assert capsys.readouterr().out == f"{out}\n"
    assert out.read_text() == render(config(results, format="markdown")) + "\n"


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"format": "cvs"}, "format=cvs is unknown; did you mean 'csv'"), ({"recalls": [0.9, 95]}, "between 0 and 1")],
)
def test_invalid_keys_are_refused(write: Write, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError) as refused:
        render(config(write(row()), **changes))
    assert message in str(refused.value)


def test_summary_of_twice_the_repeats_is_the_same(write: Write) -> None:
    once = write(*TWO_POINTS)
    twice = write(*TWO_POINTS, *(replace(one, repeat=1) for one in TWO_POINTS), root=once.parent / "twice")
    a, b = (summary(config(r).rows(), "recall", "qps", [0.9]).drop(columns="repeats") for r in (once, twice))
    pd.testing.assert_frame_equal(a, b)


TABLE = Table("a | title", ["name", "n"], "lr", [["a_b", "1,000"], ["x|y", "7"]])


def test_text_is_aligned() -> None:
    assert as_text(TABLE) == "a | title\n\nname      n\n----  -----\na_b   1,000\nx|y       7"


def test_markdown_keeps_pipes_out_of_cells() -> None:
    assert as_markdown(TABLE).splitlines()[2:] == [
        r"| name |     n |",
        r"| ---- | ----: |",
        r"| a_b  | 1,000 |",
        r"| x\|y |     7 |",
    ]


def test_latex_is_escaped() -> None:
    assert as_latex(TABLE).splitlines()[1:5] == [r"\begin{tabular}{lr}", r"\toprule", r"name & n \\", r"\midrule"]
    assert r"a\_b & 1,000 \\" in as_latex(TABLE)


def test_json_holds_the_same_lines_as_csv(write: Write) -> None:
    results = write(*TWO_POINTS)
    lines = json.loads(render(config(results, format="json")))
    assert [line["algorithm"] for line in lines] == read(results)["algorithm"].tolist()
    assert len(json.loads(render(config(results, format="json", raw=True)))) == 2


def test_raw_has_every_row(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for run_id, recall in (("old", 0.1), ("new", 0.9)):
        store.write(run_id, 0, [row(run_id=run_id, recall=recall)], [])
    assert sorted(read(tmp_path, raw=True)["recall"]) == [0.1, 0.9]
    assert read(tmp_path)["best_recall"].tolist() in ([0.1], [0.9])


@pytest.mark.parametrize(
    ("one", "other", "titles"),
    [
        ({"skip": 0}, {"skip": 50}, {"em (skip 0)", "em (skip 50)"}),
        ({"controlled_value": 0.1}, {"controlled_value": 0.5}, {"em (controlled 0.1)", "em (controlled 0.5)"}),
        ({}, {}, {"em (aaaaaa)", "em (bbbbbb)"}),
    ],
)
def test_workloads_of_one_name_are_told_apart(
    write: Write, one: dict[str, Any], other: dict[str, Any], titles: set[str]
) -> None:
    rows = [row(workload_digest="a" * 16, **one), row(workload_digest="b" * 16, **other)]
    assert set(read(write(*rows))["workload"]) == titles


def test_a_place_within_the_noise_is_shared(write: Write) -> None:
    times = {"fastest_pass_seconds": 1.0, "slowest_pass_seconds": 1.21}
    speeds = {"fast": 100.0, "close": 90.0, "slow": 50.0}
    rows = [row(algorithm=name, recall=0.99, qps=qps, **times) for name, qps in speeds.items()]
    assert "A tie, within the noise, in em at 0.99: fast, close." in render(config(write(*rows)))


def test_remarks_are_told_below_the_table(write: Write) -> None:
    noisy = row(remarks="passes differed by a factor of 2.0; the load was 3.0 on 2 cores")
    said = render(config(write(noisy)))
    assert "passes differed by a factor of 2.0 (1 of 1 rows have a remark)." in said
