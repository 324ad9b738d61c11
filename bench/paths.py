"""Where the project's own files lie."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CONFIGS = PROJECT / "configs"
DATASETS = PROJECT / "datasets"
