"""Vector files of any format: those that cannot be mapped are read block by block and converted once, into the cache.

Each format has a function that returns its `Rows`; `READERS` in `bench.datasets.vector_files.files` lists them.
"""
