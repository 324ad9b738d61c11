"""Steps through all items in an order without a pattern, from wherever one begins."""

from __future__ import annotations

import numpy as np

_GOLDEN = 0.6180339887498949


def stride(n: int) -> int:
    """Return a step near the golden section of n that has no divisor in common with it.

    Steps of it modulo n reach all of n items before any twice, and any few of them in a row lie far apart.
    """
    step = max(1, round(n * _GOLDEN))
    while np.gcd(step, n) > 1:
        step += 1
    return step
