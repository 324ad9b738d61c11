"""NHQ (NeurIPS 2023): graphs on a distance that fuses vectors and attribute values."""

from algorithms.nhq.kgraph import NhqKgraph
from algorithms.nhq.nsw import NhqNsw

__all__ = ["NhqKgraph", "NhqNsw"]
