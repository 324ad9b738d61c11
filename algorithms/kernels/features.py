"""What the processor can do, as far as Numba may use it."""

from __future__ import annotations

from llvmlite import binding
from numba.core import config


def is_x86() -> bool:
    """Return whether kernels are compiled for x86."""
    return binding.get_process_triple().startswith(("x86", "i686"))


def has_feature(name: str) -> bool:
    """Return whether the processor has a feature, by its name in LLVM."""
    given = config.CPU_FEATURES  # type: ignore[attr-defined]
    return bool(binding.get_host_cpu_features().get(name)) if given is None else f"+{name}" in given.split(",")
