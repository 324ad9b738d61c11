"""Read arXiv's metadata snapshot: JSON lines, plain or gzip, one record at a time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

import orjson

from bench.core.errors import BenchError
from bench.core.progress import bar
from bench.snapshot.rules import REQUIRED, attributes_of, text

_LONGEST_LINE = 16 << 20
_NAMED = 20
_TRIAL = 1000


class Record(NamedTuple):
    """A cleaned record: its arXiv id, its title and abstract, and its attributes."""

    id: str
    title: str
    abstract: str
    attributes: dict[str, Any]


@dataclass
class Malformed:
    """The malformed records, which are skipped.

    Attributes:
        count: how many.
        first: line and reason of the first ones.
    """

    count: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, line: int, reason: str) -> None:
        """Count a line."""
        self.count += 1
        if len(self.first) < _NAMED:
            self.first.append(f"line {line}: {reason}")


def read(path: Path, malformed: Malformed) -> Iterator[Record]:
    """Yield the records of a snapshot in their order, and count malformed ones.

    Raises:
        BenchError: the file is missing or is not JSON lines, or its gzip stream is damaged or truncated.
    """
    if not path.is_file():
        raise BenchError(f"there is no file {path} (metadata)")
    good = line = 0
    with path.open("rb") as raw, bar(f"reading {path.name}", path.stat().st_size, "B") as progress:
        stream: IO[bytes] = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if raw.read(2) == b"\x1f\x8b" else raw
        raw.seek(0)
        for line, content in enumerate(_lines(path, stream, raw), 1):
            if line % _TRIAL == 0:
                progress.update(raw.tell() - progress.n)
            try:
                record = _record(orjson.loads(content))
            except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
                malformed.add(line, _reason(error))
            else:
                good += 1
                yield record
            if line == _TRIAL and not good:
                break
    if not good:
        first = malformed.first[0] if malformed.first else "it is empty"
        raise BenchError(f"{path} has no record of arXiv's metadata in its first {line} lines ({first})")


def _lines(path: Path, stream: IO[bytes], raw: IO[bytes]) -> Iterator[bytes]:
    try:
        while content := stream.readline(_LONGEST_LINE):
            if len(content) == _LONGEST_LINE:
                raise BenchError(f"{path} has a line of more than 16 MiB: not JSON lines, one record per line")
            yield content
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise BenchError(
            f"{path} is damaged or truncated at byte {raw.tell():,} of its gzip stream ({error}); fetch it again"
        ) from error


def _record(values: Any) -> Record:
    if not isinstance(values, dict):
        raise TypeError(f"{type(values).__name__} instead of an object")
    for name in REQUIRED:
        if values.get(name) is None:
            raise KeyError(name)
    title, abstract = text(values["title"]), text(values["abstract"])
    if not title or not abstract:
        raise ValueError("no title" if not title else "no abstract")
    return Record(str(values["id"]), title, abstract, attributes_of(values))


def _reason(error: Exception) -> str:
    return f"no {error.args[0]}" if isinstance(error, KeyError) else str(error)
