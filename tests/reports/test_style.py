"""One look per method, the same everywhere."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest

from bench.core.errors import BenchError
from bench.core.paths import CONFIGS, PROJECT
from bench.reports.figures import style
from bench.reports.figures.style import configured_styles, style_of


def test_every_configured_method_has_a_look_of_its_own() -> None:
    styles = configured_styles()
    assert len(styles) == len(list((CONFIGS / "algorithm").rglob("*.yaml")))
    for (one, a), (other, b) in combinations(styles.items(), 2):
        assert a.label != b.label, f"{one} and {other} have one label"
        assert (a.color, a.marker, a.linestyle) != (b.color, b.marker, b.linestyle), f"{one} and {other} look alike"


def test_names_without_configuration_look_the_same_in_every_process() -> None:
    code = "from bench.reports.figures.style import style_of; print(style_of('my_method'))"
    other = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(style_of("my_method"))
    assert style_of("my_method").label == "my_method"


@pytest.mark.parametrize("name", ["acorn_1", "my_method"])
def test_another_format_of_vectors_looks_like_its_method_but_dotted(name: str) -> None:
    method, coded = style_of(name), style_of(name, "int8")
    assert (coded.color, coded.marker, coded.linestyle) == (method.color, method.marker, ":")
    assert coded.label == f"{method.label} (int8)"
    assert style_of(name, "float32") == method


def test_a_name_is_not_taken_apart() -> None:
    assert style_of("acorn_int8") != style_of("acorn", "int8")
    assert style_of("acorn_int8").label == "acorn_int8"


def test_derived_looks_are_not_those_of_configured_methods() -> None:
    solid = {(s.color, s.marker) for s in configured_styles().values() if s.linestyle == "-"}
    assert solid
    assert all(style_of(f"method {number}").linestyle != "-" for number in range(50))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{label: X, colour: red, marker: o}", "no key 'colour'; did you mean 'color'"),
        ("{label: X, color: reddish, marker: o}", "x.yaml: style.color='reddish'"),
        ("{label: X, color: red, marker: blob}", "x.yaml: style.marker='blob'"),
        ("{label: X, color: red}", "style.marker is not set"),
    ],
)
def test_a_faulty_style_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, message: str) -> None:
    (tmp_path / "algorithm").mkdir()
    (tmp_path / "algorithm" / "x.yaml").write_text(f"name: x\nstyle: {line}\n")
    monkeypatch.setattr(style, "CONFIGS", tmp_path)
    with pytest.raises(BenchError) as refused:
        configured_styles.__wrapped__()
    assert message in str(refused.value)
