"""Asking the processor to load memory before it is needed."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba.core import cgutils, config, types
from numba.extending import intrinsic


@intrinsic
def _prefetch(typingctx: Any, array: Any, i: Any, j: Any) -> Any:
    """Load the cache line of ``array[i, j]`` into all cache levels, without waiting for it (``llvm.prefetch``)."""
    signature = types.void(array, types.intp, types.intp)

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = signature.args[0]
        view = context.make_array(kind)(context, builder, args[0])
        address = cgutils.get_item_pointer(context, builder, kind, view, [args[1], args[2]], wraparound=False)
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        llvm_type = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, llvm_type, "llvm.prefetch.p0")
        read, keep, data = ir.Constant(word, 0), ir.Constant(word, 3), ir.Constant(word, 1)
        builder.call(function, [builder.bitcast(address, byte), read, keep, data])
        return context.get_dummy_value()

    return signature, codegen


def _do_nothing(array: Any, i: int, j: int) -> None:
    """Stand in for `_prefetch`, which only compiled code can call."""


prefetch: Any = _do_nothing if config.DISABLE_JIT else _prefetch  # type: ignore[attr-defined]
"""``prefetch(array, i, j)``; the compiler passes the typing context."""
