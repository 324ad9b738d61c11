"""What is derived from inputs once and kept: digests, attributes as Parquet, ground truth, converted vectors.

An entry is named by a digest of its inputs and appears by one rename: it is complete or absent. One process at a time
makes an entry; others that need it wait.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.core.progress import StatusLine
from bench.system.files import atomic_file, atomic_folder, digest_of, drop_leftovers, make_folder, sha256
from bench.system.locks import lock, try_lock
from bench.system.seals import Seal, signature


@contextmanager
def creation_lock(path: Path, lock_file: Path, is_there: Callable[[], bool] | None = None) -> Iterator[bool]:
    """Yield whether `path` is missing; only one process at a time gets True, and creates it.

    Args:
        path: what is created.
        lock_file: the file whose lock is held meanwhile.
        is_there: returns whether it is there and usable; by default, whether it exists.

    Raises:
        BenchError: the folder of the lock is not writable, or its file system does not support locks.
    """
    is_there = is_there or path.exists
    if is_there():
        yield False
        return
    make_folder(lock_file.parent)
    with StatusLine(path.name) as line:
        turn = lock(lock_file, lambda: line("another process is making it"))
    with turn:
        drop_leftovers(path)
        yield not is_there()


class Cache:
    """A folder of derived data under ``results/cache``. An entry that was damaged is made again, with a warning."""

    def __init__(self, root: Path) -> None:
        """Keep entries below `root`, which is created on first use."""
        self.root = root

    def file(self, group: str, digest: str, suffix: str, make: Callable[[Path], None]) -> Path:
        """Return the file of an entry; if it is missing, `make` writes it to the path that it gets."""
        path = self.root / group / f"{digest}{suffix}"
        with self._turn(path) as missing:
            if missing:
                with atomic_file(path) as temporary:
                    make(temporary)
                self._seal(path).set(path)
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
                self._seal(path).set(path)

    def folder(self, group: str, digest: str, make: Callable[[Path], None]) -> Path:
        """Return the folder of an entry; if it is missing, `make` fills the empty folder that it gets."""
        path = self.root / group / digest
        with self._turn(path) as missing:
            if missing:
                with atomic_folder(path) as temporary:
                    make(temporary)
                self._seal(path).set(path)
        return path

    @contextmanager
    def _turn(self, path: Path) -> Iterator[bool]:
        """Yield whether an entry has to be made, by this process alone."""

        def is_there() -> bool:
            return path.exists() and self._seal(path).is_intact(path)

        with creation_lock(path, self._lock(path), is_there) as missing:
            if missing and path.exists():
                print(
                    f"warning: {path} was damaged, not made to its end, or made by another user; it is made again",
                    file=sys.stderr,
                )
            yield missing

    def _seal(self, path: Path) -> Seal:
        return Seal(self.root / "seals" / self._name(path))

    def _lock(self, path: Path) -> Path:
        return self.root / "locks" / self._name(path)

    def _name(self, path: Path) -> str:
        return "-".join(path.relative_to(self.root).parts)

    def drop(self, group: str) -> None:
        """Delete all entries of a group."""
        shutil.rmtree(self.root / group, ignore_errors=True)

    def digest(self, path: Path, check: Callable[[Path], None] | None = None) -> str:
        """Return the SHA-256 of a file that `check` accepts; kept until the file is written or replaced."""
        key = digest_of(str(path.resolve()), signature(path), check.__name__ if check else "")

        def make(out: Path) -> None:
            if check is not None:
                check(path)
            out.write_text(sha256(path))

        return self.file("digests", key, "", make).read_text()
