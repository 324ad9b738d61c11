"""The YAML files of the authors' programs: what they say fits the methods, the programs beside them, and the study."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from algorithms.external import Program
from bench.config.algorithm import AlgorithmConfig, algorithm_config
from bench.config.study import StudyConfig, jobs_of
from bench.config.typed import typed
from bench.core.external import External
from bench.core.leaf import FilterType
from bench.core.paths import CONFIGS, PROJECT, options
from bench.reports.tables.fidelity import originals
from bench.runs.config import parse_run
from tests.support.plans import described
from tests.test_configs import composed

NAMES = sorted(name for name in options(CONFIGS / "algorithm") if name.startswith("originals/"))
SOURCES = sorted((PROJECT / "examples" / "originals").glob("*.cpp"))


def yaml(name: str) -> Path:
    return CONFIGS / "algorithm" / f"{name}.yaml"


def external(config: AlgorithmConfig) -> External:
    assert config.external is not None
    return config.external


@pytest.fixture(params=NAMES)
def original(request: pytest.FixtureRequest) -> AlgorithmConfig:
    return algorithm_config(request.param)


def test_an_original_is_a_program_that_expresses_what_it_serves(original: AlgorithmConfig) -> None:
    original.check()
    program = Program.configured(external(original), original.build, original.settings()[0])
    served = [each for each in FilterType if program.unsupported(each) is None]
    assert served == [each for each in FilterType if each in external(original).serves]
    assert served


def test_an_original_has_parameters_of_the_method_beside_it(original: AlgorithmConfig) -> None:
    method = algorithm_config(original.original_of)
    assert original.build.keys() <= method.build.keys()
    assert original.search.keys() <= method.search.keys()
    description = described(method.target)
    description.check_params("build", method.build | original.build)
    for setting in original.settings():
        description.check_params("search", method.settings()[0] | setting)


def test_a_parameter_of_an_original_reaches_it_or_is_fixed_by_it(original: AlgorithmConfig) -> None:
    """One that no command line names says what its code always does; so it is a word, not a number to tune."""
    named = external(original).named
    for phase in ("build", "search"):
        for name, value in getattr(original, phase).items():
            assert f"{phase}.{name}" in named or isinstance(value, str), name


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_command_line_has_the_words_of_the_usage(source: Path) -> None:
    usages = [usage.split() for usage in re.findall(r'\{"([^"]*)", \w+\}', source.read_text().split("int main(")[1])]
    callers = [name for name in NAMES if f"examples/originals/{source.name}" in yaml(name).read_text()]
    commands = [getattr(external(algorithm_config(name)), phase) for name in callers for phase in ("build", "search")]
    calls = [words for words in map(shlex.split, commands) if Path(words[0]).name == source.stem]
    assert len(calls) == len(callers) * len(usages) > 0
    for words in calls:
        assert len(words) - 1 in [len(usage) for usage in usages if usage[0] == words[1]], words


def test_the_study_sets_every_original_beside_its_method() -> None:
    study = typed(StudyConfig, composed("study", "study=fidelity", "scale=smoke"), "study")
    runs = [parse_run(job.compose()) for job in jobs_of(study, [])]
    for name, method in originals().items():
        theirs, ours = ([run for run in runs if run.algorithm.name == one] for one in (name, method))
        served = algorithm_config(f"originals/{method}").external.serves
        assert [run.workload.name for run in theirs] == [run.workload.name for run in ours]
        assert {run.workload.name.upper() for run in theirs} == set(served) & {"EM", "R", "EMIS"}
        for one, other in zip(theirs, ours, strict=True):
            assert one.algorithm.build.items() <= other.algorithm.build.items()
            assert one.algorithm.settings() == [
                {name: value for name, value in setting.items() if name in one.algorithm.search}
                for setting in other.algorithm.settings()
            ]
