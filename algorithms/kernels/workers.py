"""Threads for compiled kernels.

Kernels release the interpreter's lock, so plain threads run them side by side, with policies nested as they like
(Numba's own parallel loops take flat arguments only). Which thread does what never shows in a result: every
kernel writes places of its own, computed from what no thread changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count as counting
from types import TracebackType
from typing import Any, Self

_CHUNKS = 8
"""Chunks per thread: enough that threads finish together, few enough that handing them out is rare."""


class Workers:
    """A team of threads, each with a scratch of its own."""

    def __init__(self, scratches: Sequence[Any]) -> None:
        """Start as many threads as there are scratches; one scratch means the caller's own thread."""
        self.scratches = list(scratches)
        self._pool = ThreadPoolExecutor(len(self.scratches)) if len(self.scratches) > 1 else None

    def run(self, kernel: Callable[..., Any], count: int, *args: Any) -> None:
        """Call ``kernel(start, stop, scratch, *args)`` on chunks that together cover 0 to `count`.

        Raises:
            Exception: whatever the kernel raises.
        """
        if self._pool is None or count <= len(self.scratches):
            kernel(0, count, self.scratches[0], *args)
            return
        chunk = max(1, count // (_CHUNKS * len(self.scratches)))
        starts = counting(0, chunk)  # advancing it is atomic

        def work(scratch: Any) -> None:
            for start in starts:
                if start >= count:
                    return
                kernel(start, min(start + chunk, count), scratch, *args)

        for done in [self._pool.submit(work, scratch) for scratch in self.scratches]:
            done.result()

    def __len__(self) -> int:
        """Return how many threads there are."""
        return len(self.scratches)

    def __enter__(self) -> Self:
        """Return the team."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the threads."""
        if self._pool is not None:
            self._pool.shutdown()
