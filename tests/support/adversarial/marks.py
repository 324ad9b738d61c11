"""Methods that log what they do, so that tests see what ran, how often and where."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from algorithms.base import ALL_FILTERS, Data, Info, param
from bench.core.leaf import FilterType
from tests.support.adversarial.honest import Honest, Ids, Search


class Marks(Honest):
    """Logs when it builds, is loaded and searches."""

    def build(self, data: Data) -> None:
        super().build(data)
        mark("build")

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        mark("load")
        return super().load(folder, params, data)

    def spoil(self, ids: Ids, params: Search) -> Any:
        mark(f"search {params.effort}")
        return ids


def mark(event: str) -> None:
    """Append a line to the file $MARKS, then wait while the file with suffix ``.wait`` contains that line."""
    marks = Path(os.environ["MARKS"])
    with marks.open("a") as file:
        file.write(event + "\n")
    wait = marks.with_suffix(".wait")
    while wait.exists() and wait.read_text() == event:
        time.sleep(0.02)


class MarksCpus(Marks):
    """Logs the CPUs that it may use as well."""

    def build(self, data: Data) -> None:
        super().build(data)
        mark(f"on {sorted(os.sched_getaffinity(0))}")


class MarksFew(Marks):
    """Returns `effort` answers, so that each setting has its own recall."""

    def spoil(self, ids: Ids, params: Search) -> Any:
        super().spoil(ids, params)[:, params.effort :] = -1
        return ids


class Hybrid(Marks):
    """Needs a separate index for every set of attributes."""

    info = Info(paper="none", year=2024, approach="hybrid index", technique="none", serves=ALL_FILTERS)


@dataclass(frozen=True)
class Covers:
    """Names the attributes of an index."""

    attributes: tuple[str, ...] = param((), "what the index covers")


class NamesAttributes(Hybrid):
    """Has an index over the attributes that its configuration names, and logs what it is told of them."""

    info = Info(
        paper="none",
        year=2024,
        approach="hybrid index",
        technique="none",
        serves=ALL_FILTERS,
        names_attributes=True,
    )
    BuildParams = Covers

    def build(self, data: Data) -> None:
        super().build(data)
        mark(f"over {','.join(data.filtered)} for {data.filter_type}")


class ServesRangesOnly(Marks):
    """Serves ranges only, with reasons."""

    info = Info(
        paper="none",
        year=2024,
        approach="hybrid index",
        technique="none",
        serves=frozenset({FilterType.R}),
        why_not={FilterType.EM: "labels have no order", "": "it knows ranges only"},
    )
