"""What control groups allow this process, as in a container: memory and processor time (Linux, versions 1 and 2)."""

from __future__ import annotations

import math
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_GROUPS = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60


def memory_limit(root: Path = _ROOT, groups: Path = _GROUPS) -> int | None:
    """Return the least limit of memory in bytes of the group of this process and of those above; None without any."""
    limits = [
        int(text)
        for folder in _folders("memory", root, groups)
        for name in ("memory.max", "memory.limit_in_bytes")
        if (text := _read(folder / name)).isdigit() and int(text) < _UNLIMITED
    ]
    return min(limits, default=None)


def cpu_limit(root: Path = _ROOT, groups: Path = _GROUPS) -> int | None:
    """Return how many CPUs' time the group of this process may use, rounded up; None without a limit."""
    quotas = []
    for folder in _folders("cpu", root, groups):
        words = _read(folder / "cpu.max").split() or [
            _read(folder / "cpu.cfs_quota_us"),
            _read(folder / "cpu.cfs_period_us"),
        ]
        if len(words) == 2 and all(word.isdigit() for word in words) and int(words[1]):
            quotas.append(max(1, math.ceil(int(words[0]) / int(words[1]))))
    return min(quotas, default=None)


def _folders(controller: str, root: Path, groups: Path) -> list[Path]:
    """Return the folders of the group of this process under a controller, and of all groups above it."""
    folders = []
    for line in _read(groups).splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        base = root / controllers if controllers and (root / controllers).is_dir() else root
        group = base / path.lstrip("/")
        folders += [group, *(parent for parent in group.parents if parent == base or base in parent.parents)]
    return folders


def _read(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError:
        return ""
