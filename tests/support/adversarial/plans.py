"""Methods that state the plans of their queries, and one that states garbage."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.core.masks import FilterBatch
from bench.core.plans import QueryPlans
from tests.support.adversarial.honest import Honest, Search


class HasPlans(Honest):
    """Answers every second query of a batch by another plan, which it expects to take a second longer."""

    queries = 0
    effort = 0

    def search(self, queries: NDArray[np.float32], prepared: FilterBatch, k: int, params: Search, threads: int) -> Any:
        self.queries, self.effort = len(queries), params.effort
        return super().search(queries, prepared, k, params, threads)

    def plans(self) -> Any:
        index = np.arange(self.queries) % 2
        return QueryPlans(("even", "odd"), index, np.where(index, 1.5, 0.5).astype(np.float32))


class HasGarbageForPlans(HasPlans):
    """Depending on the effort: right, beyond the names, not of their type, not numbers."""

    def plans(self) -> Any:
        plans = super().plans()
        return (
            plans,
            QueryPlans(("even",), plans.index, plans.estimates),
            ["even", "odd"],
            QueryPlans(plans.names, np.array(["even"] * self.queries), plans.estimates),
        )[self.effort]
