"""Methods that misbehave, each in one way; and `Honest`, of which they are made, which does not."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numba as nb
import numpy as np
from numpy.typing import NDArray

from algorithms.base import ALL_FILTERS, Algorithm, Data, Info, param
from bench.core.filters import FilterType
from bench.core.masks import FilterBatch

Ids = NDArray[np.int64]


@dataclass(frozen=True)
class Search:
    """One parameter, so that there can be several settings."""

    effort: int = param(1, "changes nothing, unless a method says so", low=0)


class Honest(Algorithm):
    """Exact search in float64, one query at a time."""

    info = Info(
        paper="none", year=2024, approach="pre-filtering", technique="none", serves=ALL_FILTERS, libraries=("numpy",)
    )
    SearchParams = Search
    vectors: NDArray[np.float32]

    def build(self, data: Data) -> None:
        self.vectors = data.vectors

    def save(self, folder: Path) -> None:
        np.save(folder / "vectors.npy", self.vectors)

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        algorithm = cls(params)
        algorithm.vectors = np.load(folder / "vectors.npy")
        return algorithm

    def search(self, queries: NDArray[np.float32], prepared: FilterBatch, k: int, params: Search, threads: int) -> Any:
        found = np.full((len(queries), k), -1, np.int64)
        for q, query in enumerate(queries):
            passing = np.flatnonzero(prepared.mask(int(prepared.index[q])))
            distances = ((self.vectors[passing].astype(np.float64) - query) ** 2).sum(axis=1)
            nearest = passing[np.argsort(distances, kind="stable")[:k]]
            found[q, : len(nearest)] = nearest
        return self.spoil(found, params)

    def spoil(self, found: Ids, params: Search) -> Any:
        return found


@nb.njit(cache=True)
def _halve(value: Any) -> Any:
    return value / 2


class Compiles(Honest):
    """Calls a kernel when it builds, and another when it searches."""

    info = dataclasses.replace(Honest.info, compiled=True)

    def build(self, data: Data) -> None:
        _halve(2)
        super().build(data)

    def spoil(self, found: Ids, params: Search) -> Any:
        _halve(2.0)
        return found


class RepeatsTheNearest(Honest):
    """Ten times the nearest item: recall 1.0 where nobody looks for repeats."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return np.repeat(found[:, :1], found.shape[1], axis=1)


class IgnoresTheFilter(Honest):
    """The nearest items, whether they pass or not."""

    def prepare(self, filters: FilterBatch) -> FilterBatch:
        from bench.core.filters import Everything

        return FilterBatch([Everything()] * len(filters), filters.attributes)


class ApproximateFilter(IgnoresTheFilter):
    """The same, but declared as a method for AFANNS."""

    info = Info(paper="none", year=2024, approach="hybrid index", technique="none", serves=ALL_FILTERS, afanns=True)


class AnswersNothing(Honest):
    """Only -1, which an answer padded with -1 must not take for a hit."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return np.full_like(found, -1)


class ReturnsShort(Honest):
    """Three answers where ten were asked for, in as many columns."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found[:, :3]


class ReturnsNoColumns(Honest):
    """No answers at all, in no columns."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found[:, :0]


class OutOfRange(Honest):
    """Ids beyond the last item, and below -1."""

    def spoil(self, found: Ids, params: Search) -> Any:
        found[:, -1] = len(self.vectors)
        found[0, 0] = -2
        return found


class ReturnsFloats(Honest):
    """The right ids, of the wrong type."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found.astype(np.float64)


class ReturnsTooMany(Honest):
    """More columns than answers were asked for."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return np.hstack([found, found])


class ReturnsFlat(Honest):
    """The right ids in one dimension."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found.ravel()


class ReturnsOneRowLess(Honest):
    """No answer for the last query."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found[:-1]


class ReturnsObjects(Honest):
    """Python objects, which would have to be unpickled."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found.astype(object)


