"""Checks of the overrides of a command line, before Hydra reads them."""

from __future__ import annotations

from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Glob, Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf

from bench.core.errors import BenchError, suggestion
from bench.core.paths import CONFIGS, options

_EXPRESSION = "workload.expression"
_UNSET = f"++{_EXPRESSION}=unset"  # by force: a sweep keeps one value per key, and this is another key


def check_overrides(config_name: str, words: list[str]) -> None:
    """Check that every override names a key of the configuration, or an option of a group.

    Raises:
        BenchError: a word cannot be read, or names no key or option; suggests the closest one.
    """
    overrides = [_parsed(word) for word in words]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        groups = {str(key) for key in compose(config_name) if (CONFIGS / str(key)).is_dir()}
        groups |= _groups_without_default(config_name)
        groups |= {o.key_or_group for o in overrides if o.is_add() and (CONFIGS / o.key_or_group).is_dir()}
        chosen = [_first_choice(override) for override in overrides if override.key_or_group in groups]
        config = compose(config_name, overrides=chosen)
    for override in overrides:
        key = override.key_or_group
        if key not in groups and not (override.is_add() or override.is_force_add()) and not key.startswith("hydra"):
            _check_key(config, key)


def _parsed(word: str) -> Override:
    try:
        return OverridesParser.create().parse_override(word)
    except HydraException as error:
        key, _, value = word.partition("=")
        raise BenchError(
            f"cannot read the arguments: {str(error).splitlines()[0]}; a value with characters that mean something to "
            f"Hydra is quoted twice, as in \"{key}='{value}'\""
        ) from error


def _groups_without_default(config_name: str) -> set[str]:
    """Return the groups that a configuration offers and chooses nothing from, as in ``- workload: null``."""
    entries: Any = OmegaConf.to_container(OmegaConf.load(CONFIGS / f"{config_name}.yaml"))
    defaults = [entry for entry in entries.get("defaults", []) if isinstance(entry, dict)]
    return {group for entry in defaults for group, option in entry.items() if option is None}


def replacing(words: list[str]) -> list[str]:
    """Return the words, with the configured expression unset before a word that gives another.

    Hydra merges an object into the configured one, which would mix two expressions.
    """
    return [part for word in words for part in ([_UNSET, word] if word.startswith(f"{_EXPRESSION}=") else [word])]


def within_swept_groups(words: list[str]) -> list[str]:
    """Return the words, with overrides of keys inside a swept group turned into sweeps over one value.

    Before a sweep, Hydra composes a configuration without the swept groups, where it would miss these keys.
    """
    parser = OverridesParser.create()
    keyed = {word: parser.parse_override(word) for word in words if "=" in word and not word.startswith("-")}
    swept = {override.key_or_group for override in keyed.values() if override.is_sweep_override()}
    inside = {
        word
        for word, override in keyed.items()
        if override.key_or_group.split(".")[0] in swept - {override.key_or_group} and not override.is_sweep_override()
    }
    return [f"{word.partition('=')[0]}=choice({word.partition('=')[2]})" if word in inside else word for word in words]


def _first_choice(override: Override) -> str:
    """Check the options that an override of a group names, and return the override for the first of them."""
    group = override.key_or_group
    names_of_group = options(CONFIGS / group)
    value: object = override.value()
    if isinstance(value, Glob):
        names = value.filter([name for name in names_of_group if "/" not in name])
        if not names:
            raise BenchError(f"{override.input_line}: no {group} matches{suggestion('', names_of_group)}")
    elif override.is_sweep_override():
        names = list(override.sweep_string_iterator())
    else:
        names = [str(value)]
    for name in names:
        if name not in names_of_group:
            raise BenchError(f"{group}={name}: there is no such {group}{suggestion(name, names_of_group)}")
    return f"{'+' if override.is_add() else ''}{group}={names[0]}"


def _check_key(config: DictConfig, key: str) -> None:
    node: Any = OmegaConf.to_container(config)
    path: list[str] = []
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            keys = [".".join([*path, str(name)]) for name in node] if isinstance(node, dict) else []
            raise BenchError(f"there is no key '{key}'{suggestion(key, keys)}")
        path.append(part)
        node = node[part]
