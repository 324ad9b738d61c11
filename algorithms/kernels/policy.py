"""Static polymorphism: kernels that are specialised by the types of their arguments.

A *policy* is a `typing.NamedTuple` of arrays and numbers. What it does is given by *operations*, plain functions
that have a body per policy type, chosen while compiling::

    class Rows(NamedTuple):
        ids: NDArray[np.int32]

    @implements(neighbours, Rows)
    def _(graph, node, visited, out): ...

A kernel that calls ``neighbours(graph, ...)`` is compiled once per type of `graph`, with the body inlined: it
costs what hand-written code costs. And it can be cached on disk, which closures over compiled functions cannot:
Numba finds the compiled code by the argument types, and a NamedTuple class is known by its name in any process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from numba.extending import overload

Body = TypeVar("Body", bound=Callable[..., Any])

FASTMATH = {"reassoc", "contract", "nsz", "arcp"}
"""Sums may be reordered, so that they can be vectorised; infinities and NaN keep their meaning."""


def operation(stub: Body) -> Body:
    """Declare an operation: a function without a body, which `implements` gives one per policy type."""

    def missing(*args: Any) -> Any:
        raise NotImplementedError(f"{stub.__name__} is only for compiled code")

    missing.__name__, missing.__doc__ = stub.__name__, stub.__doc__
    return missing  # type: ignore[return-value]


def implements(stub: Callable[..., Any], policy: type) -> Callable[[Body], Body]:
    """Register the decorated function as the body of an operation for a policy type, its first argument."""

    def register(body: Body) -> Body:
        def choose(first: Any, *rest: Any) -> Any:
            return body if getattr(first, "instance_class", None) is policy else None

        overload(stub, strict=False, jit_options={"fastmath": FASTMATH, "nogil": True})(choose)
        return body

    return register
