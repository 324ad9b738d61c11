"""Read a file of filters and the published answers, in whichever format they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.attributes import Attributes
from bench.core.errors import BenchError
from bench.core.filter_json import decoded
from bench.core.filters import Filter
from bench.core.fitting import fit
from bench.core.ivecs import write_ivecs
from bench.datasets.json_lines import json_lines
from bench.system.cache import Cache
from bench.system.files import digest_of
from bench.workloads.filter_files import diskann, qdrant

Answers = list[NDArray[np.int64]]
"""Per query the ids of its answers, nearest first."""


@dataclass(frozen=True)
class FilterFile:
    """The filters of a file, fitted to the attributes, one per query; and its published answers, if it has any."""

    filters: list[Filter]
    answers: Answers | None


def read_filters(path: Path, attributes: Attributes) -> FilterFile:
    """Read filters, one per line, as JSON of this project, of Qdrant or of DiskANN.

    Raises:
        BenchError: the file is missing or empty, or a line is not a filter over the attributes; names the line.
    """
    lines = list(json_lines(path))
    if not lines:
        raise BenchError(f"{path} is empty; it should hold one filter per query")
    keys = lines[0][1].keys()
    if keys & qdrant.KEYS:
        filters = _filters(path, lines, attributes, lambda record: qdrant.filter_of(record, attributes))
        answers = [(line, qdrant.answers_of(record)) for line, record in lines]
        complete = all(ids is not None for _, ids in answers)
        return FilterFile(filters, [_ids(path, line, ids) for line, ids in answers] if complete else None)
    if keys & diskann.KEYS:
        lines = _by_query(path, lines)
        return FilterFile(_filters(path, lines, attributes, lambda record: diskann.filter_of(record, attributes)), None)
    return FilterFile(_filters(path, lines, attributes, decoded), None)


def read_answers(path: Path) -> Answers:
    """Read answers as JSON lines of DiskANN.

    Raises:
        BenchError: the file is missing, or a line does not hold answers; names the line.
    """
    lines = list(json_lines(path))
    lines = _by_query(path, [(line, record) for line, record in lines if "query_num" not in record])
    return [_ids(path, line, record.get("ids")) for line, record in lines]


def keep_answers(answers: Answers, cache: Cache) -> Path:
    """Keep answers as an ivecs file in the cache, and return it."""
    digest = digest_of([ids.tolist() for ids in answers])
    return cache.file("answers", digest, ".ivecs", lambda out: write_ivecs(out, answers))


def _filters(
    path: Path,
    lines: Sequence[tuple[int, dict[str, Any]]],
    attributes: Attributes,
    filter_of: Callable[[dict[str, Any]], Filter],
) -> list[Filter]:
    fitted: dict[Filter, Filter] = {}
    filters = []
    for line, record in lines:
        try:
            filter_ = filter_of(record)
            if filter_ not in fitted:
                fitted[filter_] = fit(filter_, attributes)
        except BenchError as error:
            raise BenchError(f"{path}: line {line}: {error}") from error
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            raise BenchError(f"{path}: line {line} is not a filter: {error}") from error
        filters.append(fitted[filter_])
    return filters


def _by_query(path: Path, lines: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
    """Return lines in the order of their `query_id`, which counts from 0 or 1.

    Raises:
        BenchError: a query has no line, or several.
    """
    ids = [record.get("query_id") for _, record in lines]
    first = 1 if 0 not in ids else 0
    place = {query: at for at, query in enumerate(ids)}
    missing = next((query for query in range(first, first + len(ids)) if query not in place), None)
    if missing is not None:
        raise BenchError(f"{path} has {len(ids)} lines, but none with query_id {missing}")
    return [lines[place[query]] for query in range(first, first + len(ids))]


def _ids(path: Path, line: int, ids: Any) -> NDArray[np.int64]:
    if not isinstance(ids, list) or not all(type(one) is int and -(2**31) <= one < 2**31 for one in ids):
        raise BenchError(f"{path}: line {line} has no list of ids of items")
    return np.array(ids, np.int64)
