"""Downloads of arxiv-for-fanns from its hub: resumable, checksummed, at a pinned revision.

The client checks every file against the hash on the hub and resumes interrupted files. A mark with the digests of all
files is written last; it means that the folder is complete.
"""

from __future__ import annotations

import json
from pathlib import Path

from bench.core.errors import BenchError
from bench.core.leaf import FilterType
from bench.core.paths import is_writable
from bench.core.reading import reading
from bench.datasets.layout import ATTRIBUTES, PUBLISHED_WORKLOADS, QUERIES, VECTORS, filters_file, truth_file
from bench.datasets.manifest import check_names
from bench.system.files import atomic_file, make_folder, sha256

MARK = "download.json"
FILES = (
    VECTORS,
    QUERIES,
    ATTRIBUTES,
    *(filters_file(filter_type) for filter_type in PUBLISHED_WORKLOADS),
    *(truth_file(filter_type) for filter_type in (FilterType.NONE, *PUBLISHED_WORKLOADS)),
)
"""The files of a published size."""


def is_complete(folder: Path) -> bool:
    """Return whether the download into `folder` is complete."""
    return (folder / MARK).is_file()


def download(repo: str, revision: str, folder: Path) -> None:
    """Fetch a published size into `folder`; files that are there are not fetched again.

    Raises:
        BenchError: the extra is not installed, the folder is not writable, there is no network, or the hub refuses.
    """
    try:
        from huggingface_hub import HfApi, snapshot_download
    except ImportError as error:
        raise BenchError("downloads need the extra: pip install 'fanns-bench[hub]'") from error
    if not is_writable(folder):
        raise BenchError(f"{folder} is not writable; set XDG_CACHE_HOME to a folder with room for the dataset")
    make_folder(folder)
    try:
        commit = HfApi().dataset_info(repo, revision=revision).sha
        snapshot_download(repo, repo_type="dataset", revision=commit, local_dir=folder, allow_patterns=list(FILES))
    except Exception as error:  # the client raises errors of its HTTP library as well as its own
        raise BenchError(
            f"cannot fetch {repo} at revision {revision}: {type(error).__name__} ({_first_line(error)}); without "
            "a network, use dataset=arxiv-sim (generated here) or dataset=local dataset.path=FOLDER (a copy)"
        ) from error
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise BenchError(f"{repo} at revision {commit} has no {', '.join(missing)}: not an arxiv-for-fanns dataset")
    digests = {name: sha256(folder / name) for name in FILES}
    with atomic_file(folder / MARK) as mark:
        mark.write_text(json.dumps({"repo": repo, "commit": commit, "sha256": digests}, indent=2))


def verify(folder: Path) -> None:
    """Compare every file of a complete download with the digest from the time of its download.

    Raises:
        BenchError: a file is missing or has changed, or the mark is damaged.
    """
    with reading(folder / MARK, "mark of a download", "download the dataset again"):
        digests = json.loads((folder / MARK).read_text())["sha256"]
        check_names(digests)
    for name, expected in digests.items():
        if not (folder / name).is_file() or sha256(folder / name) != expected:
            raise BenchError(
                f"{folder / name} is missing or has changed since its download; delete it and download again"
            )


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or ["no message"])[0][:200]
