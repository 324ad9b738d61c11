"""Which files a process runs code from."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from bench.core.paths import SOURCES

_MAPS = Path("/proc/self/maps")
_OURS = tuple(f"{folder}/" for folder in SOURCES)


def loaded_files() -> tuple[Path, ...]:
    """Return the files of modules and shared libraries that this process has loaded, sorted.

    Those of the standard library and of installed distributions are left out: their versions stand for them.
    """
    modules = {
        file for module in list(sys.modules.values()) if isinstance(file := getattr(module, "__file__", None), str)
    }
    installed = _installed_folders()
    files = {Path(file).resolve() for file in modules | _mapped_libraries() if not _is_installed(file, installed)}
    return tuple(sorted(file for file in files if file.is_file() and not _is_installed(str(file), installed)))


def _mapped_libraries() -> set[str]:
    """Return the shared libraries that are mapped into memory (Linux)."""
    if not _MAPS.exists():
        return set()
    lines = (line.split(maxsplit=5) for line in _MAPS.read_text().splitlines())
    return {line[5] for line in lines if len(line) == 6 and "x" in line[1] and ".so" in Path(line[5]).name}


def _installed_folders() -> tuple[str, ...]:
    """Return the folders of the interpreter and of the system, each with a slash."""
    paths = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    folders = {*paths, f"{sys.base_prefix}/lib", "/usr/lib", "/lib", "/lib64"}
    return tuple(f"{folder}/" for folder in folders | {str(Path(folder).resolve()) for folder in folders})


def _is_installed(file: str, installed: tuple[str, ...]) -> bool:
    """Return whether a file belongs to the interpreter, the system or an installed distribution other than this one."""
    is_ours = str(Path(file).resolve()).startswith(_OURS)
    return not is_ours and ("/site-packages/" in file or file.startswith(installed))
