"""A leaf of a filter: the test of one attribute, as one class that says everything about itself.

It knows its operator, the filter types that it stands for, the kinds of attribute that it tests, which items pass, and
how it is drawn, written and read. To add one, add a subclass of `Leaf` to `bench.core.filters`.
"""

from __future__ import annotations

import abc
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, ClassVar, Self

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from bench.core.columns import Column, Ids, Kind
from bench.core.errors import BenchError


class FilterType(StrEnum):
    """The filter types of the field: three leaves, their conjunctions over several attributes, anything, nothing."""

    EM = "EM"
    R = "R"
    EMIS = "EMIS"
    MEM = "MEM"
    MR = "MR"
    MEMIS = "MEMIS"
    C = "C"
    NONE = "none"


@dataclass(frozen=True)
class Leaf(abc.ABC):
    """A test of one attribute.

    A subclass is a frozen dataclass whose fields after `attribute` are its operands. It is written as
    ``{operator: [attribute, *operands]}``, and the `operator` that it names makes it available everywhere.

    Attributes:
        operator: its name in JSON and in the expressions of workloads.
        kinds: the kinds of attribute that it can test.
        alone: the filter type of one such leaf.
        joined: the filter type of a conjunction of several such leaves.
        attribute: the name of the attribute that it tests.
    """

    operator: ClassVar[str]
    kinds: ClassVar[tuple[Kind, ...]]
    alone: ClassVar[FilterType] = FilterType.C
    joined: ClassVar[FilterType] = FilterType.C
    attribute: str

    def __init_subclass__(cls) -> None:
        LEAVES[cls.operator] = cls

    @property
    def operands(self) -> tuple[Any, ...]:
        """What stands beside the attribute, in the order of the fields."""
        return tuple(getattr(self, f.name) for f in fields(self)[1:])

    def values(self) -> tuple[Any, ...]:
        """Return the values that it asks for; each must be of the type that the attribute has."""
        return self.operands

    def fitted(self, column: Column) -> Self:
        """Return it with the values of a column in place of what people wrote.

        Raises:
            ValueError: the column cannot have what it asks for.
        """
        return type(self)(self.attribute, *map(column.value_of, self.operands))

    def given(self, column: Column) -> Self:
        """Return it as people would write it, the inverse of `fitted`."""
        return type(self)(self.attribute, *map(column.given, self.operands))

    @abc.abstractmethod
    def mask(self, column: Column, items: Ids | None) -> NDArray[np.bool_]:
        """Return whether items pass, given the attribute's column: bool[n] over all, or a value for each of `items`."""

    @classmethod
    def draw(cls, attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Self]:
        """Return one filter per anchor; the default asks for a value of the anchor, which therefore passes.

        Args:
            attribute: the name of the attribute.
            column: the values of the items, of one of the `kinds`.
            rng: the source of randomness.
            anchors: int64[q], ids of items among the `candidates`.
        """
        return [cls(attribute, value) for value in column.pick(anchors, rng)]  # type: ignore[call-arg]

    @classmethod
    def candidates(cls, column: Column) -> NDArray[np.bool_]:
        """Return which items can be anchors, bool[n]: by default those that have a value."""
        return column.present

    @classmethod
    def check_kind(cls, attribute: str, kind: Kind) -> None:
        """Check that it can test attributes of a kind.

        Raises:
            BenchError: it cannot.
        """
        if kind not in cls.kinds:
            raise BenchError(
                f"'{cls.operator}' cannot test the {kind} attribute '{attribute}'; "
                f"it tests {' or '.join(cls.kinds)} attributes"
            )


LEAVES: dict[str, type[Leaf]] = {}
"""The leaves by their operators; a class adds itself."""


def draw_leaf(leaf: type[Leaf], attribute: str, column: Column, rng: Generator, anchors: Ids) -> list[Leaf]:
    """Return one filter per anchor; anchors that cannot pass are replaced by random items that can.

    Raises:
        BenchError: the leaf cannot test attributes of this kind, or no item can be an anchor.
    """
    leaf.check_kind(attribute, column.kind)
    return leaf.draw(attribute, column, rng, anchors_for(leaf, attribute, column, rng, anchors))


def anchors_for(leaf: type[Leaf], attribute: str, column: Column, rng: Generator, anchors: Ids) -> Ids:
    """Return the anchors, with random `Leaf.candidates` in place of those that are none.

    Raises:
        BenchError: there is no candidate.
    """
    candidates = leaf.candidates(column)
    ids = np.flatnonzero(candidates)
    if not len(ids):
        raise BenchError(f"no filter '{leaf.operator}' can be drawn on attribute '{attribute}': no item has a value")
    return np.where(candidates[anchors], anchors, ids[rng.integers(len(ids), size=len(anchors))])
