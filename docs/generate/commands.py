"""The commands: what ``--help`` prints of each."""

from __future__ import annotations

import inspect
import tomllib
from string import Template

from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf, open_dict

from bench.core.paths import CONFIGS, PROJECT
from bench.data import ACTIONS
from docs.generate.markdown import code, table

COMMANDS = ("run", "study", "tune", "table", "plot", "figures", "findings", "list", "data", "build", "perf")
"""Files of ``configs/`` that configure a command, in the order in which they are needed."""

_HEAD = """# Commands

Every command takes `key=value` arguments in the syntax of [Hydra](https://hydra.cc); [configuration
keys](configuration.md) explains them. Below is what `--help` prints. `--cfg job` prints the resolved configuration
instead.

Exit codes: 0 if all went well; 2 after an error that you can fix, which is described in one sentence; 3 if the budget
of a study ran out before its last run; 130 if interrupted.

"""


def commands_page() -> str:
    """Return the page of commands."""
    return _HEAD + "\n\n".join(map(_section, COMMANDS)) + "\n"


def _section(name: str) -> str:
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    script = f" (`fanns-{name}`)" if f"fanns-{name}" in scripts else ""
    parts = [f"## {code(f'python -m {spoken(name)}')}{script}", f"```text\n{help_of(name)}\n```"]
    if name == "data":
        actions = [(code(action), inspect.getdoc(act)) for action, act in ACTIONS.items()]
        parts.append(table(["action", "what it does"], [*actions, (code("build"), "See below.")]))
    return "\n\n".join(parts)


def spoken(name: str) -> str:
    """Return the module, and the action if any, of a file of ``configs/``."""
    return "bench.data build" if name == "build" else f"bench.{name}"


def help_of(name: str) -> str:
    """Return what ``--help`` prints of a command."""
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose(name, return_hydra_config=True)
    template = Template(str(config.hydra.help.template))
    with open_dict(config):
        del config["hydra"]
    groups = {
        path.name: sorted(file.stem for file in path.glob("*.yaml")) for path in CONFIGS.iterdir() if path.is_dir()
    }
    listed = "\n".join(f"{group}: {', '.join(groups[group])}" for group in sorted(groups))
    return template.safe_substitute(APP_CONFIG_GROUPS=listed, CONFIG=OmegaConf.to_yaml(config)).strip()
