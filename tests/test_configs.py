"""Every file of ``configs/`` composes, and matches the code that reads it."""

from __future__ import annotations

import inspect
import math
from dataclasses import fields, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from algorithms.base import Algorithm
from algorithms.loading import load_target
from bench.config.algorithm import AlgorithmConfig
from bench.config.overrides import check_overrides, within_swept_groups
from bench.config.study import StudyConfig, jobs_of
from bench.config.typed import source_of, typed
from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.masks import FilterBatch
from bench.core.method import Method
from bench.core.paths import CONFIGS
from bench.datasets.dataset import Dataset
from bench.runs.config import parse_run
from bench.system.cache import Cache
from bench.tuning.tune import parse_tune
from bench.workloads.sources import WORKLOADS
from tests.support.plans import described

COMMANDS = sorted(path.stem for path in CONFIGS.glob("*.yaml") if path.stem != "output")
GROUPS = {
    folder.name: sorted(path.stem for path in folder.glob("*.yaml")) for folder in CONFIGS.iterdir() if folder.is_dir()
}
ALGORITHMS, DATASETS, WORKLOAD_FILES = GROUPS["algorithm"], GROUPS["dataset"], GROUPS["workload"]
PRESETS = {name: OmegaConf.load(CONFIGS / "preset" / f"{name}.yaml") for name in GROUPS["preset"]}
NEEDED = {name: ["dataset.path=/x"] for name in ("local", "table", "yfcc", "diskann", "qdrant", "vectordbbench")}
NEEDED["vectors"] = ["dataset.vectors=/x.fvecs", "dataset.queries=/q.fvecs"]


