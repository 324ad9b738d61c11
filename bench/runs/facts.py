"""What a build measured, kept beside its index."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.core.errors import BenchError


@dataclass(frozen=True)
class BuildFacts:
    """What a build took; kept beside the index as JSON. Fields are named as the columns of rows that they become.

    Attributes:
        build_seconds: the time of the build alone.
        save_seconds: the time of saving the index.
        build_warm_up_seconds: the time of building over a few items first, which compiles kernels.
        build_memory_bytes: the most memory that the worker held above what it held before it read anything.
        build_cpu_per_second: processor time per second of the build.
        index_bytes: the size of the saved files.
    """

    build_seconds: float
    save_seconds: float
    build_warm_up_seconds: float
    build_memory_bytes: int
    build_cpu_per_second: float
    index_bytes: int = 0


def index_files(folder: Path) -> dict[str, int]:
    """Return the size of every file of an index, by its path in the folder.

    Raises:
        BenchError: there is something else than files and folders, such as a link: its content would not be counted.
    """
    sizes: dict[str, int] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        status = path.lstat()
        if path.is_symlink() or (path.is_file() and status.st_nlink > 1) or not (path.is_dir() or path.is_file()):
            raise BenchError(f"the index holds '{name}', which is a link or no ordinary file; save copies instead")
        if path.is_file():
            sizes[name] = status.st_size
    return sizes
