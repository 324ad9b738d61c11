"""What is derived once from inputs and kept: digests, Parquet of attributes, ground truth, converted vectors.

Every entry is named by a digest of what it was made from, and appears by one rename: it is whole or not there.
One process at a time makes an entry; others that need it wait.
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
    """Return 16 hex digits that stand for parts which JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file, in hex, showing progress."""
    digest = hashlib.sha256()
    with path.open("rb") as file, bar(f"hashing {path.name}", path.stat().st_size, "B") as progress:
        while block := file.read(_HASH_BYTES):
            digest.update(block)
            progress.update(len(block))
    return digest.hexdigest()


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path that becomes `path` by one rename, if the block ends well; otherwise nothing is left.

    Raises:
        BenchError: the folder cannot be written.
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
    """Yield an empty temporary folder that becomes `path` by one rename, if the block ends well.

    Raises:
        BenchError: the parent folder cannot be written.
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


def _sibling(path: Path) -> Path:
    make_folder(path.parent)
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}")


def make_folder(path: Path) -> Path:
    """Create a folder and its parents.

    Raises:
        BenchError: it cannot be created or written.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BenchError(f"cannot create the folder {path}: {error.strerror or error}") from error
    if not os.access(path, os.W_OK):
        raise BenchError(f"the folder {path} is not writable; choose another with results=PATH")
    return path


@contextmanager
def made_by_one(path: Path, lock_file: Path) -> Iterator[bool]:
    """Yield whether `path` is missing; the caller, who makes it then, is the only process to be told so.

    Raises:
        BenchError: the lock's folder cannot be written, or its file system knows no locks.
    """
    if path.exists():
        yield False
        return
    make_folder(lock_file.parent)
    with StatusLine(path.name) as line:
        turn = lock(lock_file, lambda: line("another process makes it"))
    with turn:
        yield not path.exists()


class Cache:
    """A folder of derived data under ``results/cache``."""

    def __init__(self, root: Path) -> None:
        """Keep entries below `root`, which is created on first use."""
        self.root = root

    def file(self, group: str, digest: str, suffix: str, make: Callable[[Path], None]) -> Path:
        """Return the entry's file; where it is missing, `make` writes it into the path that it is given."""
        path = self.root / group / f"{digest}{suffix}"
        with made_by_one(path, self._lock(path)) as missing:
            if missing:
                with atomic_file(path) as temporary:
                    make(temporary)
        return path

    def file_in_turn(self, group: str, digest: str, suffix: str, make: Callable[[Path], None]) -> None:
        """Make an entry's file if it is missing and no other process makes it; for work that several share out."""
        path = self.root / group / f"{digest}{suffix}"
        if path.exists() or (turn := try_lock(self._lock(path))) is None:
            return
        with turn:
            if not path.exists():
                with atomic_file(path) as temporary:
                    make(temporary)

    def folder(self, group: str, digest: str, make: Callable[[Path], None]) -> Path:
        """Return the entry's folder; where it is missing, `make` fills the empty folder that it is given."""
        path = self.root / group / digest
        with made_by_one(path, self._lock(path)) as missing:
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
        """Return the SHA-256 of a file, after `check` has accepted it; remembered while size and time stay the same."""
        status = path.stat()
        key = digest_of(str(path.resolve()), status.st_size, status.st_mtime_ns, check.__name__ if check else "")

        def make(out: Path) -> None:
            if check is not None:
                check(path)
            out.write_text(sha256(path))

        return self.file("digests", key, "", make).read_text()
