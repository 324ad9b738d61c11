"""Methods with unusual declarations: kernels to compile, and parameters of every type."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

import numba as nb

from algorithms.base import Data, param
from tests.support.adversarial.honest import Honest, Ids, Search


@nb.njit(cache=True)
def _halve(value: Any) -> Any:
    return value / 2


class Compiles(Honest):
    """Compiles a kernel in its build, and another in its search."""

    info = dataclasses.replace(Honest.info, compiled=True)

    def build(self, data: Data) -> None:
        _halve(2)
        super().build(data)

    def spoil(self, ids: Ids, params: Search) -> Any:
        _halve(2.0)
        return ids


@dataclass(frozen=True)
class Declared:
    """A build parameter of every type."""

    whole: int = param(3, "a whole number", low=1, high=9)
    real: float = param(0.5, "a real number", low=0)
    word: str = param("a", "a word", choices=("a", "b"))
    maybe: int | None = param(None, "a number or nothing")


class Declares(Honest):
    """Has parameters of every type."""

    BuildParams: ClassVar[type] = Declared
