"""The wheel: installed into an empty environment, its commands work from any folder and write nothing beside the code.

The wheel itself is built and installed by pip. Its dependencies are those of the running environment, which a path file
lends to the new one: it takes seconds, and no network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from bench.core.paths import PROJECT
from bench.results.store import Store

SMALL = ["dataset.n=600", "dataset.dim=16", "dataset.queries=20", "latency_queries=0", "timed_seconds=0.01"]
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
UNPRIVILEGED = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]
"""What has root heed the permissions of files, like everybody."""


@dataclass(frozen=True)
class Installed:
    """An environment with the wheel in it, and the folders of a user beside it."""

    root: Path
    prefix: tuple[str, ...] = ()

    def __call__(self, command: str, *words: str, home: str = "home", folder: str = "elsewhere") -> str:
        """Run a command from a folder, and return what it says."""
        (self.root / folder).mkdir(exist_ok=True)
        ended = subprocess.run(
            [*self.prefix, self.root / "env" / "bin" / command, *words],
            cwd=self.root / folder,
            env={"HOME": str(self.root / home), "PATH": os.defpath, "TMPDIR": str(self.root / "tmp")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout + ended.stderr

    def files(self) -> set[Path]:
        return set((self.root / "env").rglob("*"))


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    root = tmp_path_factory.mktemp("wheel")
    (root / "tmp").mkdir()
    python = root / "env" / "bin" / "python"
    # Built from a copy, with generated data that must not get into the wheel.
    source = root / "source"
    for name in ("bench", "algorithms", "configs", "datasets"):
        shutil.copytree(PROJECT / name, source / name, ignore=shutil.ignore_patterns("__pycache__", "data"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(PROJECT / name, source)
    (source / "datasets" / "arxiv-sim" / "data").mkdir()
    (source / "datasets" / "arxiv-sim" / "data" / "vectors.fvecs").touch()
    subprocess.run([*PIP, "wheel", "--no-deps", "--no-build-isolation", "-w", root, source], check=True)
    venv.create(root / "env")
    paths = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    packages = sysconfig.get_path("purelib", "venv", vars={"base": str(root / "env"), "platbase": str(root / "env")})
    (Path(packages) / "dependencies.pth").write_text("\n".join(paths))
    (wheel,) = root.glob("*.whl")
    subprocess.run([*PIP, "--python", python, "install", "--no-deps", "--no-index", wheel], check=True)
    shutil.rmtree(source)
    subprocess.run(["git", "init", "--quiet", root], check=True)  # not the repository of what is installed
    return Installed(root)


def test_a_sweep_a_table_and_a_plot_from_another_folder(installed: Installed) -> None:
    before = installed.files()
    said = installed("fanns-run", "-m", "algorithm=prefilter,faiss_hnsw_infilter", *SMALL)
    assert "prefilter: recall up to 1.000" in said
    assert "faiss_hnsw_infilter: recall up to" in said
    table = installed("fanns-table")
    assert "prefilter" in table
    assert "faiss_hnsw_infilter" in table
    assert "recall_qps_arxiv-sim_k10.png" in installed("fanns-plot")
    elsewhere, cache = installed.root / "elsewhere", installed.root / "home" / ".cache" / "fanns-bench"
    assert (elsewhere / "results" / "figures" / "recall_qps_arxiv-sim_k10.png").stat().st_size > 10_000
    assert pd.isna(Store(elsewhere / "results").rows()["code_revision"]).all()
    assert {path.name for path in cache.iterdir()} == {"datasets", "kernels"}
    assert not list(installed.root.rglob("vectors.fvecs"))
    assert installed.files() == before


def test_every_command_is_there(installed: Installed) -> None:
    program = (
        "from importlib.metadata import entry_points\n"
        "for script in entry_points(group='console_scripts'):\n"
        "    if script.name.startswith('fanns-') and callable(script.load()): print(script.name)"
    )
    loaded = installed("python", "-c", program).split()
    assert sorted(loaded) == sorted(path.name for path in (installed.root / "env" / "bin").glob("fanns-*"))
    scripts = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["scripts"]
    assert sorted(loaded) == sorted(scripts)
    assert "Keys (key=value)" in installed("fanns-run", "--help")


def test_a_read_only_installation_without_a_home(installed: Installed) -> None:
    if os.getuid() == 0 and not shutil.which("setpriv"):
        pytest.skip("root writes anywhere, and there is no setpriv to keep it from that")
    prefix = UNPRIVILEGED if os.getuid() == 0 else []
    (installed.root / "read_only").mkdir(exist_ok=True)
    frozen = [installed.root / "read_only", *(path for path in installed.files() if path.is_dir())]
    for folder in frozen:
        folder.chmod(0o555)
    try:
        locked, before = Installed(installed.root, tuple(prefix)), installed.files()
        results = installed.root / "writable" / "results"
        options = {"home": "read_only/home", "folder": "writable"}
        said = locked("fanns-run", "algorithm=prefilter", *SMALL, **options)
        assert "prefilter: recall up to 1.000" in said
        assert said.count("compiled kernels go to ") == 1
        assert f"compiled kernels go to {results}/cache/kernels, because {installed.root}/read_only/home" in said
        assert list((results / "cache" / "datasets").glob("n600-d16-*"))
        # What needs no kernel needs no place for one.
        options["folder"] = "read_only"
        assert "compiled kernels" not in locked("fanns-table", f"results={results}", **options)
        assert "serf" in locked("fanns-list", **options)
        assert installed.files() == before
    finally:
        for folder in frozen:
            folder.chmod(0o755)
