"""One look per method, everywhere and for ever."""

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
    assert len(styles) == len(list((CONFIGS / "algorithm").glob("*.yaml")))
    for (one, a), (other, b) in combinations(styles.items(), 2):
        assert a.label != b.label, f"{one} and {other} have one label"
        assert (a.color, a.marker, a.linestyle) != (b.color, b.marker, b.linestyle), f"{one} and {other} look alike"


def test_names_without_configuration_look_the_same_in_every_process() -> None:
    code = "from bench.reports.figures.style import style_of; print(style_of('my_method'))"
    told = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == str(style_of("my_method"))
    assert style_of("my_method").label == "my_method"


def test_a_variant_looks_like_its_method_but_dotted() -> None:
    method, variant = style_of("acorn_1"), style_of("acorn_1_scan_below")
    assert (variant.color, variant.marker, variant.linestyle) == (method.color, method.marker, ":")
    assert variant.label == f"{method.label} (scan below)"


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
