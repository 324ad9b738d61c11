"""What may have disturbed a measurement."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from bench.core.cpus import allowed_cpus

_MOST_SPREAD = 1.5
_LEAST_CPU = 0.8
_MOST_WARM_UP = 2.0


@dataclass(frozen=True)
class Noise:
    """What may have disturbed the searches at one setting. Fields are named as the columns of rows that they become.

    Attributes:
        machine_load: processes that wanted to run when it began, the mean of a minute.
        involuntary_switches: how often the worker was interrupted to let another process run.
        cpu_per_second: processor time of the worker per second of searching; None if it has started others.
        passes: how often all queries were searched.
        first_pass_seconds: the time of the first pass; None where there was none, as below.
        fastest_pass_seconds: the least time of a pass.
        slowest_pass_seconds: the greatest time of a pass other than the first.
    """

    machine_load: float
    involuntary_switches: int
    cpu_per_second: float | None
    passes: int
    first_pass_seconds: float | None = None
    fastest_pass_seconds: float | None = None
    slowest_pass_seconds: float | None = None

    def remarks(self) -> list[str]:
        """Return what a reader should know before believing the times, in words."""
        remarks = []
        first, fastest, slowest = self.first_pass_seconds, self.fastest_pass_seconds, self.slowest_pass_seconds
        if first and fastest and slowest and self.passes > 1:
            if first > _MOST_WARM_UP * slowest:
                remarks.append(f"later passes were up to {first / fastest:.1f} times as fast as the first")
            if slowest > _MOST_SPREAD * fastest:
                remarks.append(f"passes differed by a factor of {slowest / fastest:.1f}")
        if self.cpu_per_second is not None and self.cpu_per_second < _LEAST_CPU:
            remarks.append(f"the worker ran for only {self.cpu_per_second:.0%} of the time")
        if self.machine_load > 1 + len(allowed_cpus()) / 2:  # the worker itself is one
            remarks.append(f"the load was {self.machine_load:.1f} on {len(allowed_cpus())} cores")
        return remarks


class Quiet:
    """The state of the machine before a measurement."""

    def __init__(self, involuntary_switches: int) -> None:
        self._switches, self._load = involuntary_switches, os.getloadavg()[0]

    def until(self, involuntary_switches: int, cpu_per_second: float | None, passes: Sequence[float]) -> Noise:
        """Return the noise since then, given the state afterwards and the seconds of the passes."""
        times = (passes[0], min(passes), max(passes[1:], default=passes[0])) if passes else ()
        return Noise(self._load, involuntary_switches - self._switches, cpu_per_second, len(passes), *times)
