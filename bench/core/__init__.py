"""What everybody speaks of: attributes, filters and their masks, vectors and their formats, distances, errors."""
