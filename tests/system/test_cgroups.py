"""Limits of control groups, in the layouts of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.system.cgroups import cpu_limit, memory_limit


def group(root: Path, line: str, folder: str, **files: str) -> Path:
    """Write a hierarchy of groups, and return the file that says in which one a process is."""
    (root / folder).mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (root / folder / name.replace("__", ".")).write_text(content + "\n")
    groups = root / "groups"
    groups.write_text(line + "\n")
    return groups


@pytest.mark.parametrize(
    ("line", "folder", "files", "memory", "cpus"),
    [
        ("0::/", "", {"memory__max": "1000", "cpu__max": "150000 100000"}, 1000, 2),
        ("0::/a/b", "a", {"memory__max": "1000", "cpu__max": "50000 100000"}, 1000, 1),
        ("0::/", "", {"memory__max": "max", "cpu__max": "max 100000"}, None, None),
        ("4:memory:/a", "memory/a", {"memory__limit_in_bytes": "77"}, 77, None),
        ("4:memory:/", "memory", {"memory__limit_in_bytes": "9223372036854771712"}, None, None),
        ("1:cpu:/", "cpu", {"cpu__cfs_quota_us": "400000", "cpu__cfs_period_us": "100000"}, None, 4),
        ("1:cpu:/", "cpu", {"cpu__cfs_quota_us": "-1", "cpu__cfs_period_us": "100000"}, None, None),
    ],
)
def test_limits_are_read(
    tmp_path: Path, line: str, folder: str, files: dict[str, str], memory: int | None, cpus: int | None
) -> None:
    groups = group(tmp_path, line, folder, **files)
    assert (memory_limit(tmp_path, groups), cpu_limit(tmp_path, groups)) == (memory, cpus)


def test_without_control_groups_there_is_no_limit(tmp_path: Path) -> None:
    assert memory_limit(tmp_path, tmp_path / "missing") is None
