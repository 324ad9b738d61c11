"""Where Numba keeps compiled kernels: a folder that this process can write to."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.paths import IS_CHECKOUT, PROJECT, is_writable, user_cache

_VARIABLE = "NUMBA_CACHE_DIR"
_replaced: list[Path] = []


def choose_kernel_cache() -> None:
    """Set ``NUMBA_CACHE_DIR``, for this process and its children, to the first folder that can be written.

    The candidates are: the value of the variable; ``.numba_cache`` of a checkout; the user's cache; the cache of the
    results folder; a temporary folder. Numba refuses a kernel that it cannot cache as soon as the kernel's module is
    imported. So this comes before any import, and nothing is created yet.
    """
    with suppress(FileNotFoundError):  # there is no temporary folder; commands that need no kernel go on
        usual, *others = _candidates()
        folder = next(filter(is_writable, [usual, *others]), None) or _temporary()
        if folder != usual:
            _replaced.append(usual)
        os.environ[_VARIABLE] = str(folder.resolve())


def kernel_cache() -> Path:
    """Return the folder of compiled kernels, which exists; the first call says so if it is not the usual one.

    Raises:
        BenchError: there is none that this process can write to.
    """
    if _VARIABLE not in os.environ:
        raise BenchError(f"no folder for compiled kernels is writable; set {_VARIABLE} to one that is")
    folder = Path(os.environ[_VARIABLE])
    folder.mkdir(parents=True, exist_ok=True)
    for usual in _replaced:
        print(f"compiled kernels go to {folder}, because {usual} is not writable", file=sys.stderr, flush=True)
    _replaced.clear()
    return folder


def _candidates() -> Iterator[Path]:
    if given := os.environ.get(_VARIABLE):
        yield Path(given)
    if IS_CHECKOUT:
        yield PROJECT / ".numba_cache"
    yield user_cache() / "kernels"
    # Hydra has not read the command line yet.
    words = [word for word in sys.argv[1:] if word.startswith("results=")]
    yield Path(words[-1].partition("=")[2].strip("'\"") if words else "results") / "cache" / "kernels"


def _temporary() -> Path:
    """Return a temporary folder of this user alone, since whoever writes to it decides what is run."""
    folder = Path(tempfile.gettempdir()) / f"fanns-bench-kernels-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    status = folder.lstat()
    is_ours = status.st_uid == os.getuid() and status.st_mode & 0o777 == 0o700
    return folder if is_ours else Path(tempfile.mkdtemp())
