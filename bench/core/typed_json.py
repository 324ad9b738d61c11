"""Dataclasses as JSON: what processes tell each other, and small files of facts."""

from __future__ import annotations

import json
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")

_PLAIN = (str, int, float, bool)


def dumps(record: Any) -> str:
    """Return an instance of a dataclass as JSON, the inverse of `loads`."""
    return json.dumps(_fields(record), default=lambda value: _fields(value) if is_dataclass(value) else str(value))


def _fields(record: Any) -> dict[str, Any]:
    """Return the fields of a dataclass; unlike `dataclasses.asdict`, copy nothing."""
    return {f.name: getattr(record, f.name) for f in fields(record)}


def loads(kind: type[T], text: str) -> T:
    """Return the instance of the dataclass `kind` that `dumps` wrote.

    Fields may be what JSON has, paths, enumerations, dataclasses, ``tuple[X, ...]`` and dicts of these, or None. Fields
    with a default may be missing.

    Raises:
        ValueError: the text is not JSON, or does not fit the fields.
    """
    try:
        return _restored(kind, json.loads(text))
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError(f"not a {kind.__name__}: {error}") from error


@cache
def _hints(kind: type) -> dict[str, Any]:
    """Return the annotations of a dataclass; evaluating them takes longer than all else."""
    return get_type_hints(kind)


def _restored(kind: Any, value: Any) -> Any:
    """Return a value of JSON as the annotation `kind` has it."""
    if kind is Any:
        return value
    if kind in _PLAIN:
        if type(value) is not kind and (kind, type(value)) != (float, int):
            raise TypeError(f"{value!r} is not {kind.__name__}")
        return value
    if isinstance(kind, type) and is_dataclass(kind):
        if not isinstance(value, dict):
            raise TypeError(f"{value!r:.80} is not an object")
        hints = _hints(kind)
        return kind(**{f.name: _restored(hints[f.name], value[f.name]) for f in fields(kind) if f.name in value})
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is UnionType:
        (other,) = (one for one in arguments if one is not NoneType)
        return None if value is None else _restored(other, value)
    if origin is tuple:
        return tuple(_restored(arguments[0], one) for one in value)
    if origin is dict:
        return {_restored(arguments[0], key): _restored(arguments[1], one) for key, one in value.items()}
    if isinstance(kind, type) and issubclass(kind, Path | Enum):
        return kind(value)
    return value
