"""Two sets of rows side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench import compare
from bench.results.rows import Status
from bench.results.store import Store
from tests.support.commands import Commands
from tests.support.rows import row


def written(root: Path, *rows: Any) -> str:
    Store(root).write("a", 0, list(rows), [])
    return str(root)


def spread(qps: float, ef: int, **values: Any) -> Any:
    """Return a row whose passes differ by a factor of 1.21, so that its throughput has bounds of 10 percent."""
    times = {"fastest_pass_seconds": 1.0, "slowest_pass_seconds": 1.21}
    return row(qps=qps, search_params={"ef": ef}, **times, **values)


def test_changes_are_told_from_noise(command: Commands, tmp_path: Path) -> None:
    before = written(tmp_path / "a", spread(100.0, 1), spread(100.0, 2), spread(100.0, 3), spread(100.0, 4))
    after = written(tmp_path / "b", spread(150.0, 1), spread(110.0, 2), spread(50.0, 3, recall=0.1), spread(100.0, 5))
    said = command(compare.entry, f"a={before}", f"b={after}")
    assert said.code == 0, said
    lines = {line.split("ef ")[1].split()[0]: line.split() for line in said.out.splitlines() if "ef " in line}
    assert {ef: words[-1] for ef, words in lines.items()} == {
        "1": "faster", "2": "same", "3": "slower", "4": "gone", "5": "new",
    }  # fmt: skip
    assert "1.50 [1.24, 1.81]" in said.out
    assert "geometric mean of the ratios: 0.938" in said.out


def test_a_failure_is_a_change(command: Commands, tmp_path: Path) -> None:
    before = written(tmp_path / "a", spread(100.0, 1))
    failed = row(status=Status.CRASHED, error="x", qps=None, recall=None, search_params={"ef": 1})
    said = command(compare.entry, f"a={before}", f"b={written(tmp_path / 'b', failed)}")
    (line,) = (line for line in said.out.splitlines() if "ef 1" in line)
    assert line.split()[-1] == "crashed"


def test_revisions_of_one_store_are_compared(command: Commands, tmp_path: Path) -> None:
    store = Store(tmp_path)
    for digest, qps in (("abc1", 100.0), ("def2", 200.0)):
        store.write(digest, 0, [row(code_digest=digest, qps=qps)], [])
    said = command(compare.entry, "a=abc", "b=def", f"results={tmp_path}")
    assert "2.00 [2.00, 2.00]" in said.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "a is not set"),
        (["a=abcd", "b=abc1"], "a=abcd is neither a folder nor a code digest or revision"),
        (["a=abc1", "b=abc1", "y=qpz"], "y=qpz is not one of"),
        (["a=abc1", "b=abc1", "format=html"], "format=html is unknown"),
    ],
)
def test_invalid_sides_are_refused(command: Commands, tmp_path: Path, words: list[str], complaint: str) -> None:
    Store(tmp_path).write("x", 0, [row(code_digest="abc1")], [])
    said = command(compare.entry, *words, f"results={tmp_path}")
    assert said.code == 2
    assert complaint in said.err
