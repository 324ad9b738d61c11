"""Products of integer codes: exact, whatever the instruction."""

from __future__ import annotations

from typing import Any

import numba as nb
import numpy as np
import pytest
from llvmlite import binding, ir

from algorithms.kernels.features import has_feature, is_x86
from algorithms.kernels.integers import (
    AVX2,
    AVX2_PACKED,
    BITS,
    PLAIN,
    VNNI_256,
    VNNI_512,
    Bits,
    Bytes,
    Instruction,
    Nibbles,
    Pairs,
    instruction_for,
    multiply_by,
)
from bench.core.formats import LINE
from bench.core.rabitq import pack

DIMENSIONS = [1, 7, 63, 64, 65, 384, 4096]
HOW = {
    "best": (instruction_for, True),
    "plain": (lambda bits: PLAIN, True),
    "avx2": (lambda bits: AVX2 if bits == 8 else AVX2_PACKED, is_x86() and has_feature("avx2")),
    "avx2_shorts": (lambda bits: AVX2, is_x86() and has_feature("avx2")),
    "vnni_256": (lambda bits: VNNI_256, is_x86() and (has_feature("avxvnni") or has_feature("avx512vnni"))),
    "vnni_512": (lambda bits: VNNI_512, is_x86() and has_feature("avx512vnni")),
}


def products_by(name: str) -> Any:
    """Return a kernel that multiplies five rows, the first four together, with a query."""
    choose, is_there = HOW[name]
    if not is_there:
        pytest.skip(f"this processor has no {name}")
    multiply = multiply_by(choose)

    @nb.njit
    def products(packing: Any, rows: Any, queries: Any, row: Any) -> Any:
        a, b, c, d = multiply(packing, rows, (np.uint32(0), np.uint32(1), np.uint32(2), np.uint32(3)), queries, row)
        return a, b, c, d, multiply(packing, rows, (np.uint32(4),), queries, row)[0]

    return products


def padded(rows: Any, width: int) -> Any:
    """Return rows with zeros up to a multiple of `width`."""
    return np.pad(rows, ((0, 0), (0, -rows.shape[1] % width)))


def edge_cases(rng: np.random.Generator, low: int, high: int, d: int) -> Any:
    """Return five rows from `low` to `high`: the ends, one value after the other, and random ones."""
    rows = rng.integers(low, high, (5, d), endpoint=True)
    rows[0], rows[1], rows[2] = low, high, np.resize([low, high], d)
    return rows


@pytest.mark.parametrize("name", HOW)
def test_bytes_are_multiplied_exactly(name: str) -> None:
    products, rng = products_by(name), np.random.default_rng(0)
    for d in DIMENSIONS:
        rows, queries = edge_cases(rng, -128, 127, d), edge_cases(rng, -128, 127, d)
        stored, asked = (padded(part.astype(np.int8), LINE) for part in (rows, queries))
        for i in range(5):
            expected = (rows + 128) @ queries[i]
            assert products(Bytes(), stored, asked, i) == tuple(expected)


@pytest.mark.parametrize("packing", [Nibbles(), Pairs()])
@pytest.mark.parametrize("name", HOW)
def test_packed_levels_are_multiplied_exactly(name: str, packing: Any) -> None:
    products, bits, rng = products_by(name), BITS[type(packing)], np.random.default_rng(0)
    for d in DIMENSIONS:
        rows, queries = edge_cases(rng, 0, (1 << bits) - 1, d), edge_cases(rng, -128, 127, d)
        width = LINE * 8 // bits
        packed, asked = pack(padded(rows.astype(np.uint8), width), bits), padded(queries.astype(np.int8), width)
        for i in range(5):
            assert products(packing, packed, asked, i) == tuple(rows @ queries[i])
            assert products(packing, packed, packed, i) == tuple(rows @ rows[i])


def test_bits_are_counted_exactly() -> None:
    products, rng = products_by("best"), np.random.default_rng(0)
    for d in DIMENSIONS:
        rows, queries = edge_cases(rng, 0, 1, d), edge_cases(rng, 0, 15, d)
        packed = pack(padded(rows.astype(np.uint8), 8 * LINE), 1)
        planes = np.hstack([pack(padded((queries >> p & 1).astype(np.uint8), 8 * LINE), 1) for p in (3, 2, 1, 0)])
        for i in range(5):
            assert products(Bits(), packed, planes, i) == tuple(rows @ queries[i])
            assert products(Bits(), packed, packed, i) == tuple(rows @ rows[i])


@pytest.mark.skipif(not is_x86(), reason="only x86 has these instructions")
@pytest.mark.parametrize(
    ("instruction", "cpu", "register"), [(VNNI_512, "icelake-server", "zmm"), (VNNI_256, "alderlake", "ymm")]
)
def test_newer_processors_multiply_in_one_instruction(instruction: Instruction, cpu: str, register: str) -> None:
    """Most processors lack it, so what is compiled for those that have it is read."""
    sums, levels = ir.VectorType(ir.IntType(32), instruction.lanes), ir.VectorType(ir.IntType(8), instruction.bytes)
    module = ir.Module()
    module.triple = binding.get_process_triple()
    function = ir.Function(module, ir.FunctionType(sums, [sums, levels, levels]), "add")
    builder = ir.IRBuilder(function.append_basic_block())
    builder.ret(instruction.add(builder, *function.args))
    machine = binding.Target.from_triple(module.triple).create_target_machine(cpu=cpu, opt=3)
    assembly = machine.emit_assembly(binding.parse_assembly(str(module)))
    (line,) = (line for line in assembly.splitlines() if "vpdpbusd" in line)
    assert register in line
    assert "mul" not in assembly
