"""How kernels are compiled: what Python calls, and the parts that only other compiled code calls.

Numba optimises every function and turns it into machine code, with two wrappers for callers in Python and in C,
although a function that only kernels call is linked into each of them, and optimised and compiled again there. With
kernels that are nested five deep and specialised by their policies, this takes a good part of the time. So a `part` is
only translated; it is optimised and becomes machine code where it ends up, in the kernels that call it.

No kernel allocates memory: its caller does, so that nothing has to count references to arrays. Numba refuses what would
("NRT required but not enabled", or "Only accept returning of array passed into the function").
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from ctypes import c_void_p, cast, pythonapi
from typing import Any, TypeVar

import numba as nb
from llvmlite.binding import Linkage
from llvmlite.binding.newpassmanagers import create_new_module_pass_manager
from numba.core import config
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import AnalysisPass, register_pass
from numba.core.errors import TypingError
from numba.core.targetconfig import ConfigStack
from numba.core.typed_passes import InlineOverloads, NopythonRewrites, NopythonTypeInference
from numba.core.types import unliteral
from numba.core.untyped_passes import InlineClosureLikes, InlineInlinables
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
"""Sums may be reordered, so that they can be vectorised; infinities and NaN keep their meaning."""


class _Library(JITCodeLibrary):
    """The code of a kernel and of all that it calls, which is optimised as a whole."""

    def _optimize_functions(self, ll_module: Any) -> None:
        """Leave the kernel and its wrapper to `_optimize_final_module`."""
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        """Drop the arguments that no part reads, and do what Numba does, except what it does to count references."""
        passes, builder = self._codegen._module_pass_manager()
        self._drop_arguments(builder)
        passes.run(self._final_module, builder)

    def _drop_arguments(self, builder: Any) -> None:
        """Drop arguments of parts: policies come as hundreds of numbers, of which a part reads few.

        Only functions of this module alone may change so. But as such they would be inlined wherever they are called
        just once. So they are shared again afterwards, under names that no other kernel has for its own versions.
        """
        functions = [function for function in self._final_module.functions if not function.is_declaration]
        entry = next(function.name for function in functions if function.linkage == Linkage.external)
        parts = [function.name for function in functions if function.linkage == Linkage.linkonce_odr]
        for name in parts:
            self._final_module.get_function(name).linkage = "internal"
        passes = create_new_module_pass_manager()
        passes.add_dead_arg_elimination_pass()
        passes.run(self._final_module, builder)
        for number, name in enumerate(parts):
            part = self._final_module.get_function(name)
            part.linkage, part.name = "linkonce_odr", f"{entry}.{number}"


class _Linkable(JITCodeLibrary):
    """The code of a part and of all that it calls, which is neither optimised as a whole nor made executable."""

    def finalize(self) -> None:
        """Collect the code. What optimises it and makes it executable stays undone."""
        for library in dict.fromkeys(self._linking_libraries):
            self._reload_init.update(library._reload_init)
            self._final_module.link_in(library._get_module_for_linking(), preserve=True)
        self._finalized = True

    def get_pointer_to_function(self, name: str) -> int | None:
        """Return what Python gets to call in place of the part: it raises TypeError."""
        self._ensure_finalized()
        return cast(pythonapi.PyErr_BadArgument, c_void_p).value

    @property
    def codegen(self) -> Any:
        """Return what `set_env` is called on, in a compiler's last step."""
        return self

    def set_env(self, name: str, env: Any) -> None:
        """Do nothing: only code with an entry from Python has an environment."""


@register_pass(mutates_CFG=False, analysis_only=True)
class _ChooseLibrary(AnalysisPass):
    """Choose the library that a kernel or a part is lowered into."""

    _name = "choose_library"

    def __init__(self) -> None:
        """Make the pass, which has no state."""

    def run_pass(self, state: Any) -> bool:
        is_part = state.flags.no_cpython_wrapper
        state.library = (_Linkable if is_part else _Library)(state.targetctx.codegen(), state.func_id.func_qualname)
        if not is_part:
            state.library.enable_object_caching()
        return False


class _Compiler(Compiler):
    """Numba's compiler, with a choice of library in place of what kernels have no use for."""

    def define_pipelines(self) -> Any:
        """Return Numba's passes without some, and the one above."""
        passes = super().define_pipelines()
        passes[0].passes = [step for step in passes[0].passes if step[0] not in _NEEDLESS]
        passes[0].add_pass_after(_ChooseLibrary, NopythonTypeInference)
        passes[0].finalize()
        return passes


_NEEDLESS = (InlineClosureLikes, InlineInlinables, InlineOverloads, NopythonRewrites)
"""Steps for closures, comprehensions, functions to inline and expressions of arrays, of which kernels have none."""

_KERNEL: Any = {
    "nogil": True,
    "fastmath": FASTMATH,
    "_nrt": False,
    "no_cfunc_wrapper": True,
    "pipeline_class": _Compiler,
}

PART: Any = _KERNEL | {"no_cpython_wrapper": True}
"""What makes a function a part, as options for Numba."""

kernel: Any = nb.njit(cache=True, **_KERNEL)
"""Decorates what Python calls; cached on disk."""


def part(function: Function) -> Function:
    """Decorate what only kernels and other parts call."""
    dispatcher: Any = nb.njit(**PART)(function)
    if config.DISABLE_JIT:  # type: ignore[attr-defined]
        return dispatcher
    choose = dispatcher.get_call_template

    def get_call_template(arguments: Sequence[Any], keywords: Mapping[str, Any]) -> Any:
        require_kernel(function.__name__)
        # Numba would compile a part again for every number that some caller writes out.
        return choose([*map(unliteral, arguments)], {name: unliteral(kind) for name, kind in keywords.items()})

    dispatcher.get_call_template = get_call_template
    return dispatcher


def read_only(array: NDArray[Any]) -> NDArray[Any]:
    """Return a view that cannot be written to: kernels are compiled apart for those that can.

    What a kernel only reads should always be of one kind, whoever it comes from.
    """
    view = array.view()
    view.flags.writeable = False
    return view


def require_kernel(called: str) -> None:
    """Check that the function being compiled counts no references: those to what a part returns would be too low.

    Raises:
        TypingError: it does.
    """
    flags = ConfigStack.top_or_none()
    if flags is not None and flags.nrt:
        raise TypingError(f"{called} can only be called from a kernel or a part: use the decorators of kernels.jit")
