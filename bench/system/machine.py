"""Where a result comes from: code, libraries and machine."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from bench.core.cpus import allowed_cpus
from bench.core.paths import IS_CHECKOUT, PROJECT

LIBRARIES = ("numpy", "numba", "faiss-cpu", "hnswlib", "pyarrow")


@cache
def machine() -> dict[str, Any]:
    """Return the columns that describe this machine."""
    return {
        "cpu_model": _cpu_model(),
        "cores": len(allowed_cpus()),
        "memory_bytes": psutil.virtual_memory().total,
        "kernel": f"{platform.system()} {platform.release()}",
    }


@cache
def machine_id() -> str:
    """Return what two timings must share to be comparable: the processor, its cores and the memory in GiB."""
    facts = machine()
    return machine_name(facts["cpu_model"], facts["cores"], facts["memory_bytes"])


def machine_name(cpu_model: str, cores: int, memory_bytes: int) -> str:
    """Return the identity of the machine that the columns of a row describe."""
    return f"{cpu_model}, {cores} cores, {round(memory_bytes / 2**30)} GiB"


@cache
def code() -> dict[str, Any]:
    """Return the columns `code_revision` (None outside a checkout) and `code_dirty`."""
    unknown = {"code_revision": None, "code_dirty": None}
    if not IS_CHECKOUT:  # a repository around it is another project's
        return unknown
    try:
        revision = _git("rev-parse", "HEAD")
        return {"code_revision": revision, "code_dirty": bool(_git("status", "--porcelain"))}
    except (OSError, subprocess.CalledProcessError):
        return unknown


@cache
def library_versions(libraries: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """Return the version of each distribution that is installed."""
    versions = {}
    for name in libraries:
        with suppress(importlib.metadata.PackageNotFoundError):
            versions[name] = importlib.metadata.version(name)
    return versions


def noise() -> list[str]:
    """Return warnings about what may disturb timings on this machine right now."""
    warnings = []
    load, cores = os.getloadavg()[0], machine()["cores"]
    if load > 0.5 * cores:
        warnings.append(f"the load is {load:.1f} on {cores} cores; timings will be noisy")
    governors = {
        path.read_text().strip() for path in Path("/sys/devices/system/cpu").glob("cpu*/cpufreq/scaling_governor")
    }
    if governors - {"performance"}:
        warnings.append(f"the frequency governor is {', '.join(sorted(governors))}; 'performance' is steadier")
    return warnings


def _git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=PROJECT, check=True, capture_output=True, text=True).stdout.strip()


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