def composed(command: str, *overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        return compose(command, overrides=list(overrides))


@cache
def algorithm(name: str) -> AlgorithmConfig:
    return typed(AlgorithmConfig, composed("run", f"algorithm={name}").algorithm, "algorithm")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_composes(command: str) -> None:
    config = composed(command)
    assert OmegaConf.to_container(config)


@pytest.mark.parametrize(
    ("group", "option"), [(group, option) for group in ("algorithm", "dataset", "workload") for option in GROUPS[group]]
)
def test_every_option_composes_into_a_typed_run(group: str, option: str) -> None:
    run = parse_run(composed("run", f"{group}={option}", *(NEEDED.get(option, []) if group == "dataset" else [])))
    assert vars(run)[group].name


def test_names_equal_those_of_the_files() -> None:
    for name in ALGORITHMS:
        assert algorithm(name).name == name
    for name in DATASETS:
        assert composed("run", f"dataset={name}").dataset.name == name


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_file_sets_exactly_the_declared_parameters(name: str) -> None:
    config = algorithm(name)
    method = load_target(config.target)
    assert set(config.build) == {field.name for field in fields(method.BuildParams)}
    assert set(config.search) == {field.name for field in fields(method.SearchParams)}
    description: Method = described(config.target)
    description.check_params("build", config.build)
    for setting in config.settings():
        description.check_params("search", setting)


@pytest.mark.parametrize(
    ("preset", "name"),
    [(preset, str(name)) for preset in PRESETS for name in PRESETS[preset] if name != "filter_type"],
)
def test_a_preset_replaces_parameters_by_candidates(preset: str, name: str) -> None:
    chosen, plain = dict(PRESETS[preset][name]), algorithm(name)
    run = parse_run(composed("run", f"algorithm={name}", f"+preset={preset}"))
    assert run.algorithm.build == plain.build | chosen
    assert all(value in plain.candidates[key] for key, value in chosen.items())
    assert load_target(plain.target).unsupported(FilterType(PRESETS[preset].filter_type)) is None


def test_a_preset_leaves_other_methods_alone() -> None:
    run = parse_run(composed("run", "algorithm=prefilter", "+preset=paper_medium_em"))
    assert run.algorithm == algorithm("prefilter")


@pytest.mark.parametrize("study", GROUPS["study"])
@pytest.mark.parametrize("scale", GROUPS["scale"])
def test_a_study_composes_into_typed_runs_at_every_scale(study: str, scale: str) -> None:
    config = typed(StudyConfig, composed("study", f"study={study}", f"scale={scale}"), "study")
    jobs = jobs_of(config, [])
    assert jobs
    parse = parse_tune if config.study.command == "tune" else parse_run
    for job in (jobs[0], jobs[-1]):
        assert parse(job.compose())


@pytest.mark.parametrize("name", GROUPS["tuner"])
def test_every_tuner_is_typed(name: str) -> None:
    assert parse_tune(composed("tune", f"tuner={name}"))[1].name == name


@pytest.mark.parametrize("name", ALGORITHMS)
def test_a_method_names_its_paper_and_reasons_for_unserved_filters(name: str) -> None:
    method = load_target(algorithm(name).target)
    assert not inspect.isabstract(method)
    assert inspect.getdoc(method) != inspect.getdoc(Algorithm)
    assert method.info.paper
    description = described(algorithm(name).target)
    for filter_type, reason in description.unsupported.items():
        assert (reason is None) == (filter_type in description.serves)


def test_every_method_has_a_distinct_look() -> None:
    configs = [algorithm(name) for name in ALGORITHMS]
    for looks in ("label", "name"):
        values = [c.name if looks == "name" else c.style[looks] for c in configs]
        assert len(set(values)) == len(values)
    marks = [(config.style["color"], config.style["marker"]) for config in configs]
    assert len(set(marks)) == len(marks)


def test_every_class_of_a_method_has_its_file() -> None:
    targets = {algorithm(name).target for name in ALGORITHMS}
    shared = {"base", "loading", "sharded", "graph_method", "hnsw_method", "kernels", "encodings"}
    shared |= {"external", "engines"}
    folder = CONFIGS.parent / "algorithms"
    entries = {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert {target.split(".")[1] for target in targets} == {name for name in entries if name[0] != "_"} - shared
    baselines = {target.split(".")[2] for target in targets if target.startswith("algorithms.baselines.")}
    helpers = {"widening", "hnsw_params"}
    assert baselines == {path.stem for path in (folder / "baselines").glob("[!_]*.py")} - helpers


def test_every_module_of_an_engine_has_its_file() -> None:
    files = {path.stem: algorithm(f"engines/{path.stem}") for path in (CONFIGS / "algorithm" / "engines").iterdir()}
    assert [name for name, config in files.items() if (config.name, config.kind) != (name, "engine")] == []
    modules = {config.target.rpartition(".")[0] for config in files.values() if not config.unsupported}
    helpers = {"cypher", "engine", "fields", "language", "postgres", "qdrant_json", "sql", "zvec_filters"}
    folder = CONFIGS.parent / "algorithms" / "engines"
    names = {path.stem for path in folder.glob("[!_]*.py")} - helpers
    assert modules == {f"algorithms.engines.{name}" for name in names}


@pytest.mark.parametrize(("kind", "said"), [("engin", "did you mean 'engine'"), ("", "choose from engine, method")])
def test_an_unknown_kind_is_refused(kind: str, said: str) -> None:
    config = algorithm("prefilter")
    with pytest.raises(BenchError, match=said):
        replace(config, kind=kind).check()


@pytest.mark.parametrize("name", [name for name in WORKLOAD_FILES if name != "given"])
def test_every_workload_opens_over_the_small_dataset(name: str, dataset: Dataset, cache: Cache) -> None:
    config = composed("run", f"workload={name}").workload
    workload = source_of(config, WORKLOADS, "workload").open(dataset, cache)
    assert workload.name == config.name
    assert len(workload.filters) == dataset.number_of_queries
    assert workload.filter_type == config.get("filter_type", workload.filter_type)
    values = {key: config[key] for key in ("selectivity", "correlation") if config.get(key) is not None}
    control = dict([workload.control[:2]]) if workload.control else {}
    if workload.control and workload.control.selectivity is not None:
        control["selectivity"] = workload.control.selectivity
    assert control == values
    matches = FilterBatch(workload.filters, workload.attributes).matches
    assert matches.max() > 0


def test_settings_are_the_product_of_lists() -> None:
    config = AlgorithmConfig("x", "y", search={"a": [1, 2], "b": 3, "c": ["x", "y"]})
    assert config.settings() == [
        {"a": 1, "b": 3, "c": "x"},
        {"a": 1, "b": 3, "c": "y"},
        {"a": 2, "b": 3, "c": "x"},
        {"a": 2, "b": 3, "c": "y"},
    ]
    assert AlgorithmConfig("x", "y").settings() == [{}]


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["datset=local"], "no key 'datset'; did you mean 'dataset'"),
        (["dataset=lcal"], "dataset=lcal: there is no such dataset; did you mean 'local'"),
        (["algorithm=prefliter"], "algorithm=prefliter: .* did you mean 'prefilter'"),
        (["algorithm=prefilter,hnswlib_infiltr"], "algorithm=hnswlib_infiltr: .* did you mean 'hnswlib_infilter'"),
        (["algorithm=glob(nothing*)"], "no algorithm matches; choose from "),
        (["+preset=paper_medim_em"], "preset=paper_medim_em: .* did you mean 'paper_medium_em'"),
        (["workload=ems"], "workload=ems"),
        (["limits.build_secnds=3"], "did you mean 'limits.build_seconds'"),
        (["dataset=local", "dataset.pth=/x"], "no key 'dataset.pth'; did you mean 'dataset.path'"),
        (["k.x=3"], "no key 'k.x'"),
        (["k=["], "cannot read the arguments"),
    ],
)
def test_unknown_overrides_are_refused(overrides: list[str], complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        check_overrides("run", overrides)


@pytest.mark.parametrize(
    ("overrides", "complaint"),
    [
        (["dataset=local"], "dataset.path is not set; set dataset.path=VALUE"),
        (["dataset=local", "dataset.path=/x", "+dataset.pth=y"], "dataset has no key 'pth'; did you mean 'path'"),
        (["+dry_rn=true"], "no key 'dry_rn'; did you mean 'dry_run'"),
        (["dataset.kind=layuot"], "dataset.kind=layuot is unknown; did you mean 'layout'"),
        (["dataset.n=many"], "dataset.n: .*many"),
        (["workload.filter_type=EN"], "workload.filter_type: .*EN"),
        (["workload.queries=some"], "workload.queries: .*some"),
        (["algorithm.build=3"], "algorithm.build"),
        (["limits.memory_gib=lots"], "limits.memory_gib: .*lots"),
        (["limits.build_seconds=0"], "limits.build_seconds=0.0 is out of range"),
        (["overwrite=allways"], "overwrite=allways is unknown; did you mean 'always'"),
        (["k=0"], "k=0 is out of range; it is a whole number, at least 1"),
        (["k=ten"], "k='ten' is out of range"),
        (["k=1.5"], "k=1.5 is out of range"),
        (["repeats=true"], "repeats=True is out of range"),
        (["threads_build=0"], "threads_build=0 is out of range"),
        (["threads_build=all"], "threads_build='all' is out of range"),
        (["timed_seconds=0"], "timed_seconds=0 is out of range; it is a finite number above 0"),
        (["timed_seconds=nan"], "timed_seconds=nan is out of range"),
        (["limits.memory_gib=inf"], "limits.memory_gib=inf is out of range"),
        (["storage.rerank=nan"], "storage.rerank=nan is out of range; it is a finite number, at least 1"),
        (["algorithm=acorn", "algorithm.search.ef=[]"], r"algorithm.search.ef=\[\] has no value; give it at least one"),
        (["truth_memory_gib=-1"], "truth_memory_gib=-1 is out of range; it is a finite number above 0"),
        (["dry_run=perhaps"], "dry_run='perhaps' should be true or false"),
        (["results=null"], "results is not set"),
        (["~k"], "k is not set"),
    ],
)
def test_invalid_values_are_refused(overrides: list[str], complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        parse_run(composed("run", *overrides))


def parameters(**values: Any) -> dict[str, Any]:
    return described("tests.support.adversarial.Declares").check_params("build", values)


def test_parameters_take_their_defaults() -> None:
    assert parameters() == {"whole": 3, "real": 0.5, "word": "a", "maybe": None}
    assert parameters(real=1, maybe=7, word="b") == {"whole": 3, "real": 1.0, "word": "b", "maybe": 7}


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("whol", 3, "has no build parameter 'whol'; did you mean 'whole'"),
        ("whole", 0, "algorithm.build.whole=0 is out of range; it is from 1 to 9"),
        ("whole", 10, "from 1 to 9"),
        ("whole", 2.0, "algorithm.build.whole=2.0 should be int"),
        ("whole", True, "should be int"),
        ("whole", None, "should be int"),
        ("real", "x", "algorithm.build.real='x' should be float"),
        ("real", -0.1, "at least 0"),
        ("real", math.nan, "it is a finite number"),
        ("real", math.inf, "it is a finite number"),
        ("word", "c", "is not one of a, b"),
        ("maybe", "x", r"should be int \| None"),
    ],
)
def test_invalid_parameters_are_refused(name: str, value: Any, complaint: str) -> None:
    with pytest.raises(BenchError, match=complaint):
        parameters(**{name: value})


def test_every_file_fits_one_screen() -> None:
    for path in Path(CONFIGS).rglob("*.yaml"):
        written, _, _ = path.read_text().partition("\ncells:\n")  # bench.reproduce records the cells
        assert len(written.splitlines()) <= 50, f"{path} is more than one screen"


def test_keys_within_a_swept_group_are_swept_with_it() -> None:
    words = ["-m", "algorithm=serf,dsg", "algorithm.search.scan_below=[0,9]", "algorithm.build.M=8,16", "k=5"]
    assert within_swept_groups(words) == [*words[:2], "algorithm.search.scan_below=choice([0,9])", *words[3:]]
    assert within_swept_groups(words[2:]) == words[2:]
