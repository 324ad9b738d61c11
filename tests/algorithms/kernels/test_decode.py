"""Stored values: what compiled code reads is what plain Python reads, and what NumPy means."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba as nb
import numpy as np
import pytest
from numba.core import config

from algorithms.kernels.decode import _half_by_bits, value
from algorithms.kernels.jit import kernel
from bench.core.paths import PROJECT

BITS = np.arange(2**16, dtype=np.uint16)
STORED = {
    "float32": (np.array([-2.5, 0, 3e38], np.float32), np.array([-2.5, 0, 3e38], np.float32)),
    "float16": (BITS.view(np.int16), BITS.view(np.float16).astype(np.float32)),
    "bfloat16": (BITS, (BITS.astype(np.uint32) << 16).view(np.float32)),
}


@kernel
def _values(stored: Any, out: Any) -> None:
    for i in range(len(stored)):
        out[i] = value(stored[i])


@pytest.mark.parametrize(("stored", "expected"), STORED.values(), ids=STORED)
def test_values_are_float32_whether_compiled_or_not(stored: Any, expected: Any) -> None:
    out = np.empty(len(stored), np.float32)
    _values(stored, out)
    np.testing.assert_array_equal(out, expected)
    plain = [value(one) for one in stored]
    assert {type(one) for one in plain} == {np.float32}
    np.testing.assert_array_equal(plain, expected)


@nb.njit
def _halves_by_bits(stored: Any, out: Any) -> None:
    for i in range(len(stored)):
        out[i] = _half_by_bits(stored[i])


@pytest.mark.skipif(config.DISABLE_JIT, reason="there is no compiled code")
def test_halves_are_the_same_without_an_instruction_for_them() -> None:
    stored, expected = STORED["float16"]
    out = np.empty(len(stored), np.float32)
    _halves_by_bits(stored, out)
    np.testing.assert_array_equal(out, expected)


def test_a_processor_without_extensions_reads_halves(tmp_path: Path) -> None:
    """LLVM would call a function that is not there, and the process would die."""
    program = (
        "import numpy as np\n"
        "from tests.algorithms.kernels.test_decode import STORED, _values\n"
        "stored, expected = STORED['float16']\n"
        "out = np.empty(len(stored), np.float32)\n"
        "_values(stored, out)\n"
        "np.testing.assert_array_equal(out, expected)\n"
    )
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NUMBA_CACHE_DIR": str(tmp_path)}
    ended = subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=os.environ | plain, check=False)
    assert ended.returncode == 0
