"""From a plan to what a worker is told and may touch."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from bench.core.leaf import FilterType
from bench.core.paths import PROJECT
from bench.measuring.child import search_path
from bench.measuring.messages import Task
from bench.runs.plan import Plan
from bench.system.sandbox import Sandbox


def task_of(plan: Plan, repeat: int, index: Path, threads: int) -> Task:
    """Return a plan as a worker is told it: to build into the folder `index`, or to search from it."""
    config, workload = plan.config, plan.workload
    return Task(
        target=config.algorithm.target,
        build_params=plan.build_params,
        vectors=plan.searched.vectors.resolve(),
        metric=plan.searched.metric,
        attributes=workload.attributes_path.resolve() if workload.attributes_path else None,
        filtered=plan.indexed,
        filter_type=FilterType.C if plan.named else workload.filter_type,
        codes=plan.codes.resolve() if plan.codes else None,
        rerank=config.storage.candidates,
        seed=config.seed + repeat,
        threads=threads,
        memory_limit=plan.memory_limit,
        index=index.resolve(),
        search_path=search_path(),
        external=config.algorithm.external,
        search_params=plan.settings[0],
        inputs=plan.inputs,
        shards=config.shards,
    )


def sandbox_of(plan: Plan, task: Task, hidden: Iterable[Path], *, writable: Path) -> Sandbox:
    """Return what a worker may do with files: it sees neither queries, true answers nor results.

    It may list the folder that it imports from besides the installed ones, which may have results in it.

    Args:
        plan: the run.
        task: what the worker is told; it may read the files that this names.
        hidden: folders of results and of derived data. Those of the dataset are added.
        writable: the folder of the run.
    """
    dataset = plan.dataset
    files = [dataset.vectors, dataset.queries, *filter(None, [dataset.attributes, dataset.filters, dataset.truth])]
    files += dataset.origins
    places = [*files, *(file.resolve() for file in files)]
    folders = [*hidden, *(place if place.is_dir() else place.parent for place in places)]
    folders += filter(None, [dataset.folder])
    secret = {folder.resolve() for folder in folders}
    code = {Path(entry or ".").resolve() for entry in [*sys.path, sys.prefix, sys.base_prefix, str(PROJECT)]}
    named = [
        task.vectors,
        task.attributes,
        task.codes,
        task.index,
        *task.inputs.values(),
        *plan.method.sources,
        *plan.method.files,
    ]
    return Sandbox(
        hidden=tuple(sorted(secret)),
        readable=(*(path for path in named if path), *sorted(code - secret)),
        listable=tuple(sorted(code & secret | set(task.search_path))),
        writable=(writable.resolve(), Path("/dev"), *(Path(path).resolve() for path in plan.config.limits.writable)),
    )
