"""The list: every configured method, with the filters that it serves and why it does not serve others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from algorithms.loading import load_target
from bench.config.algorithm import algorithm_config
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.method import Method
from bench.core.paths import CONFIGS
from bench.list import describe_all, entry, main
from bench.reports.tables.methods import methods_table, options_table, reasons_table
from bench.reports.tables.taxonomy import NEWER, SURVEYED

NAMES = sorted(path.stem for path in (CONFIGS / "algorithm").glob("*.yaml"))


@pytest.fixture(scope="module")
def methods(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Method | BenchError]:
    return describe_all(tmp_path_factory.mktemp("results"))


def ranges_only() -> Method:
    reasons = {
        filter_type: None if filter_type == "R" else "it orders items by one attribute" for filter_type in FilterType
    }
    reasons[FilterType.NONE] = "it needs a range"
    values = dict.fromkeys(Method.__dataclass_fields__, "") | {"year": 2024, "afanns": True}
    return Method(**values | {"unsupported": reasons})  # type: ignore[arg-type]


def test_every_configured_method_is_listed_and_described(methods: dict[str, Method | BenchError]) -> None:
    assert list(methods) == NAMES
    broken = {name: str(method) for name, method in methods.items() if isinstance(method, BenchError)}
    assert not broken
    table = methods_table(methods)
    assert [line[0] for line in table.rows] == NAMES
    assert all(len(line) == len(table.header) == len(table.align) for line in table.rows)


def test_ticks_and_reasons_agree(methods: dict[str, Method | BenchError]) -> None:
    reasons = {(line[0], name) for line in reasons_table(methods).rows for name in line[1].split(", ")}
    table = methods_table(methods)
    crosses = {
        (line[0], name)
        for line in table.rows
        for name, cell in zip(table.header, line, strict=True)
        if name in list(FilterType) and cell != "✓"
    }
    assert crosses == reasons


def test_filter_types_with_one_reason_have_one_line() -> None:
    methods: dict[str, Method | BenchError] = {"ranges": ranges_only(), "broken": BenchError("x\nno module named y")}
    assert reasons_table(methods).rows == [
        ["ranges", "EM, EMIS, MEM, MR, MEMIS, C", "it orders items by one attribute"],
        ["ranges", "none", "it needs a range"],
        ["broken", "all", "cannot be used: no module named y"],
    ]
    ranges, broken = methods_table(methods).rows
    assert [cell == "✓" for cell in ranges[1:9]] == [name == "R" for name in FilterType]
    assert set(broken[1:]) == {"?"}


@pytest.mark.parametrize("group", ["dataset", "workload"])
def test_every_option_is_explained(group: str) -> None:
    rows = options_table(group).rows
    assert [name for name, _ in rows] == sorted(path.stem for path in (CONFIGS / group).glob("*.yaml"))
    assert all(comment for _, comment in rows)


def test_all_tables_are_printed(
    methods: dict[str, Method | BenchError], tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("bench.list.describe_all", lambda results: methods)
    main(OmegaConf.create({"results": str(tmp_path), "format": "markdown", "taxonomy": False}))
    out = capsys.readouterr().out
    for group in ("algorithm", "dataset", "workload"):
        for path in (CONFIGS / group).glob("*.yaml"):
            assert f"| {path.stem} " in out
    with pytest.raises(BenchError, match="format=pdf is unknown; choose from latex, markdown, text"):
        main(OmegaConf.create({"results": str(tmp_path), "format": "pdf", "taxonomy": False}))


def test_the_taxonomy_names_the_methods_that_run_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {path.stem for path in (CONFIGS / "algorithm").glob("*.yaml")}
    running = [name for one in SURVEYED + NEWER for name in one.runs_as]
    assert len(SURVEYED) == 23
    assert len(set(running)) == len(running)
    assert set(running) == {name for name in files if "baselines" not in algorithm_config(name).target}
    assert all(one.runs_as for one in NEWER)
    for one in SURVEYED + NEWER:
        for name in one.runs_as:
            serves = load_target(algorithm_config(name).target).info.serves
            assert set(one.serves) <= set(serves), name
    monkeypatch.setattr(sys, "argv", ["list", "--taxonomy", f"results={tmp_path}", "format=markdown"])
    entry()
    assert "| UNG " in (out := capsys.readouterr().out)
    assert out.count("\n") == len(SURVEYED + NEWER) + 4
