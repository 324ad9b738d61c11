"""Static polymorphism: kernels that are specialised by the types of their arguments.

A *policy* is a `typing.NamedTuple` of arrays and numbers. What it does is given by *operations*, plain functions
that have a body per policy type, chosen while compiling::

    class Rows(NamedTuple):
        ids: NDArray[np.int32]

    @implements(neighbours, Rows)
    def neighbours_in_rows(graph, node, visited, out): ...

A kernel that calls ``neighbours(graph, ...)`` is compiled once per type of `graph`, with the body inlined: it
costs what hand-written code costs. And it can be cached on disk, which closures over compiled functions cannot:
Numba finds the compiled code by the argument types, and a NamedTuple class is known by its name in any process. By its
name and fields alone, in fact: no two policies may agree in both, which a test checks.

Under ``NUMBA_DISABLE_JIT=1`` operations look their body up as plain Python does, so that a kernel can be stepped
through in a debugger.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba.extending import overload

from algorithms.kernels.jit import PART, require_kernel

Body = TypeVar("Body", bound=Callable[..., Any])

_bodies: dict[tuple[Any, type | None], Callable[..., Any]] = {}


def operation(stub: Body) -> Body:
    """Declare an operation: a function without a body, which `implements` gives one per policy type."""

    def dispatch(policy: Any, *args: Any) -> Any:
        body = _bodies.get((dispatch, type(policy)))
        if body is None:
            raise NotImplementedError(f"{type(policy).__name__} does not implement {stub.__name__}")
        return body(policy, *args)

    def choose(policy: Any, *args: Any) -> Any:
        body = _bodies.get((dispatch, getattr(policy, "instance_class", None)))
        if body is not None:
            require_kernel(body.__name__)
        return body

    dispatch.__name__, dispatch.__doc__ = stub.__name__, stub.__doc__
    overload(dispatch, strict=False, jit_options=PART)(choose)
    return dispatch  # type: ignore[return-value]


def implements(stub: Callable[..., Any], policy: type) -> Callable[[Body], Body]:
    """Register the decorated function as the body of an operation for a policy type, its first argument."""

    def register(body: Body) -> Body:
        _bodies[stub, policy] = body
        return body

    return register
