"""Folders for what a run and its workers exchange, which do not outlive the run."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.system.files import make_folder
from bench.system.locks import lock, try_lock

_OWNER = ".owner"


@contextmanager
def workspace(root: Path, name: str) -> Iterator[Path]:
    """Yield an empty folder with a name of its own, and delete those of runs that were killed.

    A folder belongs to the process that holds the lock in it, so that one without a holder is left over.

    Raises:
        BenchError: the folder cannot be written.
    """
    work = make_folder(root / "work")
    folder = work / f"{name}-{uuid.uuid4().hex[:8]}"
    with lock(root / "locks" / "work"):
        for other in work.iterdir():
            if (owner := try_lock(other / _OWNER)) is not None:
                shutil.rmtree(other, ignore_errors=True)
                owner.close()
        held = lock(make_folder(folder) / _OWNER)
    inside = make_folder(folder / "files")
    with held:
        try:
            yield inside
        finally:
            shutil.rmtree(folder, ignore_errors=True)
