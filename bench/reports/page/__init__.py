"""The interactive page: one HTML file that holds the rows of a store and the scripts that show them."""
