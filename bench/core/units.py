"""What the numbers of an ordered column count, and how people write them in filters.

===========  ===================  ==================================  ==========================================
unit         numbers              people write                        example
===========  ===================  ==================================  ==========================================
integers     int64                a number                            ``42``
floats       float64              a number                            ``22.26``
decimals     int64, of 10^-places a number, or its digits as a string ``22.26``, ``"22.26"``
dates        int64, days          an ISO date, or days since 1970     ``"2024-02-29"``, ``19782``
timestamps   int64, s to ns, UTC  an ISO date and time; UTC if it     ``"2024-02-29T06:37:00.5+01:00"``
                                  has no offset
times        int64, s to ns       an ISO time of day                  ``"06:37:00.5"``
durations    int64, s to ns       seconds, or their digits            ``0.25``
===========  ===================  ==================================  ==========================================

What people write is compared exactly: 0.1 in a filter on decimals is a tenth, and a range from 2.5 over integers starts
at 3.
"""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, ClassVar, TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from bench.core.iso import iso_of, seconds_of

Number: TypeAlias = int | float
"""A value of an ordered column: int, or float where the unit is floats."""

_MOST_DIGITS = 400
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_DAY = 86_400


class Unit(abc.ABC):
    """The unit of an ordered column.

    Attributes:
        noun: what its values are, for errors.
        is_float: whether its numbers are float64 rather than int64.
    """

    noun: ClassVar[str]
    is_float: ClassVar[bool] = False

    @property
    @abc.abstractmethod
    def arrow_type(self) -> pa.DataType:
        """The Arrow type that stores it."""

    def to_arrow(self, values: NDArray[Any], present: NDArray[np.bool_]) -> pa.Array:
        """Return numbers as an Arrow array of `arrow_type`, with null where `present` bool[n] is false."""
        return pa.array(values, mask=~present).cast(self.arrow_type)

    @abc.abstractmethod
    def exact(self, given: object) -> Fraction:
        """Return what people write as an exact number of the unit, even if the column cannot hold it.

        Raises:
            ValueError: it is not a value of this unit.
        """

    @abc.abstractmethod
    def given(self, number: Number) -> Any:
        """Return a number as people write it in JSON, the inverse of `exact`."""


@dataclass(frozen=True)
class Integers(Unit):
    """Whole numbers."""

    noun = "integers"

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return pa.int64()

    def exact(self, given: object) -> Fraction:
        """Take a number; only whole ones are equal to a value."""
        return _number(given)

    def given(self, number: Number) -> int:
        """Return the number."""
        return int(number)


INTEGERS = Integers()


@dataclass(frozen=True)
class Floats(Unit):
    """Floating-point numbers; of 32 bits or fewer, they are rounded as the column is, so that 0.1 equals its 0.1."""

    noun = "numbers"
    is_float = True
    bits: int = 64

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return {16: pa.float16(), 32: pa.float32(), 64: pa.float64()}[self.bits]

    def exact(self, given: object) -> Fraction:
        """Take a number, rounded to the bits of the column."""
        number = _number(given)
        if self.bits == 64:
            return number
        narrow: type[np.floating[Any]] = np.float16 if self.bits == 16 else np.float32
        with np.errstate(over="ignore"):
            rounded = float(narrow(_nearest_float(number)))
        return Fraction(rounded) if math.isfinite(rounded) else number

    def given(self, number: Number) -> float:
        """Return the number."""
        return float(number)


@dataclass(frozen=True)
class Decimals(Unit):
    """Decimal numbers with a fixed number of decimal places."""

    noun = "decimals"
    places: int

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return pa.decimal128(38, self.places)

    def to_arrow(self, values: NDArray[Any], present: NDArray[np.bool_]) -> pa.Array:
        """See `Unit.to_arrow`; the upper half of 128 bits repeats the sign."""
        words = np.ascontiguousarray(np.stack([values, values >> 63], axis=1), "<i8")
        validity = pa.py_buffer(np.packbits(present, bitorder="little"))
        return pa.Array.from_buffers(self.arrow_type, len(values), [validity, pa.py_buffer(words)])

    def exact(self, given: object) -> Fraction:
        """Take a number, or a string of its digits."""
        return _decimal(given) * Fraction(10) ** self.places

    def given(self, number: Number) -> int | float | str:
        """Return the number, as a string where no float holds it."""
        return _digits(Fraction(number) / Fraction(10) ** self.places)


