"""ACORN: one graph for all filters, so dense that the items that pass any filter form a navigable graph of their own.

Patel, Kraft, Guestrin, Zaharia: ACORN: Performant and Predicate-Agnostic Search Over Vector Embeddings and Structured
Data (SIGMOD 2024).

The graph is an HNSW without pruning, with `gamma` times as many neighbours per item, built without regard to any
filter. A search walks over items that pass and no others: of each list it reads only what passes, as if the graph had
been built over nothing else. ACORN-1 is the variant with gamma = 1, which also reads the lists of all neighbours.

=====================  ========================  ==============================================================
symbol                 here                      what it is
=====================  ========================  ==============================================================
M                      ``M``                     passing neighbours per item; 2 M in the lowest layer
gamma                  ``gamma``                 M gamma candidates are looked for per item
M_beta                 ``M_beta``                nearest neighbours that the lowest layer keeps in any case
H                      ``prune_two_hops``        what the neighbours kept after the first M_beta lead to
efs                    ``ef``                    the beam of a search
s_min                  ``prefilter_below``       selectivity below which all matches are measured; 1 / gamma
=====================  ========================  ==============================================================

=====================================================  ==============================================
of the paper                                           function
=====================================================  ==============================================
section 4, descent over what passes                    ``layers.descend`` with ``graph.Reading``
section 4, neighbours that pass, at one or two hops    ``graph.neighbours_that_pass``
section 4, prefiltering below s_min                    ``search.search_acorn``
section 5, M gamma candidates by M entries per list    ``build._link_forward``, ``graph.FirstM``
section 5.2, predicate-agnostic compression            ``build.prune_two_hops``
=====================================================  ==============================================

As in the paper, and unlike the authors' code, lists are ordered nearest first (theirs: farthest first), and a build
walks along the first M entries of each list that were not met before. In the upper layers, lists are cut at M gamma
entries only; in the lowest they have room for M_beta + 1.5 M. When a list there leads to enough is a parameter, `cut`.

Where this differs from both:

- A list is read to its end before the lists of its tail (the entries after the first M_beta), and the farthest entry's
  list is read first. The paper reads the list of each tail entry when it comes to it. On 50,000 real embeddings, our
  order was worth a quarter of the throughput at recall 0.95.
- The item that a walk starts from may fail the filter, and is then not returned.
- If a search ends at once because nothing near its start passes, it walks from there over all items to the first that
  does. This is common for filters that fewer than one item in gamma passes.
- The index is the same for any number of threads.

Since edges are not diversified, a small M leaves clusters of items unconnected, however wide the search.
"""

from algorithms.acorn.method import Acorn

__all__ = ["Acorn"]
