"""Where the project's files are, and where what it generates goes.

In a checkout, everything is beside the code. A wheel carries the configurations and the statistics inside the package
(see ``pyproject.toml``). What it generates, and what a checkout generates that cannot be written to, goes to the user's
cache: nothing is written among installed packages.
"""

from __future__ import annotations

import os
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
"""The folder of the packages `bench` and `algorithms`."""

SOURCES = (PROJECT / "bench", PROJECT / "algorithms")
"""The folders of all code of the project."""

_PACKAGED = PROJECT / "bench" / "packaged"

IS_CHECKOUT = not _PACKAGED.is_dir()
"""Whether this is a checkout, as opposed to an installed wheel."""

_FILES = PROJECT if IS_CHECKOUT else _PACKAGED

CONFIGS = _FILES / "configs"
DATASETS = _FILES / "datasets"


def user_cache() -> Path:
    """Return the folder below ``XDG_CACHE_HOME`` (by default ``~/.cache``) for what is not in a results folder."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    # Without any home, `~` stays as it is; below the root nobody can write to it.
    base = Path(given) if os.path.isabs(given) else Path("/", os.path.expanduser("~"), ".cache")
    return base / "fanns-bench"


def data_folder(dataset: str, version: str) -> Path:
    """Return the folder of a dataset that is generated or downloaded: where it is, or else where it goes."""
    candidates = [DATASETS / dataset / "data" / version] if IS_CHECKOUT else []
    candidates.append(user_cache() / "datasets" / dataset / version)
    there = [folder for folder in candidates if folder.exists()]
    return next(iter([*there, *filter(is_writable, candidates), *candidates]))


def is_writable(folder: Path) -> bool:
    """Return whether this user can write into a folder, or create it."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)


def options(folder: Path) -> list[str]:
    """Return the options of a group of the configuration, those of folders below it as ``folder/name``."""
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
