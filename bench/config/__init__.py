"""Hydra's configuration as typed dataclasses, checked before anything runs."""
