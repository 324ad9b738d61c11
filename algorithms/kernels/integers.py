"""Inner products of integer codes, which the processor computes a line of 64 bytes at a time.

A row holds *levels*, integers from 0 on: of 8 bits (stored as int8, which is 128 less), or of 4, 2 or 1 bits, packed
as `bench.core.rabitq` packs them. It is multiplied with what a row of `queries` holds: int8, or packed levels like its
own. Rows of 1 bit are multiplied with *planes* of 1 bit, the most significant first: one for another such row, four for
a query of 4 bits.

Numba turns no loop into the processor's instructions for this, so they are called by their names in LLVM. The one to
use is chosen at import, by what the processor has; all of them give the same integers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic
from numpy.typing import NDArray

from algorithms.kernels.features import has_feature, is_x86
from bench.core.formats import LINE
from bench.core.rabitq import unpack


class Bytes(NamedTuple):
    """Levels of 8 bits."""


class Nibbles(NamedTuple):
    """Levels of 4 bits."""


class Pairs(NamedTuple):
    """Levels of 2 bits."""


class Bits(NamedTuple):
    """Levels of 1 bit."""


Packing: TypeAlias = Bytes | Nibbles | Pairs | Bits
BITS: dict[type, int] = {Bytes: 8, Nibbles: 4, Pairs: 2, Bits: 1}

_BYTE, _SHORT, _WORD, _LONG = (ir.IntType(bits) for bits in (8, 16, 32, 64))


def _vector(kind: ir.Type, lanes: int) -> ir.VectorType:
    return ir.VectorType(kind, lanes)


def _all(kind: ir.VectorType, value: int) -> ir.Constant:
    return ir.Constant(kind, [value] * kind.count)


def _call(builder: Any, name: str, result: ir.Type, *args: Any) -> Any:
    kind = ir.FunctionType(result, [arg.type for arg in args])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), args)


@dataclass(frozen=True)
class Instruction:
    """How products of bytes are added up.

    Attributes:
        bytes: how many bytes it takes.
        lanes: how many sums of 32 bits it adds to.
        add: from the builder, the sums, levels and what they are multiplied with, it gives the new sums.
    """

    bytes: int
    lanes: int
    add: Callable[[Any, Any, Any, Any], Any]


def _vnni(size: int) -> Instruction:
    """AVX-512 VNNI, or AVX-VNNI for 32 bytes: one instruction multiplies, and adds four products to each sum."""
    words = _vector(_WORD, size // 4)

    def add(builder: Any, sums: Any, levels: Any, others: Any) -> Any:
        operands = (builder.bitcast(levels, words), builder.bitcast(others, words))
        return _call(builder, f"llvm.x86.avx512.vpdpbusd.{8 * size}", words, sums, *operands)

    return Instruction(size, size // 4, add)


def _add_shorts(builder: Any, sums: Any, levels: Any, others: Any) -> Any:
    """AVX2: extend to 16 bits, and add two products to each sum."""
    shorts = _vector(_SHORT, 16)
    operands = (builder.zext(levels, shorts), builder.sext(others, shorts))
    return builder.add(sums, _call(builder, "llvm.x86.avx2.pmadd.wd", sums.type, *operands))


def _add_bytes(builder: Any, sums: Any, levels: Any, others: Any) -> Any:
    """AVX2, where two products with levels, 15 at most, fit in 16 bits: multiply bytes."""
    shorts = _vector(_SHORT, 16)
    pairs = _call(builder, "llvm.x86.avx2.pmadd.ub.sw", shorts, levels, others)
    return builder.add(sums, _call(builder, "llvm.x86.avx2.pmadd.wd", sums.type, pairs, _all(shorts, 1)))


def _add_words(builder: Any, sums: Any, levels: Any, others: Any) -> Any:
    """Any processor."""
    return builder.add(sums, builder.mul(builder.zext(levels, sums.type), builder.sext(others, sums.type)))


VNNI_512, VNNI_256 = _vnni(64), _vnni(32)
AVX2, AVX2_PACKED = Instruction(16, 8, _add_shorts), Instruction(32, 8, _add_bytes)
PLAIN = Instruction(16, 16, _add_words)


def instruction_for(bits: int) -> Instruction:
    """Return the best that the processor has for levels of so many bits."""
    if is_x86() and has_feature("avx512vnni"):
        return VNNI_512
    if is_x86() and has_feature("avxvnni"):
        return VNNI_256
    if is_x86() and has_feature("avx2"):
        return AVX2 if bits == 8 else AVX2_PACKED
    return PLAIN


class _Emitter:
    """The code of one call."""

    def __init__(self, context: Any, builder: Any, signature: Any, args: Any) -> None:
        """Find the rows in memory."""
        self.builder = builder
        packing, rows, items, queries, row = signature.args
        self.bits = BITS[packing.instance_class]
        index = context.cast(builder, args[4], row, types.intp)
        indices = [context.cast(builder, i, items.dtype, types.intp) for i in cgutils.unpack_tuple(builder, args[2])]
        self.rows = [self._row(context, rows, args[1], i)[0] for i in indices]
        self.query, query_bytes = self._row(context, queries, args[3], index)
        _, row_bytes = self._row(context, rows, args[1], indices[0])
        self.is_packed = queries.dtype == types.uint8
        self.lines = builder.udiv(row_bytes, row_bytes.type(LINE))
        self.planes = builder.udiv(query_bytes, row_bytes)

    def _row(self, context: Any, kind: Any, array: Any, index: Any) -> tuple[Any, Any]:
        """Return the address and the bytes of a row."""
        view = context.make_array(kind)(context, self.builder, array)
        places = [index, index.type(0)]
        address = cgutils.get_item_pointer(context, self.builder, kind, view, places, wraparound=False)
        return self.builder.bitcast(address, _BYTE.as_pointer()), cgutils.unpack_tuple(self.builder, view.shape)[1]

    def load(self, address: Any, offset: Any, kind: ir.VectorType) -> Any:
        """Return the bytes at an offset from an address, as a vector."""
        place = self.builder.gep(address, [offset], source_etype=_BYTE)
        return self.builder.load(self.builder.bitcast(place, kind.as_pointer()), align=1, typ=kind)

    def levels(self, chunk: Any, part: int) -> Any:
        """Return the levels in one part of packed bytes."""
        builder = self.builder
        if self.bits == 8:
            return builder.xor(chunk, _all(chunk.type, 0x80))
        shifted = builder.lshr(chunk, _all(chunk.type, part * self.bits)) if part else chunk
        return builder.and_(shifted, _all(chunk.type, (1 << self.bits) - 1))

    def multiply(self, how: Instruction) -> list[Any]:
        """Emit the products of levels of several bits."""
        builder, chunk, parts = self.builder, _vector(_BYTE, how.bytes), 8 // self.bits
        sums = self._sums(_vector(_WORD, how.lanes))
        with cgutils.for_range(builder, self.lines) as loop:
            start = builder.mul(loop.index, loop.index.type(LINE))
            for at in range(0, LINE, how.bytes):
                offset = builder.add(start, start.type(at))
                packed = [self.load(row, offset, chunk) for row in self.rows]
                for part in range(parts):
                    if self.is_packed:
                        others = self.levels(self.load(self.query, offset, chunk), part)
                    else:
                        first = builder.mul(start, start.type(parts))
                        others = self.load(self.query, builder.add(first, start.type(part * LINE + at)), chunk)
                    for total, row in zip(sums, packed, strict=True):
                        builder.store(how.add(builder, builder.load(total), self.levels(row, part), others), total)
        return self._totals(sums)

    def count(self) -> list[Any]:
        """Emit the products of levels of 1 bit: bits that both have are counted, plane by plane."""
        builder, words = self.builder, _vector(_LONG, 8)
        sums = self._sums(words)
        with cgutils.for_range(builder, self.planes) as plane:
            for total in sums:
                builder.store(builder.shl(builder.load(total), _all(words, 1)), total)
            first = builder.mul(plane.index, self.lines)
            with cgutils.for_range(builder, self.lines) as loop:
                offset = builder.mul(loop.index, loop.index.type(LINE))
                other = self.load(self.query, builder.mul(builder.add(first, loop.index), first.type(LINE)), words)
                for total, row in zip(sums, self.rows, strict=True):
                    both = builder.and_(self.load(row, offset, words), other)
                    counts = _call(builder, "llvm.ctpop.v8i64", words, both)
                    builder.store(builder.add(builder.load(total), counts), total)
        return self._totals(sums)

    def _sums(self, kind: ir.VectorType) -> list[Any]:
        """Return a place for the sums of each row, which are 0."""
        places = [cgutils.alloca_once(self.builder, kind) for _ in self.rows]
        for place in places:
            self.builder.store(_all(kind, 0), place)
        return places

    def _totals(self, places: list[Any]) -> list[Any]:
        """Return the sums of all lanes, of 64 bits."""
        totals = []
        for place in places:
            sums = self.builder.load(place)
            lanes = sums.type.count
            longs = self.builder.sext(sums, _vector(_LONG, lanes)) if sums.type.element is _WORD else sums
            totals.append(_call(self.builder, f"llvm.vector.reduce.add.v{lanes}i64", _LONG, longs))
        return totals


def multiply_by(choose: Callable[[int], Instruction]) -> Any:
    """Return `multiply` by the instruction that `choose` gives for levels of so many bits."""

    @intrinsic
    def multiply(typingctx: Any, packing: Any, rows: Any, items: Any, queries: Any, row: Any) -> Any:
        """Return the products of ``rows[i]``, for each i of a tuple of items, with ``queries[row]``, all int64."""

        def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            emitter = _Emitter(context, builder, signature, args)
            products = emitter.count() if emitter.bits == 1 else emitter.multiply(choose(emitter.bits))
            return context.make_tuple(builder, signature.return_type, products)

        return types.UniTuple(types.int64, items.count)(packing, rows, items, queries, row), codegen

    return multiply


def _in_python(
    packing: Packing, rows: NDArray[Any], items: tuple[int, ...], queries: NDArray[Any], row: int
) -> tuple[int, ...]:
    """Stand in for `multiply`, which only compiled code can call."""
    bits, query = BITS[type(packing)], queries[row]
    if bits == 1:
        planes = [unpack(plane[None], 1)[0].astype(np.int64) for plane in query.reshape(-1, rows.shape[1])]
        others = sum(plane << p for p, plane in enumerate(reversed(planes)))
    else:
        others = query.astype(np.int64) if query.dtype == np.int8 else unpack(query[None], bits)[0].astype(np.int64)
    levels = [rows[i] + np.int64(128) if bits == 8 else unpack(rows[i][None], bits)[0] for i in items]
    return tuple(int(level.astype(np.int64) @ others) for level in levels)


multiply: Any = _in_python if config.DISABLE_JIT else multiply_by(instruction_for)  # type: ignore[attr-defined]
