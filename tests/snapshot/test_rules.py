"""Every attribute, on records with the peculiarities of the snapshot."""

from __future__ import annotations

from typing import Any

import pytest

from bench.datasets.json_attributes import PUBLISHED_KINDS
from bench.snapshot import rules

PLAIN: dict[str, Any] = {
    "id": "0704.0001",
    "submitter": "Pavel Nadolsky",
    "title": "Calculation of prompt diphoton production",
    "comments": "37 pages,\n  15 figures",
    "categories": "hep-ph",
    "license": None,
    "abstract": "A fully differential calculation.",
    "versions": [{"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"}, {"version": "v2", "created": "x"}],
    "update_date": "2008-11-26",
    "authors_parsed": [["Balázs", "C.", ""], ["Berger", "E. L.", ""]],
}


def test_a_plain_record() -> None:
    attributes = rules.attributes_of(PLAIN)
    assert list(attributes) == list(PUBLISHED_KINDS)
    assert attributes == {
        "submitter": "Pavel Nadolsky",
        "has_comment": True,
        "number_of_main_categories": 1,
        "main_categories": ["hep-ph"],
        "number_of_sub_categories": 1,
        "sub_categories": ["hep-ph"],
        "license": None,
        "number_of_versions": 2,
        "update_date": 14209,
        "number_of_authors": 2,
        "authors": ["C. Balázs", "E. L. Berger"],
    }


@pytest.mark.parametrize("missing", [{"submitter": None}, {"submitter": "  "}])
def test_no_submitter(missing: dict[str, Any]) -> None:
    assert rules.attributes_of(PLAIN | missing)["submitter"] is None
    without = {name: value for name, value in PLAIN.items() if name not in ("submitter", "license", "comments")}
    attributes = rules.attributes_of(without)
    assert (attributes["submitter"], attributes["license"], attributes["has_comment"]) == (None, None, False)


@pytest.mark.parametrize(("comments", "expected"), [(None, False), ("", False), (" \n", False), ("v2", True)])
def test_a_comment_is_more_than_white_space(comments: str | None, expected: bool) -> None:
    assert rules.attributes_of(PLAIN | {"comments": comments})["has_comment"] is expected


@pytest.mark.parametrize(
    ("categories", "subs", "mains"),
    [
        ("math.DG", ["math.DG"], ["math"]),
        ("math.CO cs.DM cs.DS math.PR", ["math.CO", "cs.DM", "cs.DS", "math.PR"], ["math", "cs"]),
        ("hep-th math-ph math.MP", ["hep-th", "math-ph", "math.MP"], ["hep-th", "math-ph", "math"]),
        ("cond-mat.str-el  cond-mat", ["cond-mat.str-el", "cond-mat"], ["cond-mat"]),
        ("solv-int solv-int nlin.SI", ["solv-int", "nlin.SI"], ["solv-int", "nlin"]),
    ],
)
def test_categories_and_archives(categories: str, subs: list[str], mains: list[str]) -> None:
    attributes = rules.attributes_of(PLAIN | {"categories": categories})
    assert (attributes["sub_categories"], attributes["number_of_sub_categories"]) == (subs, len(subs))
    assert (attributes["main_categories"], attributes["number_of_main_categories"]) == (mains, len(mains))


@pytest.mark.parametrize(
    ("parsed", "expected"),
    [
        ([["Bond", "James", "Jr"]], ["James Bond Jr"]),
        ([["Bond", "James", "", "University of X", "Y"]], ["James Bond"]),
        ([["Collaboration", "", ""]], ["Collaboration"]),
        ([["Kova\u0301cs", "L.", ""]], ["L. Kov\u00e1cs"]),
        ([["山田", "太郎", ""], ["Erd\\H{o}s", "P.", ""]], ["太郎 山田", "P. Erd\\H{o}s"]),
        ([["A", "B", ""], ["A", "B", ""], ["", "", ""]], ["B A"]),
        ([["Person", None, ""], ["Other", "A.", None]], ["Person", "A. Other"]),
        ([[None, None, None]], []),
        ([], []),
    ],
)
def test_authors(parsed: list[list[str | None]], expected: list[str]) -> None:
    attributes = rules.attributes_of(PLAIN | {"authors_parsed": parsed})
    assert (attributes["authors"], attributes["number_of_authors"]) == (expected, len(expected))


def test_one_version() -> None:
    assert rules.attributes_of(PLAIN | {"versions": PLAIN["versions"][:1]})["number_of_versions"] == 1


@pytest.mark.parametrize(("date", "expected"), [("1970-01-01", 0), ("1969-12-31", -1), ("2024-02-29", 19782)])
def test_dates_are_days(date: str, expected: int) -> None:
    assert rules.attributes_of(PLAIN | {"update_date": date})["update_date"] == expected


@pytest.mark.parametrize(
    "broken",
    [
        {"categories": "  "},
        {"versions": []},
        {"versions": 3},
        {"update_date": "2023-02-29"},
        {"update_date": 7},
        {"authors_parsed": [["alone"]]},
        {"authors_parsed": "Bond, J."},
        {"authors_parsed": [["Bond", 7, ""]]},
    ],
)
def test_malformed_records_are_refused(broken: dict[str, Any]) -> None:
    with pytest.raises((ValueError, TypeError, KeyError, IndexError)):
        rules.attributes_of(PLAIN | broken)
