"""What is derived from inputs once and kept: digests, attributes as Parquet, ground truth, converted vectors.

An entry is named by a digest of its inputs and appears by one rename: it is complete or absent. One process at a time
makes an entry; others that need it wait.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.core.errors import BenchError
from bench.core.progress import StatusLine, bar
from bench.system.locks import lock, try_lock

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
    """Have the names in a folder and in all below it survive a power cut."""
    for path in (folder, *(path for path in folder.rglob("*") if path.is_dir())):
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
        raise BenchError(f"cannot create the folder {path}: {error.strerror or error}") from error
    if not os.access(path, os.W_OK):
        raise BenchError(f"the folder {path} is not writable; choose another with results=PATH")
    return path


@contextmanager
def creation_lock(path: Path, lock_file: Path) -> Iterator[bool]:
    """Yield whether `path` is missing; only one process at a time gets True, and creates it.

    Raises:
        BenchError: the folder of the lock is not writable, or its file system does not support locks.
    """
    if path.exists():
        yield False
        return
    make_folder(lock_file.parent)
    with StatusLine(path.name) as line:
        turn = lock(lock_file, lambda: line("another process is making it"))
    with turn:
        yield not path.exists()


class Cache:
    """A folder of derived data under ``results/cache``."""

    def __init__(self, root: Path) -> None:
        """Keep entries below `root`, which is created on first use."""
        self.root = root

    def file(self, group: str, digest: str, suffix: str, make: Callable[[Path], None]) -> Path:
        """Return the file of an entry; if it is missing, `make` writes it to the path that it gets."""
        path = self.root / group / f"{digest}{suffix}"
        with creation_lock(path, self._lock(path)) as missing:
            if missing:
                with atomic_file(path) as temporary:
                    make(temporary)
        return path

    def file_if_free(self, group: str, digest: str, suffix: str, make: Callable[[Path], None]) -> None:
        """Make the file of an entry if it is missing and no other process is making it; this divides work."""
        path = self.root / group / f"{digest}{suffix}"
        if path.exists() or (held := try_lock(self._lock(path))) is None:
            return
        with held:
            if not path.exists():
                with atomic_file(path) as temporary:
                    make(temporary)

    def folder(self, group: str, digest: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of an entry; if it is missing, `make` fills the empty folder that it gets."""
        path = self.root / group / digest
        with creation_lock(path, self._lock(path)) as missing:
            if missing:
                with atomic_folder(path) as temporary:
                    make(temporary)
        return path

    def _lock(self, path: Path) -> Path:
        return self.root / "locks" / "-".join(path.relative_to(self.root).parts)

    def drop(self, group: str) -> None:
        """Delete all entries of a group."""
        shutil.rmtree(self.root / group, ignore_errors=True)

    def digest(self, path: Path, check: Callable[[Path], None] | None = None) -> str:
        """Return the SHA-256 of a file that `check` accepts; kept until its size or modification time changes."""
        status = path.stat()
        key = digest_of(str(path.resolve()), status.st_size, status.st_mtime_ns, check.__name__ if check else "")

        def make(out: Path) -> None:
            if check is not None:
                check(path)
            out.write_text(sha256(path))

        return self.file("digests", key, "", make).read_text()
