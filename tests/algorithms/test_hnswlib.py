"""What is asked of hnswlib where it finds fewer items than wanted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from algorithms.baselines.hnswlib import nearest

QUERY = np.zeros(4, np.float32)


class Poor:
    """An index that finds so many items, and fails as the library does when it is asked for more."""

    def __init__(self, items: int) -> None:
        self.items = items

    def knn_query(self, query: Any, wanted: int, **_: Any) -> tuple[np.ndarray[Any, Any], None]:
        if wanted > self.items:
            raise RuntimeError("Cannot return the results in a contiguous 2D array. Probably ef or M is too small")
        return np.arange(wanted, dtype=np.uint64)[None], None


@pytest.mark.parametrize("wanted", [0, 1, 2, 9, 10, 37])
@pytest.mark.parametrize("items", [0, 1, 5, 9, 10, 11, 36, 100])
def test_all_that_the_library_finds_is_taken(items: int, wanted: int) -> None:
    assert nearest(Poor(items), QUERY, wanted).tolist() == list(range(min(items, wanted)))


def test_another_failure_is_not_taken_for_few_items() -> None:
    class Broken:
        def knn_query(self, *_: Any, **__: Any) -> None:
            raise RuntimeError("Wrong dimensionality of the vectors")

    with pytest.raises(RuntimeError, match="dimensionality"):
        nearest(Broken(), QUERY, 10)
