"""The text of ``--help``: the configuration file of a command, whose comments explain the command and its keys."""

from __future__ import annotations

import textwrap
from typing import Any

from omegaconf import OmegaConf

from bench.core.paths import CONFIGS

_OPTIONS = """Options: -m sweeps comma-separated values and globs; --cfg job prints the composed configuration, with the
keys of the chosen options; --hydra-help shows what Hydra itself offers."""
_HANGING: dict[str, Any] = {"subsequent_indent": "    ", "break_on_hyphens": False}


def help_text(command: str) -> str:
    """Return the help of a command: the opening comment of its file, its groups, and its keys with their comments."""
    comment, _ = _parts(command)
    groups = _groups(command)
    parts = [comment]
    if groups:
        lines = (f"  {name}: {', '.join(options)}" for name, options in groups.items())
        parts.append("\n".join(["Groups (group=option):", *(textwrap.fill(line, 120, **_HANGING) for line in lines)]))
    parts += [f"Keys (key=value):\n{_keys(command)}", _OPTIONS]
    return "\n\n".join(parts)


def _parts(command: str) -> tuple[str, str]:
    """Return the opening comment of a command's file without its marks, and the lines below the defaults, indented."""
    lines = (CONFIGS / f"{command}.yaml").read_text().splitlines()
    start = lines.index("defaults:")
    end = next((row for row in range(start, len(lines)) if not lines[row]), len(lines))
    comment = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:start])
    return comment, "\n".join(f"  {line}" if line else "" for line in lines[end + 1 :])


def _bases(command: str) -> list[str]:
    """Return the command, preceded by the commands whose keys it takes over."""
    defaults = OmegaConf.load(CONFIGS / f"{command}.yaml").defaults
    bases = [name for name in defaults if isinstance(name, str) and name not in ("_self_", "output")]
    return [*bases, command]


def _keys(command: str) -> str:
    return "\n".join(keys for _, keys in map(_parts, _bases(command)) if keys)


def _groups(command: str) -> dict[str, list[str]]:
    """Return the options of every group that a command chooses one of."""
    defaults = [entry for name in _bases(command) for entry in OmegaConf.load(CONFIGS / f"{name}.yaml").defaults]
    names = [str(name) for entry in defaults if not isinstance(entry, str) for name in entry]
    folders = {name: CONFIGS / name for name in names if (CONFIGS / name).is_dir()}
    return {name: sorted(path.stem for path in folder.glob("*.yaml")) for name, folder in folders.items()}
