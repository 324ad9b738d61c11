"""Configuration: Hydra's files and command lines as typed dataclasses, checked before anything runs."""
