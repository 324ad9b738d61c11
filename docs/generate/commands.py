"""The commands: what ``--help`` prints of each."""

from __future__ import annotations

import tomllib

from bench.config.help import help_text
from bench.core.paths import PROJECT
from docs.generate.markdown import code

COMMANDS = (
    "run",
    "compile",
    "study",
    "reproduce",
    "tune",
    "table",
    "advise",
    "compare",
    "regret",
    "explain",
    "page",
    "plot",
    "figures",
    "findings",
    "list",
    "data",
    "build",
    "perf",
)
"""Files of ``configs/`` that configure a command, in the order in which they are needed."""

_HEAD = """# Commands

Every command takes `key=value` arguments in the syntax of [Hydra](https://hydra.cc); [configuration
keys](configuration.md) explains them. Below is what `--help` prints. `--cfg job` prints the resolved configuration
instead.

Exit codes: 0 if all went well; 2 after an error that you can fix, which is described in one sentence; 3 if the budget
of a study ran out before its last run; 4 if settings of a method failed; 5 if a figure was not reproduced; 130 if
interrupted.

"""


def commands_page() -> str:
    """Return the page of commands."""
    return _HEAD + "\n\n".join(map(_section, COMMANDS)) + "\n"


def _section(name: str) -> str:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    script = f" (`fanns-{name}`)" if f"fanns-{name}" in scripts else ""
    return f"## {code(f'python -m {spoken(name)}')}{script}\n\n```text\n{help_text(name)}\n```"


def spoken(name: str) -> str:
    """Return the module, and the action if any, of a file of ``configs/``."""
    return "bench.data build" if name == "build" else f"bench.{name}"
