"""Documentation: pages written by hand, and `docs.generate`, which derives all others from the code."""
