"""Seals of derived files: what each was when it was complete, and that this user derived it.

So damage, and what came with a stranger's folder, is noticed before it is believed.
"""

from __future__ import annotations

import json
from pathlib import Path

from bench.core.errors import BenchError
from bench.system.files import atomic_file, sha256
from bench.system.keys import sign

Signature = list[int]
"""Size, times of the last change of content and status in nanoseconds, and number of a file: a quick check."""


def signature(path: Path) -> Signature:
    """Return what changes whenever a file is written, replaced or copied."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


class Seal:
    """A file beside a derived file or folder, with the SHA-256 and the signature of everything in it."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def set(self, path: Path) -> None:
        """Seal a file, or all files of a folder, as they are now."""
        self._write({name: (sha, signature(file)) for name, file, sha in _hashed(path)})

    def delete(self) -> None:
        """Take the seal away."""
        self._file.unlink(missing_ok=True)

    def is_intact(self, path: Path) -> bool:
        """Return whether a file or folder is as it was sealed; contents are read only where a signature differs."""
        try:
            code, _, text = self._file.read_text().partition("\n")
            if code != sign(text):  # of another user, or damaged
                return False
            sealed = json.loads(text)
            files = dict(_files(path))
            if set(sealed) != set(files):
                return False
            if all(sealed[name][1] == signature(file) for name, file in files.items()):
                return True
            current = {name: (sha, signature(file)) for name, file, sha in _hashed(path)}
        except (OSError, ValueError, TypeError, LookupError):
            return False
        if any(sealed[name][0] != sha for name, (sha, _) in current.items()):
            return False
        self._write(current)  # a copy, or a restored backup
        return True

    def _write(self, sealed: dict[str, tuple[str, Signature]]) -> None:
        with atomic_file(self._file) as temporary:
            text = json.dumps(sealed)
            temporary.write_text(f"{sign(text)}\n{text}")


def _files(path: Path) -> list[tuple[str, Path]]:
    """Return the files of a folder with their names in it, or the file itself."""
    if path.is_file():
        return [("", path)]
    return [(str(file.relative_to(path)), file) for file in sorted(path.rglob("*")) if file.is_file()]


def _hashed(path: Path) -> list[tuple[str, Path, str]]:
    try:
        return [(name, file, sha256(file)) for name, file in _files(path)]
    except OSError as error:
        raise BenchError(f"cannot read {path}: {error.strerror or error}") from error
