"""Paths of any name reach every command, whatever they mean to Hydra's grammar or to make."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from bench import compare, data, run, table
from bench.config.overrides import check_overrides
from bench.config.paths import PATHS, with_quoted_paths
from bench.core.errors import BenchError
from bench.core.paths import CONFIGS, PROJECT
from tests.support.commands import Commands

CHARACTERS = " =,#()[]{}~'\"!&;:@%^+\\é数据🗀|<>?*`-"
NAMES = [f"a{character}b" for character in CHARACTERS] + ["a b,c=d (1) [2] {3} ~'x' 数据", "1e5", "true", "[x]", "{x}"]


def value_of(word: str) -> object:
    return OverridesParser.create().parse_override(word).value()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_sweep", [False, True])
def test_a_path_is_read_as_it_is_typed(tmp_path: Path, name: str, is_sweep: bool) -> None:
    (tmp_path / name).mkdir()
    (word,) = with_quoted_paths([f"dataset.path={tmp_path / name}"], is_sweep=is_sweep)
    assert str(value_of(word)) == str(tmp_path / name)
    (word,) = with_quoted_paths([f"results=/nowhere/{name}"], is_sweep=False)
    assert str(value_of(word)) == f"/nowhere/{name}"


def test_a_relative_path_is_read_as_it_is_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        (word,) = with_quoted_paths([f"+dataset.path={name}"], is_sweep=False)
        assert str(value_of(word)) == name


@pytest.mark.parametrize(
    "word",
    [
        "dataset.path='/data/date=2024'",
        'dataset.path="/data/a b"',
        "dataset.attributes=null",
        "dataset.queries=300",
        "results=${oc.env:HOME}/x",
        "dataset.vectors=choice(/a,/b)",
        "k=5",
        "workload.expression={equals: colour}",
        "-m",
    ],
)
def test_other_words_stay(word: str) -> None:
    assert with_quoted_paths([word], is_sweep=True) == [word]


def test_commas_separate_the_paths_of_a_sweep(tmp_path: Path) -> None:
    for name in ("a,b", "c d"):
        (tmp_path / name).mkdir()
    new = f"{tmp_path}/a,b/new/results"
    (word,) = with_quoted_paths([f"results={tmp_path}/a,b,{tmp_path}/c d,/x=y,null,{new},p,q"], is_sweep=True)
    override = OverridesParser.create().parse_override(word)
    values = [value_of(f"x={choice}") for choice in override.sweep_string_iterator()]
    assert values == [f"{tmp_path}/a,b", f"{tmp_path}/c d", "/x=y", None, new, "p", "q"]


def test_the_home_folder_is_expanded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/a b")
    (word,) = with_quoted_paths(["dataset.path=~/data"], is_sweep=False)
    assert value_of(word) == "/home/a b/data"


def test_every_path_is_a_key_of_some_command() -> None:
    keys: set[str] = set()
    for file in CONFIGS.glob("*.yaml"):
        node = OmegaConf.to_container(OmegaConf.load(file))
        assert isinstance(node, dict)
        keys |= {str(key) for key in node}
        keys |= {f"{key}.{inner}" for key, value in node.items() if isinstance(value, dict) for inner in value}
    for file in CONFIGS.glob("*/*.yaml"):
        keys |= {f"{file.parent.name}.{key}" for key in OmegaConf.load(file)}
    assert keys >= PATHS


@pytest.mark.parametrize("name", ["a b", "x=1,y (2) [3]{4}#5~'6'", "数据 é"])
def test_commands_take_paths_of_any_name(command: Commands, layout: Path, tmp_path: Path, name: str) -> None:
    folder, results = tmp_path / name, tmp_path / name / "results"
    shutil.copytree(layout, folder)
    words = ["dataset=local", f"dataset.path={folder}", f"results={results}"]
    assert command(data.entry, "verify", *words).code == 0
    said = command(run.entry, *words, "dry_run=true")
    assert said.code == 0, said.err
    said = command(run.entry, "-m", *words, "workload=em,r", "dry_run=true")
    assert said.code == 0, said.err
    assert said.out.count(f"({folder}/database_vectors.fvecs)") == said.out.count(f"stored in {results}\n") == 2
    assert "[3]" not in said.out.replace(name, "")
    for entry, word in ((table.entry, f"results={results}"), (compare.entry, f"a={results}")):
        said = command(entry, word)
        assert "cannot read the arguments" not in said.err


def test_the_message_shows_how_to_quote(command: Commands) -> None:
    with pytest.raises(BenchError, match=r"""quoted twice, as in "algorithm.name='a=b'\""""):
        check_overrides("run", ["algorithm.name=a=b"])
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        assert compose("run", overrides=["algorithm.name='a=b'"]).algorithm.name == "a=b"


@pytest.mark.parametrize("name", ["plain", "a b", "x=1,y (2) [3]{4}#5~'6'", "数据"])
def test_make_bench_takes_folders_of_any_name(layout: Path, tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    shutil.copytree(layout, folder)
    shown = subprocess.run(
        ["make", "-nB", "bench", f"dataset={folder}", "ARGS=workload=em"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (line,) = re.findall(r"-m bench\.run (-m .*)", shown)
    words = shlex.split(line.partition(" ||")[0])
    quoted = with_quoted_paths([word for word in words if word != "-m"], is_sweep=True)
    check_overrides("run", quoted)
    values = {word.partition("=")[0]: value_of(word) for word in quoted}
    assert (values["dataset"], values["dataset.path"], values["dataset.name"]) == ("local", str(folder), name)
