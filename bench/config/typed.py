"""Typed configuration: composed nodes become dataclasses, and a typo becomes an error that suggests the right key."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any, TypeVar, get_args, get_type_hints

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from bench.core.errors import BenchError, suggestion

T = TypeVar("T")


def typed(schema: type[T], values: Any, where: str) -> T:
    """Return an instance of the dataclass `schema` with the values of a configuration node.

    Raises:
        BenchError: a key is unknown or missing, or a value has the wrong type; names the key and the value.
    """
    if OmegaConf.is_config(values):
        values = OmegaConf.to_container(values, resolve=True)
    if not isinstance(values, Mapping):
        raise BenchError(f"{where} is {values!r}; it should be a group of keys")
    names = [f.name for f in dataclasses.fields(schema)]  # type: ignore[arg-type]
    for key in values:
        if key not in names:
            raise BenchError(f"{where} has no key '{key}'{suggestion(key, names)}")
    for f in dataclasses.fields(schema):  # type: ignore[arg-type]
        required = f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
        if required and values.get(f.name, "???") == "???":
            raise BenchError(f"{where}.{f.name} is not set; set {where}.{f.name}=VALUE")
    hints = get_type_hints(schema)
    inner = {key: kind for key, hint in hints.items() if (kind := _dataclass_in(hint)) and values.get(key) is not None}
    values = {**values, **{key: typed(kind, values[key], f"{where}.{key}") for key, kind in inner.items()}}
    try:
        node = OmegaConf.merge(OmegaConf.structured(schema), dict(values))
        return OmegaConf.to_object(node)  # type: ignore[return-value]
    except OmegaConfBaseException as error:
        key = f"{where}.{error.full_key}" if error.full_key else where
        raise BenchError(f"{key}: {str(error).splitlines()[0]}") from error


def _dataclass_in(hint: Any) -> type[Any] | None:
    """Return the dataclass that an annotation is, or that it allows beside None."""
    return next((kind for kind in (hint, *get_args(hint)) if isinstance(kind, type) and is_dataclass(kind)), None)


def source_of(node: Any, kinds: Mapping[str, type[Any]], where: str) -> Any:
    """Return the typed source that a node with the key `kind` describes.

    Raises:
        BenchError: the kind is unknown, or a key or value is invalid.
    """
    if OmegaConf.is_config(node):
        node = OmegaConf.to_container(node, resolve=True)
    values = dict(node)
    kind = values.pop("kind", None)
    if kind not in kinds:
        raise BenchError(f"{where}.kind={kind} is unknown{suggestion(str(kind), kinds)}")
    return typed(kinds[kind], values, where)
