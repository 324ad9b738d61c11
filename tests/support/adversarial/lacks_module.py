"""A method that imports a module of this project that is not there."""

from algorithms.baselines import nothing_of_this_name  # noqa: F401
