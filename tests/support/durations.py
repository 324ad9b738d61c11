"""How long tests took when that was last recorded.

`make test-fast` leaves out the slow ones, of half a second and more. The part of `make test` that measures coverage
leaves out the long ones, of two seconds and more.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable

from bench.core.paths import PROJECT

FILE = PROJECT / "tests" / "durations.csv"
SLOW, LONG = 0.5, 2.0
"""From how many seconds on a test is slow, and long."""

Test = tuple[str, str]
"""The file of a test, below ``tests/``, and its name without the parameters of its cases."""


def owner_of(node: str) -> Test:
    """Return the test that a case belongs to, by the name that pytest gives the case."""
    file, _, name = node.partition("::")
    return file.removeprefix("tests/"), name.partition("[")[0]


def seconds_by_test() -> dict[Test, float]:
    """Return the seconds that the cases of each slow test took together."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return {(row["file"], row["test"]): float(row["seconds"]) for row in csv.DictReader(file)}


def record(parts: Iterable[tuple[str, float]]) -> None:
    """Write the file anew, from the names of cases and the seconds that their setups, calls and teardowns took."""
    seconds: dict[Test, float] = {}
    for node, took in parts:
        seconds[owner_of(node)] = seconds.get(owner_of(node), 0.0) + took
    with FILE.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(("file", "test", "seconds"))
        rows.writerows((*test, f"{took:.1f}") for test, took in sorted(seconds.items()) if took >= SLOW)
