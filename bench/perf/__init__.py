"""Measurements of the harness and of the kernels: ratios within one run against something named."""
