"""Help that is not text, which argparse checks as of Python 3.14."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from bench import table
from bench.config.argument_help import help_as_text
from tests.conftest import Write
from tests.support.commands import Commands
from tests.support.rows import row


class Deferred:
    """Help that is turned into text where it is shown, as Hydra's for shell completion."""

    def __repr__(self) -> str:
        return "100% of it"


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """An argparse that expands every help text when its argument is added, whatever the version of Python."""
    add_argument = argparse._ActionsContainer.add_argument

    def add_checked(container: Any, *names: Any, **options: Any) -> Any:
        if options.get("help") is not None and not isinstance(options["help"], str):
            raise ValueError("badly formed help string")
        return add_argument(container, *names, **options)

    monkeypatch.setattr(argparse._ActionsContainer, "add_argument", add_checked)


@pytest.mark.usefixtures("strict")
def test_a_command_runs_where_help_is_checked(command: Commands, write: Write, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="badly formed"):
        argparse.ArgumentParser().add_argument("--x", help=Deferred())  # type: ignore[arg-type]
    said = command(table.entry, f"results={write(row())}")
    assert said.code == 0, said
    assert "hnswlib_infilter" in said.out


def test_help_stays_what_it_says() -> None:
    parser = argparse.ArgumentParser()
    with help_as_text():
        action = parser.add_argument("--x", help=Deferred())  # type: ignore[arg-type]
        silent = parser.add_argument("--y")
    assert (action.help, silent.help) == ("100% of it", None)
    assert "add_argument" not in vars(argparse.ArgumentParser)
