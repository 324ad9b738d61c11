"""Programs that do what they should not, in this process: what the method says of each."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from algorithms.base import Data, MalformedAnswer
from algorithms.external import Program
from algorithms.external.answers import read_ids
from bench.core.attributes import Attributes
from bench.core.encode import ordered
from bench.core.errors import BenchError
from bench.core.external import External, Ids, Seconds
from bench.core.filters import Between, FilterType
from bench.core.masks import FilterBatch

N, COUNT, K = 20, 3, 2
VALUES = [10 * (N - i) for i in range(N)]  # descending, so that item i has rank N - 1 - i
QUERIES = np.zeros((COUNT, 4), np.float32)
FILTERS = [Between("value", 0, 10 * N), Between("value", None, 35), Between("value", 1000, 2000)]

WRITES = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text({text!r}); print('took 0.25')"


def python(code: str, *arguments: str) -> str:
    """Return the command line that runs Python code."""
    braced = code.replace("{", "{{").replace("}", "}}")
    return shlex.join([sys.executable, "-c", braced]) + "".join(f" {argument}" for argument in arguments)


def external(search: str, **values: Any) -> External:
    base: dict[str, Any] = {
        "paper": "p", "year": 2026, "approach": "a", "technique": "t", "serves": ["R"], "search": search,
        "ids": Ids("text"), "inputs": {"filters": "ranks", "queries": "fvecs"},
    }  # fmt: skip
    if "question" not in values:
        base["seconds"] = Seconds(pattern="took (.*)")
    return External(**base | values)


def loaded(section: External, tmp_path: Path, method: type[Program] = Program) -> Program:
    """Return a method that has loaded an index over a few items."""
    attributes = Attributes(N, {"value": ordered(VALUES)})
    data = Data(np.zeros((N, 4), np.float32), attributes, ("value",), FilterType.R, 1, 0)
    configured = method.configured(section, {}, {"ef": 5})
    return configured.load(tmp_path, configured.BuildParams(), data)


def search(program: Program) -> np.ndarray:
    prepared = program.prepare(FilterBatch(FILTERS, program._data.attributes))
    return program.search(QUERIES, prepared, K, program.SearchParams(), 1)


def test_ids_of_sorted_items_are_translated(tmp_path: Path) -> None:
    code = WRITES.format(text="0 1\n2\n")
    program = loaded(external(python(code, "{ids}", "{filters}"), order="sorted"), tmp_path)
    assert search(program).tolist() == [[N - 1, N - 2], [N - 3, -1], [-1, -1]]  # the last query has no item
    assert program.program_seconds == 0.25


def test_ids_out_of_range_stay_so(tmp_path: Path) -> None:
    code = WRITES.format(text=f"{N} -7\n0 99\n")
    program = loaded(external(python(code, "{ids}", "{filters}"), order="sorted"), tmp_path)
    assert search(program).tolist()[:2] == [[N, -7], [N - 1, 99]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1\n", r"returned \[1, 2\] ids for 2 queries and k = 2"),
        ("0 1 2\n0 1 2\n", r"returned \[2, 3\] ids for 2 queries and k = 2"),
        ("0 x\n", "ids are not text: invalid literal"),
    ],
)
def test_short_and_odd_answers_are_malformed(tmp_path: Path, text: str, message: str) -> None:
    program = loaded(external(python(WRITES.format(text=text), "{ids}", "{filters}")), tmp_path)
    with pytest.raises(MalformedAnswer, match=message):
        search(program)


def test_ids_of_an_earlier_search_do_not_count(tmp_path: Path) -> None:
    code = "import sys, pathlib; p = pathlib.Path('once'); print('took 1')\nif not p.exists():\n    p.touch()\n"
    code += "    pathlib.Path(sys.argv[1]).write_text('0\\n1\\n')"
    program = loaded(external(python(code, "{ids}", "{filters}")), tmp_path)
    search(program)
    with pytest.raises(MalformedAnswer, match="wrote no ids to ids"):
        search(program)


@pytest.mark.parametrize(
    ("says", "message"),
    [("nothing", "nothing matches 'took"), ("took x", "searched x seconds"), ("took -1", "not a time")],
)
def test_a_program_that_does_not_say_its_time_is_malformed(tmp_path: Path, says: str, message: str) -> None:
    code = f"import sys, pathlib; pathlib.Path(sys.argv[1]).write_text('0\\n1\\n'); print({says!r})"
    with pytest.raises(MalformedAnswer, match=message):
        search(loaded(external(python(code, "{ids}", "{filters}")), tmp_path))


def test_a_crash_is_told_with_the_last_lines(tmp_path: Path) -> None:
    code = "import sys; [print('line', i) for i in range(9)]; sys.exit('no memory for the graph')"
    with pytest.raises(BenchError, match=r"(?s)ended with exit code 1; its last words: line 4\n.*no memory for the gr"):
        search(loaded(external(python(code, "{ids}", "{filters}")), tmp_path))


def test_a_program_that_is_killed_names_the_signal(tmp_path: Path) -> None:
    code = "import os; os.kill(os.getpid(), 11)"
    with pytest.raises(BenchError, match=r"died by SIGSEGV$"):
        search(loaded(external(python(code, "{ids}", "{filters}")), tmp_path))


def test_a_program_that_cannot_be_started_is_named(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a program")
    with pytest.raises(BenchError, match=r"the program .*/text cannot be started: Permission denied"):
        search(loaded(external(f"{tmp_path}/text {{ids}} {{filters}}"), tmp_path))


STAYS = """
import sys, pathlib
for line in sys.stdin:
    task, ids, k, ef = line.split()
    print("searching with", ef)
    pathlib.Path(ids).write_text("0\\n1\\n2\\n")
    {then}
