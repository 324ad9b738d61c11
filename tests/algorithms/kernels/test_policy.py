"""Operations in plain Python: the same answers as compiled, so that kernels can be stepped through."""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from typing import Any, NamedTuple

import numpy as np
import pytest

import algorithms
from algorithms.acorn.method import Acorn
from algorithms.acorn.method import Build as AcornBuild
from algorithms.acorn.method import Search as AcornSearch
from algorithms.base import Algorithm
from algorithms.baselines.hnsw import HnswPostFilter
from algorithms.baselines.hnsw_params import HnswBuild
from algorithms.baselines.widening import WideningSearch
from algorithms.digra.method import Build as DigraBuild
from algorithms.digra.method import Digra
from algorithms.digra.method import Search as DigraSearch
from algorithms.kernels.graph import neighbours
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.filters import Between
from bench.core.paths import PROJECT
from tests.support.problems import Problem, answer

METHODS: list[tuple[type[Algorithm], Any, Any]] = [
    (HnswPostFilter, HnswBuild(M=4, ef_construction=10), WideningSearch(ef=12)),
    (Acorn, AcornBuild(M=3, gamma=3, M_beta=2), AcornSearch(ef=12)),
    (Digra, DigraBuild(M=4, ef_construction=10), DigraSearch(ef=12)),
]


def answers() -> dict[str, Any]:
    """Return what methods answer over 60 items, and the distances that it took.

    Small integers as coordinates make all distances exact, in whatever order sums are taken.
    """
    rng = np.random.default_rng(0)
    vectors, queries = rng.integers(-9, 10, (60, 4)).astype(np.float32), rng.integers(-9, 10, (3, 4)).astype(np.float32)
    filters = (Between("year", 5, 44), Between("year", None, 20), Between("year", 9, 12))
    problem = Problem(vectors, Attributes(60, {"year": ordered(rng.permutation(60).tolist())}), queries, filters)
    result = {}
    for method, build, search in METHODS:
        algorithm = method(build)
        algorithm.build(problem.data())
        result[method.__name__] = [answer(algorithm, problem, search).tolist(), algorithm.distance_computations]
    return result


def test_kernels_answer_the_same_in_plain_python() -> None:
    program = f"import json; from {__name__} import answers; print(json.dumps(answers()))"
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == answers()


class Unheard(NamedTuple):
    """A policy that implements nothing."""


def test_a_policy_without_the_operation_is_named() -> None:
    with pytest.raises(NotImplementedError, match="Unheard does not implement neighbours"):
        neighbours(Unheard(), 0, None, None)  # type: ignore[arg-type]


def test_no_two_policies_have_the_same_name_and_fields() -> None:
    """Numba tells NamedTuples apart by name and fields when it dispatches; of two alike one takes a slow path."""
    for module in pkgutil.walk_packages(algorithms.__path__, "algorithms."):
        if not module.name.startswith(("algorithms.baselines.", "algorithms.engines.")):  # these have no kernels
            importlib.import_module(module.name)
    classes: dict[tuple[str, tuple[str, ...]], set[type]] = {}
    waiting = list(tuple.__subclasses__())
    for policy in waiting:
        if policy.__module__.startswith("algorithms.") and hasattr(policy, "_fields"):
            classes.setdefault((policy.__name__, policy._fields), set()).add(policy)
    assert len(classes) > 50
    assert [policies for policies in classes.values() if len(policies) > 1] == []
