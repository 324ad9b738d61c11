"""arxiv-sim: a dataset of any size with the attributes and the neighbourhoods of real arXiv abstracts, made offline.

    statistics --> topics --> vectors --> dimensions --> fvecs
                          --> attributes --> JSON lines

`draws` is what all randomness comes from; `comparison` puts a dataset beside the real figures.
"""

from __future__ import annotations

from bench.datasets.arxiv_sim.comparison import describe
from bench.datasets.arxiv_sim.generator import VERSION, generate

__all__ = ["VERSION", "describe", "generate"]
