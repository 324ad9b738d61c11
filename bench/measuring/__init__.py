"""Measuring a method that is not trusted: it answers in a worker, and its parent asks, times and watches."""
