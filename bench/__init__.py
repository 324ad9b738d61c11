"""The harness: the commands as modules, and a package for each part behind them."""

import os
import sys

# `python -m` looks for modules in the current folder first. It may be a stranger's dataset: nothing in it may stand in
# for a library. Or it is this checkout: then its `algorithms` go with its `bench`, before any that are installed.
if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.dirname(os.path.realpath(__file__))):
    _code = sys.path.pop(0)
    sys.path.insert(
        next((i for i, folder in enumerate(sys.path) if folder.endswith("-packages")), len(sys.path)), _code
    )
elif not sys.flags.safe_path and sys.path[:1] and sys.path[0] in ("", os.getcwd()):
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
