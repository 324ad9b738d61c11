"""Dataclasses as JSON: what processes tell each other, and small files of facts."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

T = TypeVar("T")


def dumps(record: Any) -> str:
    """Return an instance of a dataclass as JSON, the inverse of `loads`."""
    return json.dumps(asdict(record), default=str)


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


def _restored(kind: Any, value: Any) -> Any:
    """Return a value of JSON as the annotation `kind` has it."""
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
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
