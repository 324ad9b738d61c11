"""Binary search, against looking at every position."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from algorithms.kernels import ranges
from tests.support.kernels import compiled

first_not_above = compiled(ranges.first_not_above)
first_not_below = compiled(ranges.first_not_below)


@given(st.lists(st.integers(-9, 9), max_size=20), st.integers(-10, 10), st.data())
def test_the_first_position_beyond_a_bound(values: list[int], bound: int, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(values)))
    stop = data.draw(st.integers(start, len(values)))
    ascending = np.sort(np.array(values, np.int32))
    descending = ascending[::-1].copy()
    below = [i for i in range(start, stop) if ascending[i] >= bound]
    assert first_not_below(ascending, start, stop, bound) == (below[0] if below else stop)
    above = [i for i in range(start, stop) if descending[i] <= bound]
    assert first_not_above(descending, start, stop, bound) == (above[0] if above else stop)
