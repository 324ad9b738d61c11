"""DSG, the dynamic segment graph: one graph whose edges are labelled with the ranges that they are used in.

Peng et al.: Dynamic Range-Filtering Approximate Nearest Neighbor Search (VLDB 2025).

Given a node's candidates, the ranges [L, R] for which pruning keeps one of them form rectangles of pairs (L, R). The
edge to it is labelled with the box around them. As a label depends on the node's candidates alone, items can be
inserted in any order.

==========================  ============================  ======================================================
symbol                      here                          what it is
==========================  ============================  ======================================================
M                           ``M``                         neighbours of an item at most, in any range
efc (code)                  ``ef_construction``           candidates that are offered to the base graph
ef_max                      ``ef_max``                    the beam of the search for candidates
alpha                       ``alpha``                     a neighbour at d occludes what is farther than alpha d
[L, R]                      ``first``, ``last``           the ranks that a query's range holds
label of an edge            ``boxes``                     least L, largest L, least R and largest R of its use
==========================  ============================  ======================================================

==========================================  ===================================================================
of the paper                                function
==========================================  ===================================================================
section 4, algorithm 1: rectangles          ``rectangles.rectangles``
section 5, insertion into the base graph    ``build.insert_labelled``
the edges of a range                        ``search.neighbours_within``
authors' rewrite, candidates in an HNSW     ``build.label_around``
authors' rewrite, pruning by support        ``edges.supported``
insertion into a finished index             ``edges.moved_index``, then as in a build
==========================================  ===================================================================

There are two variants. *Paper*: items are inserted in random order into a base graph, which gives their candidates;
edges are used in both directions. A search starts from three items of the range. Items can be inserted, and deleted by
marking them. *Rewrite* (the authors' code of November 2025): candidates come from a finished HNSW, and a tenth of the
long edges is dropped, those used in the fewest ranges. A search starts from four items, and ignores labels in ranges of
less than 2% of the items. A cluster of more than `ef_max` items then has no edges to others, because its items are
each other's candidates; with insertion, its first items meet those of others.

The index grows a little faster than n M: an edge and its label take 20 bytes, and with M of 24 and ef_max of 500 an
item had 186 edges among 5,000 items and 255 among 50,000. A build needs about four times that, and the vectors.

Where this differs: the paper inserts one item at a time, this in batches and in parallel; the index is the same for any
number of threads. The items that a search starts from may be answers; in the authors' code they may not.
"""

from algorithms.dsg.method import Dsg

__all__ = ["Dsg"]
