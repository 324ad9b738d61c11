"""What a method may say of its plans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.core.plans import MOST_PLANS, QueryPlans

INDEX = np.array([0, 1, 1])
ESTIMATES = np.array([0.1, np.nan, 0.0], np.float32)


def test_plans_have_a_name_and_perhaps_an_estimate_per_query() -> None:
    assert QueryPlans(("walk", "scan"), INDEX, ESTIMATES).fault(3) is None
    plans = QueryPlans.without_estimates(("walk", "scan"), INDEX)
    assert plans.fault(3) is None
    assert np.isnan(plans.estimates).all()
    assert QueryPlans.without_estimates(("walk",), INDEX[:0]).fault(0) is None


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"names": ()}, "0 names of plans"),
        ({"names": tuple(map(str, range(MOST_PLANS + 1)))}, f"{MOST_PLANS + 1} names of plans"),
        ({"names": ("walk", "")}, "a plan named ''"),
        ({"names": ("walk", " ")}, "a plan named ' '"),
        ({"names": ("walk", "x" * 81)}, "a plan named 'xxx"),
        ({"names": ("walk", "\x1b[31m")}, r"a plan named '\x1b[31m'"),
        ({"names": ("walk", "\ud800")}, r"a plan named '\ud800'"),
        ({"names": ("walk", "walk")}, "two plans of the same name"),
        ({"index": INDEX[:2]}, "plans as int64[2] where integer[3] is expected"),
        ({"index": INDEX[:, None]}, "plans as int64[3, 1] where"),
        ({"index": INDEX.astype(np.float64)}, "plans as float64[3] where"),
        ({"index": INDEX == 1}, "plans as bool[3] where"),
        ({"index": INDEX - 1}, "plans -1 to 0, where there are 2 names"),
        ({"index": INDEX + 1}, "plans 1 to 2, where there are 2 names"),
        ({"estimates": ESTIMATES[:2]}, "estimates as float32[2] where float[3] is expected"),
        ({"estimates": INDEX}, "estimates as int64[3] where"),
        ({"estimates": -np.ones(3)}, "an estimate that is negative"),
        ({"estimates": np.full(3, np.inf)}, "an estimate that is negative or above"),
        ({"estimates": np.full(3, 1e300)}, "an estimate that is negative or above"),
    ],
)
def test_what_cannot_be_the_plans_of_queries_is_a_fault(changed: dict[str, Any], fault: str) -> None:
    plans: dict[str, Any] = {"names": ("walk", "scan"), "index": INDEX, "estimates": ESTIMATES} | changed
    assert str(QueryPlans(**plans).fault(3)).startswith(fault)
