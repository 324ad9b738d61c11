"""The plans by which a worker says that it answered the queries of a workload, checked."""

from __future__ import annotations

from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from bench.core.plans import QueryPlans
from bench.measuring.child import Exchange, WorkerFailed
from bench.results.rows import Status


class PlansOfWorkload(NamedTuple):
    """The plan of every query of a workload.

    Attributes:
        names: object[q], the name of each query's plan; None where the method has no plans, or was not asked.
        estimates: float32[q], the seconds that the method expected; NaN where unknown.
    """

    names: NDArray[np.object_]
    estimates: NDArray[np.float32]

    @classmethod
    def unknown(cls, queries: int) -> Self:
        """Return plans to be filled in."""
        return cls(np.full(queries, None, np.object_), np.full(queries, np.nan, np.float32))

    def put(self, rows: NDArray[np.int64], exchange: Exchange) -> None:
        """Fill in what a worker replied when it was asked for the plans of its last search, of the queries `rows`.

        Raises:
            WorkerFailed: what it replied cannot be the plans of these queries.
        """
        if not exchange.reply.plans:
            return
        plans = QueryPlans(exchange.reply.plans, *exchange.answers)
        if fault := plans.fault(len(rows)):
            raise WorkerFailed(Status.INVALID, f"plans() returned {fault}")
        self.names[rows] = np.array(plans.names, np.object_)[plans.index]
        self.estimates[rows] = plans.estimates
