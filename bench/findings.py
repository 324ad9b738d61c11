"""``python -m bench.findings``: check the paper's eight observations, and say what makes a query hard."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig

from bench.config.command import command
from bench.config.typed import typed
from bench.core.errors import BenchError, suggestion
from bench.reports.exhibits import hardness_tables
from bench.reports.load import load
from bench.reports.observations import RECALL, observations
from bench.reports.tables.table import FORMATS, Table


@dataclass
class FindingsConfig:
    """The keys of ``configs/findings.yaml``, which explains them."""

    results: str
    across_machines: bool
    format: str


def main(config: DictConfig) -> None:
    """Print a line per observation, and then what predicts a query's recall and latency."""
    options = typed(FindingsConfig, config, "findings")
    if options.format not in FORMATS:
        raise BenchError(f"format={options.format} is unknown{suggestion(options.format, FORMATS)}")
    results = load(Path(options.results), across_machines=options.across_machines)
    rows = []
    for number, observation in enumerate(observations(results), 1):
        first, *others = observation.evidence
        rows.append([str(number), observation.claim, str(observation.conclusion), first])
        rows += [["", "", "", line] for line in others]
    header = ["", "observation, and when it holds", "verdict", "figures"]
    title = f"The paper's observations, by QPS at a recall of {RECALL}"
    tables = [Table(title, header, "rlll", rows), *hardness_tables(results).values()]
    print("\n\n".join(FORMATS[options.format](table) for table in tables if isinstance(table, Table)))


def entry() -> None:
    """Run the command."""
    command("findings", main)


if __name__ == "__main__":
    entry()