"""


def test_a_program_that_stays_is_asked_again(tmp_path: Path) -> None:
    command = python(STAYS.format(then="print('done', flush=True)"))
    program = loaded(external(command, question="search {ids} {k} {search.ef}", inputs={}), tmp_path)
    for _ in range(2):
        program.program_seconds = 1.0
        assert search(program).tolist() == [[0, -1], [1, -1], [2, -1]]
        assert program.program_seconds is None


def test_a_program_that_stops_staying_is_told(tmp_path: Path) -> None:
    for then, message in (("sys.exit(0)", "ended before it had printed 'done'"), ("1 / 0", "ZeroDivisionError")):
        section = external(python(STAYS.format(then=then)), question="search {ids} {k} {search.ef}", inputs={})
        with pytest.raises(BenchError, match=message):
            search(loaded(section, tmp_path))


class CountsFromOne(Program):
    """A subclass as the tutorial shows it."""

    def write_filters(self, path: Path, filters: Any, data: Data) -> None:
        path.write_text("\n".join(str(filter_.low) for filter_ in filters))

    def read_ids(self, path: Path, queries: int, k: int) -> Any:
        return super().read_ids(path, queries, k) - 1


def test_a_subclass_writes_and_reads_formats_of_its_own(tmp_path: Path) -> None:
    code = "import sys, pathlib; low = pathlib.Path(sys.argv[2]).read_text().split(); print('took 1')\n"
    code += "pathlib.Path(sys.argv[1]).write_text('1\\n2\\n3\\n'); assert low == ['0', 'None', '1000']"
    section = external(python(code, "{ids}", "{filters}"), inputs={"filters": "custom"})
    assert search(loaded(section, tmp_path, CountsFromOne))[:, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("padding", "rows"),
    [(None, [[5, 0, 7], [4, 0, 0], [0, 0, 0], [6, -1, -1]]), (0, [[5, 0, 7], [4, -1, -1], [-1, -1, -1], [6, -1, -1]])],
)
def test_padding_at_the_end_of_a_row_is_no_answer(padding: int | None, rows: list[list[int]], tmp_path: Path) -> None:
    path = tmp_path / "ids"
    path.write_text("5 0 7\n4 0 0\n0 0 0\n6 4294967295 4294967295\n")
    assert read_ids(path, Ids("text", padding=padding)).tolist() == rows


@pytest.mark.parametrize("filter_type", [FilterType.EM, FilterType.R, FilterType.NONE])
def test_only_what_the_format_expresses_is_served(filter_type: FilterType) -> None:
    section = external("true {ids} {filters}", serves=["R", "EM"])
    reason = Program.configured(section, {}, {}).unsupported(filter_type)
    assert (
        reason
        == {
            FilterType.EM: "filters written as 'ranks' express R only",
            FilterType.R: None,
            FilterType.NONE: "it does not serve none",
        }[filter_type]
    )


@pytest.mark.parametrize(
    ("build", "order", "attributes"),
    [
        ("true {vectors} {index}", "items", ()),
        ("true {vectors} {labels} {index}", "items", ("value",)),
        ("true {vectors} {index}", "sorted", ("value",)),
        ("", "sorted", ()),
    ],
)
def test_an_index_depends_on_attributes_that_its_build_sees(build: str, order: str, attributes: Any) -> None:
    inputs = {"vectors": "fvecs", "labels": "text"}
    section = external("true {labels} {ids}", build=build, order=order, inputs=inputs)
    assert Program.configured(section, {}, {}).index_attributes(("value",)) == attributes


def test_without_a_section_nothing_is_served() -> None:
    assert Program.unsupported(FilterType.EM) == "its YAML file has no section 'external'"
    assert Program.index_attributes(("value",)) == ()
