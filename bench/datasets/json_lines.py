"""JSON lines: files of one JSON object per line."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from bench.core.errors import BenchError
from bench.core.progress import bar


def json_lines(source: Path, *, lenient: bool = False) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line number, from 1, and the object of every line; blank lines may only end the file.

    Args:
        source: the file.
        lenient: take NaN, which many programs write, for null, and take infinity; JSON has neither.

    Raises:
        BenchError: the file is missing, or a line is not a JSON object; names the line.
    """
    if not source.is_file():
        raise BenchError(f"there is no file {source}")
    blank = 0
    with source.open("rb") as file, bar(f"reading {source.name}", source.stat().st_size, "B") as progress:
        for line, text in enumerate(file, 1):
            progress.update(len(text))
            if not text.strip():
                blank = blank or line
                continue
            if blank:
                raise BenchError(f"{source}: line {blank} is blank, and line {line} is not; remove the blank line")
            yield line, _object(source, line, text, _LENIENT.__getitem__ if lenient else _refuse)


def _object(source: Path, line: int, text: bytes, constant: Callable[[str], Any]) -> dict[str, Any]:
    try:
        record = json.loads(text, object_pairs_hook=_without_repeats, parse_constant=constant)
        if b"\\ud" in text or b"\\uD" in text:
            json.dumps(record, ensure_ascii=False).encode()  # half of a surrogate pair is not text
    except (ValueError, RecursionError) as error:
        raise BenchError(f"{source}: line {line} is not JSON ({error})") from error
    if not isinstance(record, dict):
        raise BenchError(f"{source}: line {line} is {type(record).__name__}, not a JSON object")
    return record


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of JSON; of two values of one key, neither is the right one.

    Raises:
        ValueError: a key repeats.
    """
    record = dict(pairs)
    if len(record) < len(pairs):
        raise ValueError(f"the key '{max(record, key=[key for key, _ in pairs].count)}' repeats")
    return record


_LENIENT = {"NaN": None, "Infinity": math.inf, "-Infinity": -math.inf}


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number of JSON")
