"""Build and search the shards of one index on the machines of a Ray cluster, and judge the merged answers.

    python -m examples.shards_on_ray workload=em algorithm=filtered_vamana shards=2

It takes the keys of ``python -m bench.run``, and is started in a folder that all machines share. Every shard is an
actor, which keeps its index in the cache of the results folder, and starts again elsewhere if its machine is lost.

Nothing is stored as a result. The harness confines and times processes of its own machine; it can do neither to those
of a cluster. ``python -m bench.run shards=2`` measures the same index, one shard after the other.
"""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import ray
from numpy.typing import NDArray
from omegaconf import DictConfig

from algorithms.loading import load_target
from algorithms.sharded import Answers, Shard, blocks, merge
from bench.config.command import command
from bench.core.errors import BenchError
from bench.core.filters import Filter
from bench.datasets.dataset import load_rows
from bench.measuring.messages import Task
from bench.measuring.serving import Server
from bench.runs.config import parse_run
from bench.runs.plan import Plan, make_plan
from bench.runs.rows import court_of
from bench.runs.tasks import task_of
from bench.system.cache import Cache
from bench.system.folders import results_cache
from bench.truth.judge import judge
from bench.workloads.ground_truth import ground_truth


@ray.remote(num_cpus=0, scheduling_strategy="SPREAD", max_restarts=1, max_task_retries=1)
class RemoteShard:
    """A shard on some machine of the cluster."""

    def __init__(self, task: Task, number: int, cache: Cache, build_id: str) -> None:
        """Build the shard, unless the cache has it, and load it."""
        method = load_target(task.target)
        data = Server(task, method).data
        self._task, self._method, self._number = task, method, number
        self._rows = blocks(len(data.source), task.shards)[number]
        self._shard = Shard(method, method.BuildParams(**task.build_params), data, self._rows)
        self._shard.load(cache.folder("shards", f"{build_id}-{number}", self._build))

    def _build(self, folder: Path) -> None:
        self._shard.build()
        self._shard.save(folder)

    def place(self) -> tuple[str, int]:
        """Return which items it holds and where, in words, and the process that holds them."""
        items = f"items {self._rows.start:,} to {self._rows.stop - 1:,}"
        return f"shard {self._number}: {items}, on {platform.node()}, process {os.getpid()}", os.getpid()

    def search(
        self, queries: NDArray[np.float32], filters: Sequence[Filter], k: int, params: dict[str, Any]
    ) -> Answers:
        """Return the answers to queries float32[q, d]."""
        prepared, params_of_method = self._shard.prepare(filters), self._method.SearchParams(**params)
        return self._shard.search(queries, prepared, k, params_of_method, self._task.threads)


def start(plan: Plan) -> list[Any]:
    """Start an actor for every shard of a plan."""
    cache = Cache(results_cache(plan.config.results).root.resolve())
    task = task_of(plan, 0, cache.root, plan.threads_build)
    return [RemoteShard.remote(task, number, cache, plan.build_id) for number in range(plan.config.shards)]


def search(shards: Sequence[Any], plan: Plan, setting: dict[str, Any]) -> NDArray[np.int64]:
    """Return int64[q, k], the merged answers of all shards to the queries of a plan."""
    k = plan.config.k
    wanted = k if plan.codes is None else math.ceil(plan.config.storage.candidates * k)
    queries = ray.put(load_rows(plan.searched.queries, plan.workload.rows))
    asked = [shard.search.remote(queries, plan.workload.filters, wanted, setting) for shard in shards]
    return merge(ray.get(asked), k)


def main(config: DictConfig) -> None:
    """Start the shards, and print where each one is and the recall at every search setting."""
    plan = make_plan(parse_run(config))
    if plan.unsupported is not None:
        raise BenchError(f"{plan.config.algorithm.name} cannot answer {plan.workload.name}: {plan.unsupported}")
    try:
        ray.init(include_dashboard=False)
    except ConnectionError as error:
        raise BenchError(f"{error}; start it, or unset RAY_ADDRESS to start one here") from error
    shards = start(plan)
    for place, _ in ray.get([shard.place.remote() for shard in shards]):
        print(place)
    court = court_of(plan, ground_truth(plan.dataset, plan.workload, results_cache(plan.config.results)))
    for setting in plan.settings:
        ids = search(shards, plan, setting)
        verdict = judge(ids, court.k, court.truth, court.filters, court.vectors, court.queries)
        named = ", ".join(f"{name}={value}" for name, value in setting.items()) or "no parameters"
        print(f"{named}: recall {np.nanmean(verdict.recall):.3f}")


if __name__ == "__main__":
    command("run", main)
