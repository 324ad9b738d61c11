"""Invalid input stops ``bench.run`` before any work, with one sentence that names the fault; the store is unchanged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bench.core.vectors import write_fvecs
from bench.run import entry
from tests.support.commands import Commands, start_command
from tests.support.small_dataset import DIM, QUERY_COUNT, clustered, records, write_lines


@pytest.fixture(scope="session")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A results folder with a run, whose content is never read."""
    folder = tmp_path_factory.mktemp("bad_input") / "results"
    (folder / "runs").mkdir(parents=True)
    (folder / "runs" / "stored-0.parquet").write_text("stored")
    return folder


def files_of(results: Path) -> dict[str, tuple[int, str]]:
    """Return time and content of all files in a results folder, except for its cache."""
    files = [path for path in results.rglob("*") if path.is_file() and "cache" not in path.parts]
    return {str(path): (path.stat().st_mtime_ns, path.read_text()) for path in files}


def assert_refused(command: Commands, results: Path, complaints: tuple[str, ...], *arguments: str) -> None:
    before = files_of(results)
    said = command(entry, f"results={results}", *arguments)
    assert said.code == 2, said
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert [complaint for complaint in complaints if complaint not in said.err] == []
    assert files_of(results) == before


IVF = "algorithm=faiss_ivf_infilter"
TARGET = "algorithm.target=algorithms.baselines.prefilter.PreFilter"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ("algoritm=prefilter", "there is no key 'algoritm'; did you mean 'algorithm'?"),
        ("algorithm=prefiltr", "algorithm=prefiltr: there is no such algorithm; did you mean 'prefilter'?"),
        (f"{IVF} algorithm.search.nprob=[1]", "did you mean 'algorithm.search.nprobe'?"),
        (f"{IVF} algorithm.search.nprobe=[16,wide]", "algorithm.search.nprobe='wide' should be int"),
        (f"{IVF} algorithm.build.nlist_factor=0", "algorithm.build.nlist_factor=0 is out of range"),
        ("+algorithm.build.m=3", "has no build parameter 'm'"),
        (
            TARGET.replace("s.prefilter", "s.prefiltr"),
            "no module 'algorithms.baselines.prefiltr'; did you mean 'algorithms.baselines.prefilter'",
        ),
        (f"{TARGET}s", f"{TARGET}s cannot be used: AttributeError"),
        ("algorithm.target=bench.core.filters.And", "And is not a subclass of algorithms.base.Algorithm"),
        ("algorithm.target=prefilter", "algorithm.target=prefilter: there is no module"),
        ("algorithm.target=os.system", "algorithm.target=os.system: there is no module 'os'"),
        ("algorithm.target=..x", "algorithm.target=..x: there is no module '.'"),
        ("algorithm.target=algorithms.base.Algorithm", "Algorithm is abstract; name a class that implements a method"),
        (
            "algorithm=composite algorithm.build.attributes=[update_dat]",
            "algorithm.build.attributes=['update_dat']: there is no attribute 'update_dat'; did you mean 'update_date'",
        ),
        (
            "algorithm=composite algorithm.build.attributes=[x,x]",
            "algorithm.build.attributes=['x', 'x'] has a name twice",
        ),
        (
            "algorithm=composite algorithm.build.attributes=x",
            "algorithm.build.attributes='x' should be a list of names",
        ),
        ("k=${oc.env:NOPE}", "Environment variable 'NOPE' not found"),
        ("results=${nope}", "Interpolation key 'nope' not found"),
        ("threads_search=4096", "threads_search=4096 is out of range; there are"),
        ("threads_build=4096", "threads_build=4096 is out of range; there are"),
        ("tuned=luck", "tuned=luck is unknown; choose from greedy, grid, optuna"),
        (f"{IVF} algorithm.search.nprobe=[16,16]", "algorithm.search.nprobe=[16, 16] has a value twice"),
        ("workload=em,r", "cannot read the arguments"),
        ("dataset", "cannot read the arguments"),
        ("k=0", "k=0 is out of range"),
        ("workload.queries=25", f"workload.queries=25 is out of range; dataset 'local' has {QUERY_COUNT} queries"),
        ("workload.filter_type=MEM", "published workloads are EM, R and EMIS"),
        ("dataset.path=/no/such/folder", "dataset.path=/no/such/folder is not a folder"),
        ("dataset=local", "dataset.path is not set"),
        ("dataset=arxiv-large", "dataset 'arxiv-large' is not on this machine"),
        (
            "dataset=vectors dataset.vectors=/no/x.fvecs",
            "dataset.queries is not set; set it to the file of query vectors for /no/x.fvecs",
        ),
        ("dataset=vectors dataset.vectors=/no/x.hdf5", "there is no file /no/x.hdf5"),
    ],
)
def test_invalid_arguments_are_refused(
    command: Commands, results: Path, layout: Path, arguments: str, complaint: str
) -> None:
    local = [] if "dataset=" in arguments else ["dataset=local"]
    path = [f"dataset.path={layout}"] if local and "dataset.path" not in arguments else []
    assert_refused(command, results, (complaint,), *local, *path, *arguments.split())


