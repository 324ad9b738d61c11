"""Dates and times as ISO 8601 writes them, exact to any part of a second."""

from __future__ import annotations

import datetime as dt
import re
from fractions import Fraction

import numpy as np

_ISO = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.(\d{1,12}))?)?)(Z|[+-]\d\d:?\d\d)?)?")
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def seconds_of(given: object) -> Fraction:
    """Return the seconds since 1970-01-01 UTC of an ISO date or timestamp.

    Raises:
        ValueError: it is not one.
    """
    matched = _ISO.fullmatch(given) if isinstance(given, str) else None
    if matched is None:
        raise ValueError(f"{given!r} is not an ISO date or timestamp")
    date, time, fraction, offset = matched.groups(default="")
    clock = time.partition(".")[0] or "00:00"
    instant = dt.datetime.fromisoformat(f"{date}T{clock}{offset or 'Z'}")
    return Fraction((instant - _EPOCH) // dt.timedelta(seconds=1)) + Fraction(int(fraction or 0), 10 ** len(fraction))


def iso_of(number: int, part: str) -> str:
    """Return the ISO date and time of a number of parts of seconds (``s``, ``ms``, ``us``, ``ns``) since 1970."""
    whole, _, fraction = str(np.int64(number).view(f"M8[{part}]")).partition(".")
    fraction = fraction.rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole
