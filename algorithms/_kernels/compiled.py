"""The disk cache of compiled kernels."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numba

_ALGORITHMS = Path(__file__).resolve().parent.parent


def use_cache() -> None:
    """Point Numba's disk cache at a folder of its own for this state of the methods and their kernels.

    Numba recompiles a function when its own file changes, not when a file that it calls into does. And it keeps a
    shared kernel's code for the policies of all methods in one index, which cannot be read once a policy's class is
    renamed or removed. So the folder is named by a digest of all sources in `algorithms`, and no edit can leave a
    stale or unreadable kernel behind. It lies in ``NUMBA_CACHE_DIR`` if that is set, else in ``.numba_cache`` of the
    project.
    """
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(_ALGORITHMS.rglob("*.py")):
        digest.update(str(source.relative_to(_ALGORITHMS)).encode() + b"\0" + source.read_bytes() + b"\0")
    base = os.environ.get("NUMBA_CACHE_DIR") or str(_ALGORITHMS.parent / ".numba_cache")
    numba.config.CACHE_DIR = str(Path(base) / digest.hexdigest()[:16])  # type: ignore[attr-defined]
