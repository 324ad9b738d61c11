"""``python -m bench.findings``: the paper's eight observations, checked against what the results hold."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError, nearest
from bench.reports.load import load
from bench.reports.observations import RECALL, findings
from bench.reports.tables.table import FORMATS, Grid


@dataclass
class FindingsConfig:
    """The keys of ``configs/findings.yaml``.

    Attributes:
        results: the results folder.
        across_machines: whether rows of several machines may be judged, apart from each other.
        format: text, markdown or latex.
    """

    results: str
    across_machines: bool
    format: str


def main(config: DictConfig) -> None:
    """Print a line per observation."""
    settings = typed(FindingsConfig, config, "findings")
    if settings.format not in FORMATS:
        raise BenchError(f"format={settings.format} is unknown{nearest(settings.format, FORMATS)}")
    results = load(Path(settings.results), across_machines=settings.across_machines)
    rows = [
        [*((str(number), finding.observation, str(finding.verdict)) if first else ("", "", "")), line]
        for number, finding in enumerate(findings(results), 1)
        for first, line in zip([True, *[False] * len(finding.evidence)], finding.evidence, strict=False)
    ]
    header = ["", "observation, and when it holds", "verdict", "figures"]
    print(
        FORMATS[settings.format](
            Grid(f"The paper's observations, by QPS at a recall of {RECALL}", header, "rlll", rows)
        )
    )


def entry() -> None:
    """Run the command."""
    command("findings", main)


if __name__ == "__main__":
    entry()
