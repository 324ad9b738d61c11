"""From arXiv's metadata snapshot to a dataset of the published layout.

``rules`` says what the attributes are, ``read`` reads records, ``sample`` chooses among them, ``embed`` makes
vectors, ``queries`` queries with filters, ``card`` the data card, and ``make`` runs these stages,
each of which leaves files that appear by one rename, so that a killed build goes on with the stage it was in.
"""
