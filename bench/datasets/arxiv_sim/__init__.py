"""arxiv-sim: a dataset of any size with the attributes and neighbourhoods of real arXiv abstracts, generated offline.

    statistics --> topics --> vectors --> dimensions --> fvecs
                          --> attributes --> JSON lines

All randomness comes from `draws`; `comparison` sets a dataset beside the statistics of real abstracts.
"""

from __future__ import annotations

from bench.datasets.arxiv_sim.comparison import compare
from bench.datasets.arxiv_sim.generator import VERSION, generate

__all__ = ["VERSION", "compare", "generate"]
