"""A BERT encoder as an ONNX graph, made from its weights.

Devlin et al., BERT: Pre-training of Deep Bidirectional Transformers (2019): the sum of word, position and type
embeddings, then layers of self-attention and of a feed-forward network with a GELU, each added to what it was given
and normalised (Vaswani et al., Attention Is All You Need, 2017, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

_OPSET = 20
_FAR = -1e9
"""Added to the attention scores of padding, so that its weight vanishes."""


def bert(weights: Path, config: Mapping[str, Any]) -> bytes:
    """Return an ONNX model from tokens int64[b, t] and mask float32[b, t], 0 for padding, to states float32[b, t, d].

    Args:
        weights: a safetensors file with the names of Hugging Face's BERT.
        config: the hidden_size, num_hidden_layers, num_attention_heads and layer_norm_eps.
    """
    graph = _Graph(load_file(weights), config)
    output = graph.states("tokens", "mask")
    proto = helper.make_graph(
        graph.nodes,
        "bert",
        [
            helper.make_tensor_value_info("tokens", TensorProto.INT64, ["b", "t"]),
            helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["b", "t"]),
        ],
        [helper.make_tensor_value_info(output, TensorProto.FLOAT, ["b", "t", config["hidden_size"]])],
        graph.constants,
    )
    model = helper.make_model(proto, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    return model.SerializeToString()


class _Graph:
    """The nodes and constants of a graph; every method adds nodes and returns the name of their output."""

    def __init__(self, weights: Mapping[str, NDArray[Any]], config: Mapping[str, Any]) -> None:
        self._weights, self._config = weights, config
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._names: set[str] = set()

    def states(self, tokens: str, mask: str) -> str:
        """Return the states after the last layer."""
        states = self._embeddings(tokens)
        away = self._op(
            "Mul", self._op("Sub", mask, self._constant("one", np.float32(1))), self._constant("far", -np.float32(_FAR))
        )
        bias = self._op("Unsqueeze", away, self._constant("heads_and_rows", np.array([1, 2], np.int64)))
        for layer in range(self._config["num_hidden_layers"]):
            name = f"encoder.layer.{layer}"
            attention = self._linear(
                self._attention(states, bias, f"{name}.attention.self"), f"{name}.attention.output.dense"
            )
            states = self._norm(self._op("Add", states, attention), f"{name}.attention.output.LayerNorm")
            inner = self._op("Gelu", self._linear(states, f"{name}.intermediate.dense"))
            states = self._norm(
                self._op("Add", states, self._linear(inner, f"{name}.output.dense")), f"{name}.output.LayerNorm"
            )
        return states

    def _embeddings(self, tokens: str) -> str:
        words = self._op("Gather", self._weight("embeddings.word_embeddings.weight"), tokens)
        # All tokens are of the first type, so its embedding can be added to that of every position.
        kinds, places = (self._weights[f"embeddings.{kind}_embeddings.weight"] for kind in ("token_type", "position"))
        every = self._constant("places", places + kinds[0])
        length = self._op("Gather", self._op("Shape", tokens), self._constant("second", np.array([1], np.int64)))
        zero = self._constant("zero", np.array([0], np.int64))
        return self._norm(self._op("Add", words, self._op("Slice", every, zero, length, zero)), "embeddings.LayerNorm")

    def _attention(self, states: str, bias: str, name: str) -> str:
        heads = self._config["num_attention_heads"]
        width = self._config["hidden_size"] // heads
        split = self._constant("split", np.array([0, 0, heads, width], np.int64))
        query, key, value = (
            self._op("Reshape", self._linear(states, f"{name}.{part}"), split) for part in ("query", "key", "value")
        )
        rows = self._op("Transpose", query, perm=[0, 2, 1, 3])
        columns = self._op("Transpose", key, perm=[0, 2, 3, 1])
        values = self._op("Transpose", value, perm=[0, 2, 1, 3])
        scores = self._op("Mul", self._op("MatMul", rows, columns), self._constant("scale", np.float32(width**-0.5)))
        weights = self._op("Softmax", self._op("Add", scores, bias), axis=-1)
        mixed = self._op("Transpose", self._op("MatMul", weights, values), perm=[0, 2, 1, 3])
        return self._op("Reshape", mixed, self._constant("join", np.array([0, 0, heads * width], np.int64)))

    def _linear(self, states: str, name: str) -> str:
        matrix = self._constant(f"{name}.transposed", np.ascontiguousarray(self._weights[f"{name}.weight"].T))
        return self._op("Add", self._op("MatMul", states, matrix), self._weight(f"{name}.bias"))

    def _norm(self, states: str, name: str) -> str:
        parts = self._weight(f"{name}.weight"), self._weight(f"{name}.bias")
        return self._op("LayerNormalization", states, *parts, axis=-1, epsilon=self._config["layer_norm_eps"])

    def _weight(self, name: str) -> str:
        return self._constant(name, self._weights[name])

    def _constant(self, name: str, value: Any) -> str:
        if name not in self._names:
            self._names.add(name)
            self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def _op(self, kind: str, *inputs: str, **attributes: Any) -> str:
        name = f"{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name