@dataclass(frozen=True)
class Dates(Unit):
    """Days since 1970-01-01."""

    noun = "dates, such as 2024-02-29"

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return pa.date32()

    def to_arrow(self, values: NDArray[Any], present: NDArray[np.bool_]) -> pa.Array:
        """See `Unit.to_arrow`; Arrow stores days in 32 bits."""
        return super().to_arrow(values.astype(np.int32), present)

    def exact(self, given: object) -> Fraction:
        """Take an ISO date, with a time or without, or a number of days."""
        return seconds_of(given) / _DAY if isinstance(given, str) else _number(given)

    def given(self, number: Number) -> str:
        """Return the ISO date."""
        return str(np.int64(number).view("M8[D]"))


@dataclass(frozen=True)
class Timestamps(Unit):
    """Points in time, counted in seconds or a part of them since 1970 in UTC."""

    noun = "timestamps, such as 2024-02-29T06:37:00Z"
    part: str

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return pa.timestamp(self.part, "UTC")

    def exact(self, given: object) -> Fraction:
        """Take an ISO date with a time, which is midnight if it is absent, and an offset, which is UTC if absent."""
        return seconds_of(given) * _PER_SECOND[self.part]

    def given(self, number: Number) -> str:
        """Return the ISO date and time in UTC."""
        return f"{iso_of(int(number), self.part)}Z"


@dataclass(frozen=True)
class Times(Unit):
    """Times of day, counted in seconds or a part of them since midnight."""

    noun = "times of day, such as 06:37:00"
    part: str

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return pa.time64(self.part) if self._is_long else pa.time32(self.part)

    @property
    def _is_long(self) -> bool:
        return self.part in ("us", "ns")

    def to_arrow(self, values: NDArray[Any], present: NDArray[np.bool_]) -> pa.Array:
        """See `Unit.to_arrow`; Arrow stores seconds and milliseconds in 32 bits."""
        return super().to_arrow(values if self._is_long else values.astype(np.int32), present)

    def exact(self, given: object) -> Fraction:
        """Take an ISO time of day, without an offset."""
        try:
            return seconds_of(f"1970-01-01T{given}Z") * _PER_SECOND[self.part]
        except ValueError:
            raise ValueError(f"{given!r} is not an ISO time of day") from None

    def given(self, number: Number) -> str:
        """Return the ISO time of day."""
        return iso_of(int(number), self.part).partition("T")[2]


@dataclass(frozen=True)
class Durations(Unit):
    """Lengths of time, counted in seconds or a part of them."""

    noun = "durations in seconds"
    part: str

    @property
    def arrow_type(self) -> pa.DataType:
        """See `Unit.arrow_type`."""
        return pa.duration(self.part)

    def exact(self, given: object) -> Fraction:
        """Take seconds as a number, or as a string of its digits."""
        return _decimal(given) * _PER_SECOND[self.part]

    def given(self, number: Number) -> int | float | str:
        """Return seconds, as a string where no float holds them."""
        return _digits(Fraction(number) / _PER_SECOND[self.part])


def held(number: Fraction, unit: Unit) -> Number | None:
    """Return the number of a unit that equals an exact one; None if none does."""
    if not unit.is_float:
        return int(number) if number.denominator == 1 else None
    nearest = _nearest_float(number)
    return nearest if math.isfinite(nearest) and Fraction(nearest) == number else None


def next_above(number: Fraction, unit: Unit) -> Number:
    """Return the least number of a unit that is above an exact one."""
    if not unit.is_float:
        return math.floor(number) + 1
    nearest = _nearest_float(number)
    return nearest if nearest > number else math.nextafter(nearest, math.inf)


def next_below(number: Fraction, unit: Unit) -> Number:
    """Return the greatest number of a unit that is below an exact one."""
    return -next_above(-number, unit)


def _nearest_float(number: Fraction) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def _number(given: object) -> Fraction:
    if isinstance(given, bool) or not isinstance(given, int | float):
        raise ValueError(f"{given!r} is not a number")
    if isinstance(given, float) and not math.isfinite(given):
        raise ValueError(f"{given!r} is not a finite number")
    return Fraction(given)


def _decimal(given: object) -> Fraction:
    """Return a number as its digits say: 0.1 is a tenth, and not the float that is nearest to a tenth."""
    if not isinstance(given, str | float):
        return _number(given)
    try:
        decimal = Decimal(given if isinstance(given, str) else repr(given))
    except InvalidOperation:
        raise ValueError(f"{given!r} is not a number") from None
    if not decimal.is_finite() or abs(decimal.adjusted()) > _MOST_DIGITS:
        raise ValueError(f"{given!r} is not a finite number")
    return Fraction(decimal)


def _digits(number: Fraction) -> int | float | str:
    if number.denominator == 1:
        return int(number)
    decimal = Decimal(number.numerator) / Decimal(number.denominator)
    return float(decimal) if Decimal(repr(float(decimal))) == decimal else str(decimal)
