"""``python -m bench.reproduce [NAME]``: make a list of runs, and compare their figures with those expected."""

from __future__ import annotations

import sys

import pandas as pd
from omegaconf import DictConfig

from bench.config.command import command
from bench.config.reproduction import ReproduceConfig, commands_of, jobs_of, write_cells
from bench.config.typed import typed
from bench.core.errors import BenchError, suggestion
from bench.reports.tables.reproduction import reproduction_page, reproduction_table
from bench.reports.tables.table import FORMATS, Table
from bench.results.reproduction import Cell, Outcome
from bench.results.store import Store
from bench.runs.config import parse_run
from bench.runs.plan import Plan
from bench.runs.queue import run_all, supported_plans
from bench.system.exit_code import ExitCode, note
from bench.system.files import print_or_write

_RECORDS = ("missing", "all")


def main(config: DictConfig) -> None:
    """Make what is not stored yet, and print expected and measured figures side by side."""
    options = typed(ReproduceConfig, config, "reproduce")
    if options.format not in FORMATS:
        raise BenchError(f"format={options.format} is unknown{suggestion(options.format, FORMATS)}")
    if options.record not in (None, *_RECORDS):
        raise BenchError(f"record={options.record} is unknown{suggestion(options.record, _RECORDS)}")
    file = options.reproduction
    cells = [typed(Cell, values, f"cells[{i}]") for i, values in enumerate(file.cells)]
    for i, cell in enumerate(cells):
        cell.check(f"cells[{i}]")
    if options.dry_run:
        print("\n".join(commands_of(file)))
        print(f"\n{_text(options, reproduction_table(file.title, cells))}")
        return
    plans = supported_plans(parse_run(job.compose()) for job in jobs_of(file, options.results))
    run_all(plans, None)
    rows = _rows_of(plans)
    measured = [cell.measured(rows) for cell in cells]
    if options.record is not None:
        keep = options.record == "missing"
        cells = [c if keep and c.value is not None else c.recorded(m) for c, m in zip(cells, measured, strict=True)]
    text = _text(options, reproduction_table(file.title, cells, measured))
    print_or_write(text, options.out)
    outcomes = [cell.outcome(figure) for cell, figure in zip(cells, measured, strict=True)]
    print("\n" + ", ".join(f"{outcomes.count(each)} {each}" for each in Outcome if each in outcomes))
    if options.record is not None:
        print(write_cells(file.name, [cell.line() for cell in cells]))
    elif not {Outcome.OFF, Outcome.MISSING}.isdisjoint(outcomes):
        note(ExitCode.DIFFERENT)


def _text(options: ReproduceConfig, table: Table) -> str:
    """Return a table in the format that is asked for; in Markdown with the commands that make its figures."""
    if options.format == "markdown":
        return reproduction_page(table, commands_of(options.reproduction))
    return FORMATS[options.format](table)


def _rows_of(plans: list[Plan]) -> pd.DataFrame:
    """Return the stored rows of some runs, and of nothing else in their store."""
    return pd.DataFrame(
        vars(row)
        for plan in plans
        for repeat in range(plan.config.repeats)
        for row in Store(plan.config.results).run(plan.run_id, repeat)
    )


def entry() -> None:
    """Run the command; a first word without a key is the name of the reproduction."""
    if len(sys.argv) > 1 and "=" not in sys.argv[1] and not sys.argv[1].startswith("-"):
        sys.argv[1] = f"reproduction={sys.argv[1]}"
    command("reproduce", main)


if __name__ == "__main__":
    entry()
