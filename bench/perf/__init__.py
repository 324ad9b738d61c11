"""Performance of the harness and of the kernels, as ratios to named references within one run."""
