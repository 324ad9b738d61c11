"""Files of filters, one per line: JSON of this project, of Qdrant's filtered sets, and of DiskANN."""

from bench.workloads.filter_files.read import Answers, keep_answers, read_answers, read_filters

__all__ = ["Answers", "keep_answers", "read_answers", "read_filters"]
