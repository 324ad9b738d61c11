"""The harness: the commands as modules, and a package for each part behind them."""

import os
import sys

# `python -m` looks for modules in the current folder first, which may be a stranger's dataset: nothing in it may stand
# in for a library.
if not sys.flags.safe_path and sys.path[:1] and sys.path[0] in ("", os.getcwd()):
    sys.path.append(sys.path.pop(0))

try:
    import fcntl  # noqa: F401
except ImportError:
    sys.exit(
        f"fanns-bench runs on Linux and macOS, not on {sys.platform}: its processes share results by locks that only "
        "they have; on Windows, run it in WSL"
    )

from bench.core.kernel_cache import choose_kernel_cache

choose_kernel_cache()