class ReturnsNothing(Honest):
    """None."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return None


class Reversed(Honest):
    """The right ids, the farthest first."""

    def spoil(self, found: Ids, params: Search) -> Any:
        return found[:, ::-1]


class SleepsInBuild(Honest):
    """A build without an end."""

    def build(self, data: Data) -> None:
        time.sleep(600)


class HogsInBuild(Honest):
    """Takes memory, bit by bit, and would not stop."""

    def build(self, data: Data) -> None:
        held = []
        for _ in range(200):
            held.append(np.ones(8 << 20, np.uint8))
            time.sleep(0.01)


class CannotAllocate(Honest):
    """Asks for more memory at once than any machine has."""

    def build(self, data: Data) -> None:
        np.ones(1 << 60, np.uint8)


class DiesInBuild(Honest):
    """Killed from outside."""

    def build(self, data: Data) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


class SegfaultsInBuild(Honest):
    """Dies of a fault of its own."""

    def build(self, data: Data) -> None:
        print("about to fall", flush=True)
        os.kill(os.getpid(), signal.SIGSEGV)


class RaisesInBuild(Honest):
    """An ordinary error."""

    def build(self, data: Data) -> None:
        raise ValueError("the build went wrong")


class ExitsInBuild(Honest):
    """Ends well, without having built anything."""

    def build(self, data: Data) -> None:
        sys.exit(0)


class ExitsInSearch(Honest):
    """Ends well, without an answer, past every exception handler."""

    def spoil(self, found: Ids, params: Search) -> Any:
        os._exit(0)


class RaisesInLoad(Honest):
    """An index that cannot be read again."""

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        raise ValueError("cannot read what was written")


class Shouts(Honest):
    """Megabytes on both streams, some of it like what a harness might parse."""

    def build(self, data: Data) -> None:
        super().build(data)
        for stream in (sys.stdout, sys.stderr):
            stream.write('{"build_seconds": 0, "recall": 1.0}\n' * 100_000)

    def spoil(self, found: Ids, params: Search) -> Any:
        sys.stdout.write("x" * 3_000_000)
        return found


class ShoutsAndRaises(Shouts):
    """Megabytes, and then an error."""

    def spoil(self, found: Ids, params: Search) -> Any:
        super().spoil(found, params)
        raise ValueError("lost in the noise")


class LeavesAChild(Honest):
    """A process that goes on after its parent has ended."""

    def build(self, data: Data) -> None:
        super().build(data)
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self.pid = child.pid

    def save(self, folder: Path) -> None:
        super().save(folder)
        (folder / "child").write_text(str(self.pid))


class FailsAt(Honest):
    """Fares ill at some search settings and well at the others."""

    def spoil(self, found: Ids, params: Search) -> Any:
        match params.effort:
            case 1:
                raise ValueError("effort 1 is too much")
            case 2:
                os.kill(os.getpid(), signal.SIGKILL)
            case 3:
                time.sleep(600)
            case 4:
                return found[:, ::-1].astype(np.float32)
        return found


class Marks(Honest):
    """Leaves a line in a file whenever it builds, is loaded and searches; slow where the file says so."""

    def build(self, data: Data) -> None:
        super().build(data)
        mark("build")

    @classmethod
    def load(cls, folder: Path, params: Any, data: Data) -> Self:
        mark("load")
        return super().load(folder, params, data)

    def spoil(self, found: Ids, params: Search) -> Any:
        mark(f"search {params.effort}")
        return found


def mark(event: str) -> None:
    """Append a line to the file that `MARKS` names, then wait for as long as ``MARKS.wait`` exists and names it."""
    marks = Path(os.environ["MARKS"])
    with marks.open("a") as file:
        file.write(event + "\n")
    wait = marks.with_suffix(".wait")
    while wait.exists() and wait.read_text() == event:
        time.sleep(0.02)


class MarksCpus(Marks):
    """Leaves the CPUs that it may use in the file, too."""

    def build(self, data: Data) -> None:
        super().build(data)
        mark(f"on {sorted(os.sched_getaffinity(0))}")


class MarksFew(Marks):
    """Finds as many answers as effort says, so that its recall tells one setting from another."""

    def spoil(self, found: Ids, params: Search) -> Any:
        super().spoil(found, params)[:, params.effort :] = -1
        return found


class Hybrid(Marks):
    """An index of its own for every set of attributes."""

    info = Info(paper="none", year=2024, approach="hybrid index", technique="none", serves=ALL_FILTERS)


class ServesRangesOnly(Marks):
    """A method with a reason."""

    info = Info(
        paper="none",
        year=2024,
        approach="hybrid index",
        technique="none",
        serves=frozenset({FilterType.R}),
        why_not={FilterType.EM: "labels have no order", "": "it knows ranges only"},
    )


@dataclass(frozen=True)
class Declared:
    """A build parameter of every type."""

    whole: int = param(3, "a whole number", low=1, high=9)
    share: float = param(0.5, "a share", low=0)
    word: str = param("a", "a word", choices=("a", "b"))
    maybe: int | None = param(None, "a number or nothing")


class Declares(Honest):
    """Has parameters of every type."""

    BuildParams: ClassVar[type] = Declared
