"""Stored values as numbers.

Numba has neither float16 nor bfloat16. So kernels get float16 as its bits in int16, and bfloat16 as its bits in uint16;
float32 is what it is. The compiler turns loops over `value` into vector conversions.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

from algorithms.kernels.features import has_feature, is_x86
from algorithms.kernels.jit import PART

Stored: TypeAlias = np.float32 | np.int16 | np.uint16
"""What rows consist of."""


@intrinsic
def _half(typingctx: Any, bits: Any) -> Any:
    """Return the float32 of a float16, given as int16."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.fpext(builder.bitcast(args[0], ir.HalfType()), ir.FloatType())

    return types.float32(types.int16), codegen


@intrinsic
def _half_by_bits(typingctx: Any, bits: Any) -> Any:
    """Return the float32 of a float16, given as int16, by arithmetic that every processor has."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word, real = ir.IntType(32), ir.FloatType()
        stored = builder.zext(args[0], word)
        # As a float32, exponent and mantissa are 2^112 too small, those of subnormal numbers too.
        magnitude = builder.shl(builder.and_(stored, ir.Constant(word, 0x7FFF)), ir.Constant(word, 13))
        scaled = builder.bitcast(builder.fmul(builder.bitcast(magnitude, real), ir.Constant(real, 2.0**112)), word)
        # Infinities and NaN have the largest exponent.
        is_special = builder.icmp_unsigned(">=", magnitude, ir.Constant(word, 0x1F << 23))
        exponent = builder.select(is_special, ir.Constant(word, 0xFF << 23), ir.Constant(word, 0))
        sign = builder.shl(builder.and_(stored, ir.Constant(word, 0x8000)), ir.Constant(word, 16))
        return builder.bitcast(builder.or_(builder.or_(scaled, exponent), sign), real)

    return types.float32(types.int16), codegen


def _converts_halves() -> bool:
    """Return whether the processor turns float16 into float32: on x86, F16C does; without it, LLVM calls a function.

    That function is missing where Numba links. 64-bit ARM has an instruction.
    """
    return not is_x86() or has_feature("f16c")


@intrinsic
def _brain(typingctx: Any, bits: Any) -> Any:
    """Return the float32 of a bfloat16, given as uint16: its upper half."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        word = ir.IntType(32)
        return builder.bitcast(builder.shl(builder.zext(args[0], word), ir.Constant(word, 16)), ir.FloatType())

    return types.float32(types.uint16), codegen


half: Any = _half if _converts_halves() else _half_by_bits
brain: Any = _brain


def value(stored: Stored) -> np.float32:
    """Return a stored value as float32. This body runs in plain Python; compiled code has one per type."""
    if isinstance(stored, np.int16):
        return np.float32(stored.view(np.float16))
    if isinstance(stored, np.uint16):
        return (np.uint32(stored) << np.uint32(16)).view(np.float32)
    return np.float32(stored)


def _float32(stored: Any) -> Any:
    return stored


def _float16(stored: Any) -> Any:
    return half(stored)


def _bfloat16(stored: Any) -> Any:
    return brain(stored)


def _choose(stored: Any) -> Any:
    return {types.float32: _float32, types.int16: _float16, types.uint16: _bfloat16}.get(stored)


overload(value, strict=False, jit_options=PART)(_choose)
