"""Synthetic records in the form of arXiv's snapshot."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

TOPICS = {
    "hep-th": "gauge string brane duality anomaly supersymmetry holography soliton vacuum moduli",
    "math.DG": "manifold curvature geodesic bundle Ricci flow metric tensor submanifold holonomy",
    "cs.LG": "network gradient training loss transformer attention dataset overfitting kernel regression",
    "astro-ph.GA": "galaxy halo quasar dust redshift star cluster survey spectrum metallicity",
    "quant-ph": "qubit entanglement decoherence photon measurement teleportation circuit noise cavity channel",
    "q-bio.NC": "neuron synapse cortex spike memory plasticity stimulus oscillation behaviour brain",
}
WORDS = [
    "study",
    "method",
    "result",
    "model",
    "approach",
    "analysis",
    "new",
    "general",
    "simple",
    "large",
    "strong",
    "weak",
    "local",
    "global",
]


def record(number: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return a record; most of its words are typical of its first category."""
    names = list(TOPICS)
    categories = [names[i] for i in rng.choice(len(names), size=int(rng.integers(1, 4)), replace=False)]
    words = TOPICS[categories[0]].split() * 3 + WORDS
    sentence = " ".join(rng.choice(words, size=int(rng.integers(15, 40))))
    year, month, day = int(rng.integers(2007, 2025)), int(rng.integers(1, 13)), int(rng.integers(1, 29))
    versions = [{"version": f"v{v}", "created": "Mon, 2 Apr 2007 19:18:42 GMT"} for v in range(1, rng.integers(2, 5))]
    people = [[f"Author{rng.integers(200)}", "A. B.", ""] for _ in range(rng.integers(1, 5))]
    return {
        "id": f"{year % 100:02}{month:02}.{number:05}",
        "submitter": people[0][0] if rng.random() < 0.9 else None,
        "authors": ", ".join(person[0] for person in people),
        "title": f"On the {' '.join(rng.choice(words, size=4))}",
        "comments": "12 pages" if rng.random() < 0.7 else None,
        "journal-ref": None,
        "doi": None,
        "report-no": None,
        "categories": " ".join(categories),
        "license": None if rng.random() < 0.3 else "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
        "abstract": f"  We {sentence}.\n{number}\n",
        "versions": versions,
        "update_date": f"{year}-{month:02}-{day:02}",
        "authors_parsed": people,
    }


def snapshot(path: Path, count: int, seed: int = 0) -> Path:
    """Write a snapshot of `count` records."""
    rng = np.random.default_rng(seed)
    path.write_text("".join(json.dumps(record(i, rng)) + "\n" for i in range(count)))
    return path
