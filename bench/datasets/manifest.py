"""The manifest of a built dataset: facts, and the digests of its files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError
from bench.core.reading import reading
from bench.system.files import atomic_file, sha256

MANIFEST, ITEMS = "dataset.json", "items.parquet"


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return the manifest of a finished build.

    Raises:
        BenchError: it is missing or damaged.
    """
    path = folder / MANIFEST
    try:
        with reading(path, "manifest", "build the dataset again"):
            manifest: dict[str, Any] = json.loads(path.read_text())
            check_names(manifest["files"])
    except BenchError as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise BenchError(f"{folder} has no {MANIFEST}, so it is not a finished build") from error
        raise
    return manifest


def check_names(files: Mapping[str, str]) -> None:
    """Check that a mapping from names of files to digests stays within its folder.

    Raises:
        ValueError: a name is not that of a file in the folder, or a digest is not text.
    """
    for name, digest in files.items():
        if name != Path(name).name or name in ("", ".", "..") or not isinstance(digest, str):
            raise ValueError(f"'{name}' is not the name of a file in this folder")


def write_manifest(folder: Path, facts: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest, which completes a build: the facts, and the digest of every other file."""
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    manifest = dict(facts) | {"files": {path.name: sha256(path) for path in files}}
    with atomic_file(folder / MANIFEST) as path:
        path.write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return manifest


def damaged_files(folder: Path) -> list[str]:
    """Return the files of a build that are missing, or whose digest differs from the manifest.

    Raises:
        BenchError: see `read_manifest`.
    """
    files = read_manifest(folder)["files"]
    return [name for name, digest in files.items() if not (folder / name).is_file() or sha256(folder / name) != digest]
