"""The keys of every file of ``configs/``: their defaults, and their meaning from comments and docstrings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, NamedTuple

from omegaconf import OmegaConf

from bench.core.paths import CONFIGS
from bench.datasets.sources import SOURCES
from bench.snapshot.embedders import EMBEDDERS
from bench.workloads.sources import WORKLOADS
from docs.generate.commands import COMMANDS, spoken
from docs.generate.markdown import code, table
from docs.generate.meanings import meanings_of_class, meanings_of_file

_HEAD = """# Configuration keys

A command reads `configs/COMMAND.yaml` and, for each of its *groups* (such as `dataset`), one file from the folder of
that name. On the command line, `group=OPTION` chooses that file, `key=VALUE` sets a key, and `group.key=VALUE` a key of
the chosen file. With `-m`, comma-separated values and globs are swept: `workload=em,r algorithm='glob(*)'`. A key or
value that does not fit is an error before anything starts.

"""

_KINDS: dict[str, tuple[dict[str, type[Any]], str]] = {
    "dataset": (SOURCES, "Source"),
    "workload": (WORKLOADS, "WorkloadSource"),
    "embedder": (EMBEDDERS, "EmbedderSource"),
}
"""Groups whose options name a kind: the class of each, and the protocol of all."""

GROUPS = ("dataset", "workload", "algorithm", "preset", "tuner", "study", "reproduction", "scale", "embedder")
_WIDE = 60
"""The longest value that a table of a group shows."""

_LINE = re.compile(r"(?P<indent> *)(?P<key>[\w']+):.*?(?: # (?P<comment>.*))?")


class Key(NamedTuple):
    """A key of a file: its full name, its value there, and the comment behind or above it."""

    name: str
    value: str
    comment: str


def configuration_page() -> str:
    """Return the page of configuration keys."""
    return _HEAD + "\n\n".join([*map(_command, COMMANDS), *map(_group, GROUPS)]) + "\n"


def keys_of(file: Path, *, within: bool) -> Iterator[Key]:
    """Yield the keys of a file without Hydra's own, and with the keys within a key in its place if `within`."""
    node = _node(file)
    node = node.get(file.parent.name, node)  # of a group's file that sets keys of Hydra too
    comments = _comments(file)
    for name, value in _leaves(node, within=within):
        if name.split(".")[0] not in ("hydra", "defaults"):
            yield Key(name, _spelled(value), comments.get(name, ""))


def _node(file: Path) -> dict[Any, Any]:
    node = OmegaConf.to_container(OmegaConf.load(file))
    assert isinstance(node, dict)
    return node


def _leaves(node: dict[Any, Any], *, within: bool) -> Iterator[tuple[str, Any]]:
    for name, value in node.items():
        if within and isinstance(value, dict) and value:
            yield from ((f"{name}.{inner}", leaf) for inner, leaf in _leaves(value, within=within))
        else:
            yield str(name), value


def _comments(file: Path) -> dict[str, str]:
    """Return the comments behind the keys of a file, or else directly above them, by the keys' full names."""
    comments: dict[str, str] = {}
    outer: list[tuple[int, str]] = []
    above: list[str] = []
    for line in file.read_text().splitlines():
        if line.startswith("#"):
            above.append(line.lstrip("# "))
        elif match := _LINE.fullmatch(line):
            indent, key = len(match["indent"]), match["key"].strip("'")
            outer = [(depth, name) for depth, name in outer if depth < indent] + [(indent, key)]
            if not comments:  # what opens the file is not about its first key
                above = []
            comments[".".join(name for _, name in outer)] = match["comment"] or " ".join(above)
            above = []
    return comments


def _spelled(value: object) -> str:
    """Return a value as it is typed on a command line."""
    if isinstance(value, list):
        return f"[{', '.join(map(_spelled, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_spelled(inner)}' for key, inner in value.items())}}}"
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def opening_comment(file: Path) -> str:
    """Return the comment that opens a file, or the title of a study."""
    lines = takewhile(lambda line: line.startswith("#"), file.read_text().splitlines())
    words = " ".join(line.lstrip("# ") for line in lines).removeprefix("@package _global_ ")
    return words or str(_node(file).get("title", ""))


