"""``python -m bench.datasets.arxiv_sim.derive PROFILE``: derive the shipped statistics from a profile of real data.

A profile has ``embedding_mixture.npz``, ``category_sets.csv``, ``first_sub_category.csv`` and ``attributes.json``;
the card, ``datasets/arxiv-sim/README.md``, describes their content and origin.
"""

from __future__ import annotations

import gzip
import json
import shutil
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.datasets.arxiv_sim.statistics import FOLDER

_OCTAVES = 23


def main(profile: Path) -> None:
    """Write the statistics that the generator reads, from the files in `profile`."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with np.load(profile / "embedding_mixture.npz") as mixture:
        centroids = mixture["centroids"].astype(np.float64)
        step = np.abs(centroids).max() / 127
        np.savez_compressed(
            FOLDER / "embedding.npz",
            centroids=np.rint(centroids / step).astype(np.int8),
            centroid_step=step,
            category_counts=mixture["category_counts"],
            categories=mixture["first_sub_category"],
            **{
                f"{prefix}{name}": mixture[f"{prefix}{name}"]
                for prefix in ("", "query_")
                for name in ("weight", "residual_eigenvalues", "residual_eigenvectors")
            },
        )
    # Without a time stamp, so that the same sets give the same bytes.
    (FOLDER / "category_sets.csv.gz").write_bytes(gzip.compress((profile / "category_sets.csv").read_bytes(), mtime=0))
    shutil.copyfile(profile / "first_sub_category.csv", FOLDER / "first_sub_category.csv")
    attributes = json.loads((profile / "attributes.json").read_text())
    kept = {
        "first_day": attributes["days"][0],
        "last_day": attributes["days"][1],
        "number_of_authors": attributes["number_of_authors"],
        "author_octaves": _octaves(attributes["author_names_by_number_of_papers"]).tolist(),
    }
    (FOLDER / "attributes.json").write_text(json.dumps(kept, indent=1) + "\n")


def _octaves(names_by_papers: dict[str, int]) -> NDArray[np.int64]:
    """Return weights int64[octaves] of authors ``2**e .. 2**(e+1) - 1`` that reproduce the given papers per name.

    In an octave of weight w, the papers of each name are Poisson with mean ``N w / 2**e``. Expectation maximisation
    fits the octaves to the names that were seen, which have at least one paper.
    """
    papers = np.array([int(count) for count in names_by_papers])
    names = np.array(list(names_by_papers.values()), np.float64)
    sizes = 2.0 ** np.arange(_OCTAVES)
    log_factorial = np.concatenate(([0], np.cumsum(np.log(np.arange(1, papers.max() + 1)))))[papers]
    slots = np.full(_OCTAVES, (papers @ names) / _OCTAVES)
    for _ in range(2000):
        mean = slots / sizes
        log_density = papers[:, None] * np.log(mean) - mean - log_factorial[:, None] + np.log(sizes)
        posterior = np.exp(log_density - log_density.max(1, keepdims=True))
        posterior /= posterior.sum(1, keepdims=True)
        slots = np.maximum(((names * papers) @ posterior), 1e-9)
    return np.maximum(1, np.rint(1e6 * slots / slots.sum())).astype(np.int64)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
