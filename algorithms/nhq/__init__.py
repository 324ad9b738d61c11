"""NHQ (NeurIPS 2023): graphs on a distance that fuses vectors and attribute values."""
