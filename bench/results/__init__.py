"""Results: the rows of runs, the store that keeps them, and the curves that reports draw."""