def truncate_vectors(folder: Path) -> None:
    path = folder / "database_vectors.fvecs"
    path.write_bytes(path.read_bytes()[:-10])


def not_finite(folder: Path) -> None:
    vectors = clustered(400, DIM, 1)
    vectors[123, 4] = np.nan
    write_fvecs(folder / "database_vectors.fvecs", [vectors])


def other_dimension(folder: Path) -> None:
    write_fvecs(folder / "query_vectors.fvecs", [clustered(QUERY_COUNT, DIM + 1, 2)])


def no_queries(folder: Path) -> None:
    (folder / "query_vectors.fvecs").write_bytes(b"")


def fewer_attributes(folder: Path) -> None:
    write_lines(folder / "database_attributes.jsonl", records(399, 1))


def no_such_attribute(folder: Path) -> None:
    lines = records(400, 1)
    for record in lines:
        record["number_of_topics"] = record.pop("number_of_sub_categories")
    write_lines(folder / "database_attributes.jsonl", lines)


def other_kind(folder: Path) -> None:
    lines = records(400, 1)
    lines[300]["number_of_sub_categories"] = "three"
    write_lines(folder / "database_attributes.jsonl", lines)


def fewer_filters(folder: Path) -> None:
    write_lines(folder / "em_query_attributes.jsonl", [{"label": 1}] * 5)


def no_filters(folder: Path) -> None:
    (folder / "em_query_attributes.jsonl").unlink()


def no_attributes(folder: Path) -> None:
    (folder / "database_attributes.jsonl").rename(folder / "attributes.jsonl")


@pytest.mark.parametrize(
    ("damage", "file", "complaint"),
    [
        (truncate_vectors, "database_vectors.fvecs", "row 399 is 10 bytes short"),
        (not_finite, "database_vectors.fvecs", "row 123 has NaN or infinite values"),
        (other_dimension, "query_vectors.fvecs", f"has vectors of {DIM + 1} dimensions, but"),
        (no_queries, "query_vectors.fvecs", "is empty; it should hold at least one vector"),
        (fewer_attributes, "database_attributes.jsonl", "has 399 items, but"),
        (no_such_attribute, "", "no attribute 'number_of_sub_categories'; did you mean 'number_of_main_categories'?"),
        (
            other_kind,
            "",
            "attribute 'number_of_sub_categories' cannot be tested: line 301 of database_attributes.jsonl has 'three'",
        ),
        (fewer_filters, "em_query_attributes.jsonl", f"has 5 filters where there are {QUERY_COUNT} query vectors"),
        (no_filters, "em_query_attributes.jsonl", "no file"),
        (no_attributes, "", "has no database_attributes.jsonl (found attributes.jsonl, "),
    ],
)
def test_damaged_files_are_refused(
    command: Commands,
    results: Path,
    layout: Path,
    tmp_path: Path,
    damage: Callable[[Path], None],
    file: str,
    complaint: str,
) -> None:
    folder = shutil.copytree(layout, tmp_path / "data")
    damage(folder)
    complaints = (complaint, str(folder / file) if file else "")
    assert_refused(command, results, complaints, "dataset=local", f"dataset.path={folder}")


def test_a_dry_run_makes_the_same_checks(command: Commands, results: Path, layout: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(layout, tmp_path / "data")
    not_finite(folder)
    arguments = ("dataset=local", f"dataset.path={folder}", "dry_run=true")
    assert_refused(command, results, ("row 123 has NaN",), *arguments)


def test_results_that_cannot_be_written_are_refused(
    command: Commands, results: Path, layout: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    arguments = ("dataset=local", f"dataset.path={layout}", f"results={tmp_path / 'file' / 'results'}")
    assert_refused(command, results, ("cannot create the folder", "results"), *arguments)


def test_a_refused_command_exits_with_two_and_one_line(layout: Path, tmp_path: Path) -> None:
    arguments = ("dataset=local", f"dataset.path={layout}", f"results={tmp_path / 'r'}", "algorithm=prefiltr")
    with start_command("bench.run", *arguments) as child:
        out, err = child.communicate()
    assert (child.returncode, out) == (2, "")
    assert err == "error: algorithm=prefiltr: there is no such algorithm; did you mean 'prefilter'?\n"
    assert not (tmp_path / "r").exists()
