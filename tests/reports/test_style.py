"""One look per method, the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from bench.core.errors import BenchError
from bench.core.formats import Storage
from bench.core.method import ENGINE
from bench.core.paths import CONFIGS, PROJECT
from bench.reports.figures import style
from bench.reports.figures.style import configured_styles, style_of, styles_of


def test_every_configured_method_has_a_look_of_its_own() -> None:
    styles = configured_styles()
    assert len(styles) == len(list((CONFIGS / "algorithm").rglob("*.yaml")))
    for (one, a), (other, b) in combinations(styles.items(), 2):
        assert a.label != b.label, f"{one} and {other} have one label"
        assert a.look != b.look, f"{one} and {other} look alike"


def test_the_methods_of_papers_differ_in_colour() -> None:
    papers = {name: look for name, look in configured_styles().items() if look.family in ("published", "ours")}
    originals = {OmegaConf.load(path).name for path in (CONFIGS / "algorithm" / "originals").glob("*.yaml")}
    colors = [look.color for name, look in papers.items() if name not in originals]
    assert len(set(colors)) == len(colors) > 10


def test_every_configured_method_says_of_which_family_it_is() -> None:
    files = {path.name: OmegaConf.load(path) for path in (CONFIGS / "algorithm").rglob("*.yaml")}
    assert [name for name, file in files.items() if "family" not in file.style and file.get("kind") != ENGINE] == []


def test_engines_are_a_family_with_a_line_of_its_own() -> None:
    files = {path: OmegaConf.load(path) for path in (CONFIGS / "algorithm").rglob("*.yaml")}
    engines = {file.name for path, file in files.items() if path.parent.name == "engines"}
    assert engines == {file.name for file in files.values() if file.get("kind") == ENGINE}
    assert engines == {name for name, look in configured_styles().items() if look.family == ENGINE}
    assert engines == {name for name, look in configured_styles().items() if look.linestyle == "-."}


def test_names_without_configuration_look_the_same_in_every_process() -> None:
    code = "from bench.reports.figures.style import style_of; print(style_of('my_method'))"
    other = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(style_of("my_method"))
    assert style_of("my_method").label == "my_method"


@pytest.mark.parametrize("name", ["acorn_1", "my_method"])
def test_formats_of_vectors_differ_in_lines_and_fillings(name: str) -> None:
    method = style_of(name)
    styles = [style_of(name, storage) for storage in Storage]
    assert {(style.color, style.marker) for style in styles} == {(method.color, method.marker)}
    assert len({(style.linestyle, style.fill) for style in styles}) == len(Storage)
    assert style_of(name, "int8").label == f"{method.label} (int8)"
    assert style_of(name, "float32") == method


def test_a_name_is_not_taken_apart() -> None:
    assert style_of("acorn_int8") != style_of("acorn", "int8")
    assert style_of("acorn_int8").label == "acorn_int8"


def test_a_figure_shows_every_method_apart_and_in_natural_order() -> None:
    variants = [("x_M16", "float32"), ("x_M8", "int8"), ("X_M8", "float32"), ("x_M0.5", "float32")]
    others = [(f"method {number}", "float32") for number in range(60)]
    configured = [(name, "float32") for name in configured_styles()]
    styles = styles_of([*others, *variants, *configured, *variants])
    assert len(styles) == len(others) + len(variants) + len(configured)
    assert all(styles[method] == style_of(*method) for method in configured)
    looks = [style.look for (_, storage), style in styles.items() if storage == "float32"]
    assert len(set(looks)) == len(looks)
    labels = [style.label for style in styles.values()]
    assert [label for label in labels if "_M" in label] == ["x_M0.5", "X_M8", "x_M8 (int8)", "x_M16"]
    assert [label for label in labels if label.startswith("method")] == [name for name, _ in others]


def test_there_are_looks_for_hundreds_of_methods() -> None:
    styles = styles_of((f"method {number}", "float32") for number in range(300))
    assert len({style.look for style in styles.values()}) == 300


def test_variants_of_a_method_look_the_same_however_they_are_listed() -> None:
    variants = [(f"x_M{m}", storage) for m in (8, 16, 32) for storage in ("float32", "int8")]
    styles = styles_of(variants)
    assert styles == styles_of(reversed(variants))
    for name in ("x_M8", "x_M16", "x_M32"):
        exact, coded = styles[name, "float32"], styles[name, "int8"]
        assert (exact.color, exact.marker) == (coded.color, coded.marker)


def test_derived_looks_are_not_those_of_configured_methods() -> None:
    solid = {(s.color, s.marker) for s in configured_styles().values() if s.linestyle == "-"}
    assert solid
    assert all(style_of(f"method {number}").linestyle != "-" for number in range(50))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{label: X, colour: red, marker: o}", "no key 'colour'; did you mean 'color'"),
        ("{label: X, color: reddish, marker: o}", "x.yaml: style.color='reddish'"),
        ("{label: X, color: red, marker: o, fill: half}", "x.yaml: style.fill='half'"),
        ("{label: X, color: red, marker: blob}", "x.yaml: style.marker='blob'"),
        ("{label: X, color: red}", "style.marker is not set"),
        ("{label: X, color: red, marker: o, family: old}", "style.family='old' is not one of published, baseline"),
    ],
)
def test_a_faulty_style_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str) -> None:
    (tmp_path / "algorithm").mkdir()
    (tmp_path / "algorithm" / "x.yaml").write_text(f"name: x\nstyle: {line}\n")
    monkeypatch.setattr(style, "CONFIGS", tmp_path)
    with pytest.raises(BenchError) as refused:
        configured_styles.__wrapped__()
    assert message in str(refused.value)