def _command(name: str) -> str:
    file = CONFIGS / f"{name}.yaml"
    rows = [
        (code(key.name), code(key.value), _sentence(key.comment or meanings_of_file(name).get(key.name, "")))
        for key in keys_of(file, within=True)
    ]
    parts = [f"## {code(f'python -m {spoken(name)}')}"]
    bases = _bases(file)
    if "run" in bases:
        parts.append("All keys of `bench.run`.")
    if groups := [f"[{base}](#group-{base})" for base in bases if base in GROUPS]:
        parts.append(f"Groups: {', '.join(groups)}.")
    if rows:
        parts.append(table(["key", "default", "meaning"], rows))
    return "\n\n".join(parts)


def _bases(file: Path) -> list[str]:
    """Return what the defaults list of a file names."""
    names = [next(iter(entry)) if isinstance(entry, dict) else entry for entry in _node(file).get("defaults", [])]
    return [str(name).removeprefix("override ") for name in names]


def _group(group: str) -> str:
    files = sorted((CONFIGS / group).glob("*.yaml"))
    options = table([code(group), "what"], [(code(file.stem), opening_comment(file)) for file in files])
    parts = [f"## Group {code(group)} {{#group-{group}}}", options]
    if group == "algorithm":
        parts.append("Build and search parameters are explained on the page of each [method](../methods/index.md).")
    if group == "preset":
        parts.append("A preset replaces build parameters of the methods that it names; add it with `+preset=NAME`.")
    else:
        parts.append(table(["key", "options", "value", "meaning"], _keys(group, files)))
    return "\n\n".join(parts)


def _keys(group: str, files: list[Path]) -> list[tuple[str, str, str, str]]:
    """Return the rows of the keys of a group, one for all options that give a key the same meaning."""
    values: dict[tuple[str, str], dict[str, str]] = {}
    for file in files:
        for key in keys_of(file, within=False):
            values.setdefault((key.name, _meaning(group, file, key)), {})[file.stem] = key.value
    rows = []
    for (name, meaning), by_option in values.items():
        others = [file.stem for file in files if file.stem not in by_option]
        options = (
            ", ".join(map(code, by_option)) if len(others) > 1 else f"all but {code(others[0])}" if others else "all"
        )
        value = code(next(iter(by_option.values()))) if len(set(by_option.values())) == 1 else "by option"
        value = value if len(value) <= _WIDE else "see the file"
        rows.append((code(f"{group}.{name}"), options, value, _sentence(meaning)))
    return rows


def _meaning(group: str, file: Path, key: Key) -> str:
    """Return what a key means: by its comment, its class, or the comment in an option of the same kind."""
    if group == "algorithm":
        return meanings_of_file(group).get(key.name, "")
    kind = _kind(file)
    if key.name == "kind":
        return "which class reads the other keys"
    kinds, protocol = _KINDS.get(group, ({}, ""))
    by_class = meanings_of_class(protocol) | meanings_of_file(group)
    by_class |= meanings_of_class(kinds[kind].__name__) if kind in kinds else {}
    siblings = [other for other in sorted(file.parent.glob("*.yaml")) if _kind(other) == kind]
    comments = [comment for other in siblings if (comment := _comments(other).get(key.name))]
    return key.comment or by_class.get(key.name) or next(iter(comments), "")


def _kind(file: Path) -> str:
    """Return the kind that an option names, that of the option on which it is based, or else the latter's name."""
    bases = [base.partition("@")[0] for base in _bases(file)]
    inner = _kind(file.with_stem(bases[0])) if bases and file.with_stem(bases[0]).exists() else file.stem
    return str(_node(file).get("kind", inner))


def _sentence(text: str) -> str:
    return text.rstrip(".")
