"""Files in the formats of the field, for programs that are not Python: vectors, labels, ranges, filter expressions."""
