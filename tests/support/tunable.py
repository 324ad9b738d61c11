"""A method whose recall depends on a build parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from algorithms.base import Info, param
from bench.core.leaf import FilterType
from tests.support.adversarial import Honest, Ids


@dataclass(frozen=True)
class Build:
    """The quality of the index."""

    quality: int = param(2, "quarters of the answers to return", low=1, high=9)


class Tunable(Honest):
    """Returns as many quarters of the answers as it was built for."""

    info = Info(
        paper="none",
        year=2024,
        approach="hybrid index",
        technique="none",
        serves=frozenset({FilterType.R}),
        why_not={"": "it knows ranges only"},
    )
    BuildParams = Build

    def spoil(self, ids: Ids, params: Any) -> Ids:
        ids[:, ids.shape[1] * self.params.quality // 4 :] = -1
        return ids
