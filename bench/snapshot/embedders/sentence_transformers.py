"""Any model of sentence-transformers, by name; the published dataset was embedded by stella_en_400M_v5."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from bench.core.errors import BenchError
from bench.snapshot.embedders.base import Embedder, Part


@dataclass
class SentenceTransformersSource:
    """The keys of ``configs/embedder/sentence_transformers.yaml``, which explains them."""

    kind: ClassVar[str] = "sentence_transformers"
    model: str
    revision: str | None = None
    batch: int = 64
    prompt: str | None = None
    dimensions: int | None = None

    def open(self, part: Part, count: int) -> Embedder:
        """See `EmbedderSource.open`."""
        return SentenceTransformers(self, self.prompt if part == "queries" else None)


class SentenceTransformers:
    """Runs a model, in half precision if there is a GPU. See `Embedder`."""

    def __init__(self, source: SentenceTransformersSource, prompt: str | None) -> None:
        """Load the model; `prompt` names the prompt of the model to put before every text.

        Raises:
            BenchError: the extra is not installed, or the model cannot be loaded.
        """
        try:
            import torch
            from sentence_transformers import SentenceTransformer
        except ImportError as error:
            raise BenchError(f"embedder {source.model} needs the extra: pip install 'fanns-bench[embed]'") from error
        gpu = torch.cuda.is_available()
        try:
            self._model: Any = SentenceTransformer(
                source.model,
                revision=source.revision,
                device="cuda" if gpu else "cpu",
                trust_remote_code=True,
                model_kwargs={"torch_dtype": torch.float16} if gpu else {},
            )
        except (OSError, ValueError) as error:
            raise BenchError(
                f"embedder.model={source.model} cannot be loaded ({str(error).splitlines()[0]}); "
                "embedder=minilm works offline"
            ) from error
        self._batch, self._prompt = source.batch, prompt
        self.model = f"{source.model}@{source.revision or 'newest'}"
        self.dim = int(self._model.get_sentence_embedding_dimension() or 0)
        self.truncated = 0

    def embed(self, texts: Sequence[str], first: int) -> NDArray[np.float32]:
        """See `Embedder.embed`; the model sorts the texts by length."""
        most = self._model.max_seq_length
        if most:
            lengths = self._model.tokenizer(list(texts), truncation=False)["input_ids"]
            self.truncated += sum(len(ids) > most for ids in lengths)
        vectors = self._model.encode(
            list(texts), prompt_name=self._prompt, batch_size=self._batch, show_progress_bar=False
        )
        return np.asarray(vectors, np.float32)
