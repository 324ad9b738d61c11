"""Tables: of results, of methods, and of the taxonomy of the paper; and the formats to print them in."""
