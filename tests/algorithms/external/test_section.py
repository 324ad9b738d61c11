"""The section `external`: every fault in it is one sentence before anything runs, which names the nearest choice."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from bench.config.algorithm import AlgorithmConfig
from bench.config.typed import typed
from bench.core.errors import BenchError
from bench.core.templates import command_words

SECTION: dict[str, Any] = {
    "name": "mine",
    "target": "algorithms.external.Program",
    "build": {"M": 16},
    "search": {"ef": [10, 20]},
    "external": {
        "paper": "none",
        "year": 2026,
        "approach": "none",
        "technique": "none",
        "serves": ["EM"],
        "build": "./build {vectors} {build.M} {index}",
        "search": "./search {index} {k} {search.ef} {ids}",
        "inputs": {"vectors": "fvecs"},
        "seconds": {"pattern": "took (.*)"},
    },
}


def checked(key: str, value: Any) -> AlgorithmConfig:
    """Check the section with a value at a key below `external`, such as ``ids.format``."""
    values = copy.deepcopy(SECTION)
    *path, last = key.split(".")
    group = values["external"]
    for name in path:
        group = group.setdefault(name, {})
    group[last] = value
    config = typed(AlgorithmConfig, values, "algorithm")
    config.check()
    return config


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("search", "./search {quieries}", "search has no placeholder {quieries}; did you mean 'queries'?"),
        ("search", "./search {search.eff}", "search has no placeholder {search.eff}; did you mean 'search.ef'?"),
        ("search", "./search {k:3}", "search has no placeholder {k:3}"),
        ("build", "./build {k}", "build has no placeholder {k}; choose from build.M, dim, index"),
        ("ids.path", "{idss}_{k}", "ids.path has no placeholder {idss}; did you mean 'ids'?"),
        ("seconds.path", "{second}", "seconds.path has no placeholder {second}; did you mean 'seconds'?"),
        ("search", "./search {queries}", "uses {queries}; set algorithm.external.inputs.queries to a format"),
        ("search", "./search {k", "cannot be read: expected '}' before end of string"),
        ("search", "./search 'k", "cannot be read: No closing quotation"),
        ("search", " ", "algorithm.external.search is empty"),
        ("serves", ["EMM"], "'EMM' is unknown; did you mean 'EM'?"),
        ("why_not", {"RR": "no"}, "serves: 'RR' is unknown"),
        ("inputs.vectors", "fvec", "inputs.vectors=fvec is unknown; did you mean 'fvecs'?"),
        ("inputs.vectors", "raw:n=int8", "inputs.vectors=raw:n=int8 is unknown; raw:n=int32,d=int32 is a header"),
        ("inputs.vectors", "integers", "inputs.vectors=integers is unknown"),
        ("inputs.label", "text", "inputs: 'label' is unknown; did you mean 'labels'?"),
        ("inputs.queries", "custom", "inputs.queries=custom is unknown"),
        ("ids.format", "ivec", "ids.format: 'ivec' is unknown; did you mean 'ivecs'?"),
        ("ids.pattern", ".*", "ids.pattern='.*' has 0 groups; it should have one"),
        ("ids.formt", "text", "algorithm.external.ids has no key 'formt'; did you mean 'format'?"),
        ("idss", {}, "algorithm.external has no key 'idss'; did you mean 'ids'?"),
        ("seconds.unit", "hours", "seconds.unit: 'hours' is unknown"),
        ("seconds.pattern", "(", "seconds.pattern='(' is not a regular expression"),
        ("seconds", None, "seconds is not set; a program that runs once per search says how long it searched"),
        ("question", "ask {k}", "seconds is set, but the harness times a program that stays"),
        ("order", "sort", "order: 'sort' is unknown; did you mean 'sorted'?"),
        ("year", "soon", "algorithm.external.year"),
    ],
)
def test_a_fault_is_one_sentence(key: str, value: Any, message: str) -> None:
    with pytest.raises(BenchError) as error:
        checked(key, value)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_section_without_faults_is_accepted() -> None:
    external = checked("inputs.vectors", "raw:n=int64,d=int32").external
    assert external is not None
    assert external.timed_by == "program"


def test_a_value_with_spaces_stays_one_word() -> None:
    assert command_words("./a '{index}/x y' {{k}} {k}", {"index": "/b c", "k": 3}) == ["./a", "/b c/x y", "{k}", "3"]
