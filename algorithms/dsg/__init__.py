"""DSG (VLDB 2025): one graph whose edges say for which ranges they are meant."""

from algorithms.dsg.method import Dsg

__all__ = ["Dsg"]
