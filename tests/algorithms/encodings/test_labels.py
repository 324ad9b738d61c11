"""Label sets: the values of all attributes as numbers, and which items have which."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.encodings import labels as labels_kernels
from algorithms.encodings.labels import UNKNOWN, label_sets
from bench.core.attributes import Attributes
from bench.core.encode import sets
from bench.core.errors import BenchError
from bench.core.filters import Contains, Equals
from tests.support.kernels import compiled
from tests.support.labelled import labels_of, tagged
from tests.support.naive import values_of
from tests.support.strategies import columns

has_label = compiled(labels_kernels.has_label)
have_common_label = compiled(labels_kernels.have_common_label)


@given(columns())
def test_label_sets_hold_the_values_of_all_attributes(attributes: Attributes) -> None:
    names = ("category", "number", "truth", "words")
    encoded = label_sets(attributes, names)
    held = labels_of(encoded)
    plain = {name: values_of(attributes[name]) for name in names}
    for i in range(attributes.n):
        leaves = [Equals(name, plain[name][i]) for name in names[:3] if plain[name][i] is not None]
        expected = {encoded.label_of(leaf) for leaf in leaves}
        expected |= {encoded.label_of(Contains("words", word)) for word in plain["words"][i]}
        assert held[i] == expected
        assert UNKNOWN not in held[i]
        assert len(held[i]) == len(leaves) + len(plain["words"][i])  # no two values are one label
        codes = encoded.labels.codes[encoded.labels.offsets[i] : encoded.labels.offsets[i + 1]]
        assert codes.tolist() == sorted(held[i])
    assert encoded.label_of(Equals("category", "nowhere")) == UNKNOWN
    assert encoded.label_of(Equals("number", 77)) == UNKNOWN
    assert encoded.labelled.tolist() == [i for i, labels in enumerate(held) if labels]
    starts, holders = encoded.postings
    for label in range(encoded.size):
        expected_items = [i for i, labels in enumerate(held) if label in labels]
        assert holders[starts[label] : starts[label + 1]].tolist() == expected_items


@given(st.lists(st.sets(st.integers(0, 4), max_size=3), min_size=2, max_size=12))
def test_items_with_a_common_label_are_recognised(held: list[set[int]]) -> None:
    column = sets([[str(label) for label in labels] for labels in held])
    encoded = label_sets(Attributes(len(held), {"tag": column}), ("tag",))
    for a in range(len(held)):
        for b in range(len(held)):
            assert have_common_label(encoded.labels, a, b) == bool(held[a] & held[b])
        for label in range(5):
            code = encoded.label_of(Contains("tag", str(label)))
            assert has_label(encoded.labels, a, np.int32(code)) == (label in held[a])


def test_label_sets_need_an_attribute() -> None:
    with pytest.raises(BenchError, match="need an attribute"):
        label_sets(tagged(5, 0).attributes, ())
