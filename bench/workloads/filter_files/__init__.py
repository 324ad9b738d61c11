"""Files of filters, one per line: JSON of this project, of Qdrant's filtered sets, and of DiskANN."""

from bench.workloads.filter_files.read import keep_answers, read_answers, read_filters

__all__ = ["keep_answers", "read_answers", "read_filters"]
