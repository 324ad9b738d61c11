"""Dataclasses as JSON: what is read is what was written, and what does not fit is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from bench.core.typed_json import dumps, loads


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True)
class Part:
    where: Path
    colour: Colour


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    reasons: dict[Colour, str | None]
    either: Path | None
    anything: dict[str, Any]
    count: int = 3


WHOLE = Whole(
    (Part(Path("a/b"), Colour.RED), Part(Path("c"), Colour.BLUE)),
    {Colour.RED: None, Colour.BLUE: "because"},
    Path("/x"),
    {"M": 16, "alpha": 1.5, "names": ["a", None]},
    7,
)


def test_what_is_read_is_what_was_written() -> None:
    read = loads(Whole, dumps(WHOLE))
    assert read == WHOLE
    assert all(type(key) is Colour for key in read.reasons)
    assert type(read.parts[0].where) is type(WHOLE.parts[0].where)


def test_none_and_defaults() -> None:
    read = loads(Whole, '{"parts": [], "reasons": {}, "either": null, "anything": {}}')
    assert read == Whole((), {}, None, {}, 3)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "3", "{}", '{"parts": 3, "reasons": {}, "either": null, "anything": {}}',
     '{"parts": [{"where": "a", "colour": "green"}], "reasons": {}, "either": null, "anything": {}}'],
)  # fmt: skip
def test_what_does_not_fit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a Whole|Expecting value|green"):
        loads(Whole, text)
