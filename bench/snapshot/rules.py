"""The eleven attributes, derived from a record of arXiv's metadata."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Mapping
from typing import Any

EPOCH = dt.date(1970, 1, 1).toordinal()

REQUIRED = ("id", "title", "abstract", "categories", "versions", "update_date", "authors_parsed")
"""The required fields of a record; others may be missing or null."""


def attributes_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the eleven attributes of a record, in the order of the published layout.

    Raises:
        ValueError, TypeError, KeyError, IndexError: a required field is missing or has an unexpected form.
    """
    subs = sub_categories(record["categories"])
    mains = main_categories(subs)
    names = authors(record["authors_parsed"])
    return {
        "submitter": text(record.get("submitter")),
        "has_comment": text(record.get("comments")) is not None,
        "number_of_main_categories": len(mains),
        "main_categories": mains,
        "number_of_sub_categories": len(subs),
        "sub_categories": subs,
        "license": text(record.get("license")),
        "number_of_versions": number_of_versions(record["versions"]),
        "update_date": days(record["update_date"]),
        "number_of_authors": len(names),
        "authors": names,
    }


def text(value: Any) -> str | None:
    """Return a text with every run of white space replaced by one blank; None for null and for white space only."""
    return " ".join(value.split()) or None if value is not None else None


def sub_categories(categories: str) -> list[str]:
    """Return the categories as arXiv writes them (``math.DG``, ``hep-th``), in its order: the primary one is first."""
    names = list(dict.fromkeys(categories.split()))
    if not names:
        raise ValueError("no category")
    return names


def main_categories(subs: list[str]) -> list[str]:
    """Return the archives, the parts before the dot (``math``, ``hep-th``), in order and without repeats."""
    return list(dict.fromkeys(sub.partition(".")[0] for sub in subs))


def authors(parsed: list[list[str | None]]) -> list[str]:
    """Return the names as ``First Last Suffix`` in NFC, in order and without repeats; affiliations are dropped.

    Parts that are null are left out.
    """
    names = []
    for last, first, *rest in parsed:
        suffix = rest[0] if rest else ""
        name = " ".join(" ".join(part for part in (first, last, suffix) if part is not None).split())
        names.append(name if name.isascii() else unicodedata.normalize("NFC", name))
    return [name for name in dict.fromkeys(names) if name]


def number_of_versions(versions: list[Any]) -> int:
    """Return the number of versions, at least one."""
    if not isinstance(versions, list) or not versions:
        raise ValueError("no version")
    return len(versions)


def days(date: str) -> int:
    """Return an ISO date (``2009-05-13``) as days since 1970-01-01."""
    return dt.date.fromisoformat(date).toordinal() - EPOCH
