"""The methods, one module each; `algorithms.base` is the interface that they implement."""
