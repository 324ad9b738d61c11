"""The folders of the project."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
CONFIGS = PROJECT / "configs"
DATASETS = PROJECT / "datasets"


def options(folder: Path) -> list[str]:
    """Return the options of a group of the configuration, those of folders below it as ``folder/name``."""
    return sorted(path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.yaml"))
