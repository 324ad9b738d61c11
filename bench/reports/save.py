"""Write figures and tables to files; the same rows give the same bytes."""

from __future__ import annotations

from pathlib import Path

from matplotlib import rc_context
from matplotlib.figure import Figure

from bench.reports.exhibits import Exhibit, file_name
from bench.reports.figures.theme import RC
from bench.reports.load import Results
from bench.reports.tables.table import FORMATS, Table, as_csv
from bench.system.files import atomic_file

_SUFFIXES = {"latex": "tex", "markdown": "md"}


def draw(exhibit: Exhibit, results: Results, folder: Path) -> list[Path]:
    """Draw an exhibit and return its files: PNG and PDF for figures; LaTeX, Markdown and CSV for tables.

    Raises:
        BenchError: the folder is not writable.
    """
    drawn = exhibit.draw(results)
    paths: list[Path] = []
    for key, shown in drawn.items():
        name = file_name(exhibit, key, drawn)
        if isinstance(shown, Figure):
            paths += save(shown, folder, name)
        else:
            paths += _write(shown, folder, name)
    return paths


def _write(table: Table, folder: Path, name: str) -> list[Path]:
    texts = {folder / f"{name}.{suffix}": FORMATS[form](table) for form, suffix in _SUFFIXES.items()}
    texts[folder / f"{name}.csv"] = as_csv(table)
    for path, text in texts.items():
        with atomic_file(path) as temporary:
            temporary.write_text(f"{text}\n", encoding="utf-8")
    return list(texts)


_METADATA = {"png": {"Software": None}, "pdf": {"CreationDate": None}}  # without versions and dates


def save(figure: Figure, folder: Path, name: str) -> list[Path]:
    """Write a figure as PNG and PDF and return the two files.

    Raises:
        BenchError: the folder is not writable.
    """
    paths = [folder / f"{name}.{suffix}" for suffix in _METADATA]
    for path, (suffix, metadata) in zip(paths, _METADATA.items(), strict=True):
        with atomic_file(path) as temporary, rc_context(RC):
            figure.savefig(temporary, format=suffix, metadata=metadata)
        figure.set_layout_engine("none")  # computed once, for all formats
    return paths
