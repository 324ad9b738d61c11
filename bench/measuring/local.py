"""A worker without a process of its own, for measurements of the harness and for compiling."""

from __future__ import annotations

import gc
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from algorithms.base import Algorithm, Data
from bench.core.attributes import Attributes
from bench.core.leaf import FilterType
from bench.measuring.child import Exchange
from bench.measuring.messages import Request, Task
from bench.measuring.rerank import Reranked
from bench.measuring.serving import Server


class LocalWorker:
    """Answers like `bench.measuring.child.Child`, in this process."""

    def __init__(self, task: Task, method: type[Algorithm], data: Data | None = None) -> None:
        """Serve a method; `data` are the items, where they are in memory already."""
        self._server = Server(task, method, data)

    @classmethod
    def searching(cls, algorithm: Algorithm | Reranked, attributes: Attributes) -> LocalWorker:
        """Return a worker that searches an index that is in memory already."""
        method = type(algorithm.algorithm if isinstance(algorithm, Reranked) else algorithm)
        data = Data(np.empty((attributes.n, 0), np.float32), attributes, (), FilterType.NONE, 1, 0)
        worker = cls(Task(target=method.__name__), method, data)
        worker._server.take(algorithm)
        return worker

    def ask(self, request: Request, queries: NDArray[np.float32] | None = None) -> Exchange:
        """Do what is asked."""
        collects = gc.isenabled()
        started = perf_counter()
        if queries is not None:
            queries = queries.view()
            queries.flags.writeable = False  # as in a worker; kernels are compiled for one or the other
        reply, answers = self._server.answer(request, queries)
        elapsed = perf_counter() - started
        if collects:
            gc.enable()
        return Exchange(reply, elapsed, tuple(answers))
