"""Judging single queries beside batches: chance is no fault, and less recall is."""

from __future__ import annotations

import numpy as np
import pytest

from bench.runs.answers import _is_less


@pytest.mark.parametrize(
    ("alone", "together", "less"),
    [
        ([0.0] * 5, [1.0] * 5, True),
        ([0.6, 0.7, 0.5] * 10, [0.8, 0.9, 0.7] * 10, True),
        ([0.0, 0.8, 0.3, 0.1, 0.2], [0.6, 0.2, 0.9, 0.4, 0.1], False),  # it starts at random
        ([0.96] * 20, [1.0] * 20, False),
        ([1.0] * 5, [0.0] * 5, False),
        ([0.0], [1.0], False),
    ],
)
def test_less_recall_alone_is_a_fault_beyond_chance(alone: list[float], together: list[float], less: bool) -> None:
    assert _is_less(np.array(alone), np.array(together)) is less
