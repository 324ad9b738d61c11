"""Writing files that are complete or absent, and digests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape as glob_escape
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError
from bench.core.progress import bar

_HASH_BYTES = 8 << 20


def digest_of(*parts: Any) -> str:
    """Return a digest of 16 hex digits of parts that JSON can represent."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex, showing progress."""
    digest = hashlib.sha256()
    with path.open("rb") as file, bar(f"hashing {path.name}", path.stat().st_size, "B") as progress:
        while block := file.read(_HASH_BYTES):
            digest.update(block)
            progress.update(len(block))
    return digest.hexdigest()


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` by one rename if the block succeeds; otherwise nothing remains.

    Raises:
        BenchError: the folder is not writable.
    """
    temporary = _sibling(path)
    try:
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def print_or_write(text: str, out: str | None) -> None:
    """Print a text; or write it to the file `out`, and print the name of the file.

    Raises:
        BenchError: the folder is not writable.
    """
    if out is None:
        print(text)
        return
    with atomic_file(Path(out)) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")
    print(out)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes `path` by one rename if the block succeeds.

    Raises:
        BenchError: the parent folder is not writable.
    """
    temporary = _sibling(path)
    try:
        temporary.mkdir()
        yield temporary
        if path.exists():
            shutil.rmtree(path)
        temporary.rename(path)
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Have a folder and all in it survive a power cut."""
    for path in (*folder.rglob("*"), folder):
        file = os.open(path, os.O_RDONLY)
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _sibling(path: Path) -> Path:
    make_folder(path.parent)
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


def make_folder(path: Path) -> Path:
    """Create a folder and its parents.

    Raises:
        BenchError: it cannot be created, or is not writable.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(
            f"cannot create the folder {path}: {error.strerror or error}; choose another with results=PATH"
        ) from error
    if not os.access(path, os.W_OK):
        raise BenchError(f"the folder {path} is not writable; choose another with results=PATH")
    return path


def drop_leftovers(path: Path) -> None:
    """Delete the temporary files of a process that was killed while it wrote `path`, which nobody writes now."""
    for leftover in path.parent.glob(f".{glob_escape(path.name)}.{'[0-9a-f]' * 32}"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            with suppress(OSError):
                leftover.unlink()
