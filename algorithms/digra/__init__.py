"""DIGRA: a multi-way tree over an attribute with a graph at every node, of which a query searches two at most.

Jiang et al.: DIGRA: A Dynamic Graph Indexing for Approximate Nearest Neighbor Search with Range Filter (SIGMOD 2025).

An item belongs to one node of each layer, so a graph per node is a row of neighbours per item and layer. Two nodes
cover any range, and little more than it: the search walks through items outside the range, but never returns them.
Items can be inserted and deleted.

=======================  ==================================  =====================================================
symbol                   here                                what it is
=======================  ==================================  =====================================================
B                        ``B``                               children per node, at most
M                        ``M``                               neighbours per item and layer, at most
efc                      ``ef_construction``                 the beam of the search for neighbours
ef                       ``ef``                              the beam of a search
[l, r]                   ``first``, ``last``                 the range, as ranks
=======================  ==================================  =====================================================

======================================================  ==========================================
of the paper                                            function
======================================================  ==========================================
algorithm 3, building the tree from its leaves          ``tree.Tree``
algorithm 4, the graph of a node from its children's    ``build.refresh``
algorithm 5, the nodes that cover a range               ``search.cover``
section 4.2, searching them at once                     ``search.search_digra``
algorithm 6, insertion                                  ``index.DigraIndex.insert``, ``build.link``
algorithm 7, deletion                                   ``index.DigraIndex.delete``
======================================================  ==========================================

The index grows as n M log2(n): every item has a row of at most M neighbours in each of log2(n) layers. A build needs
that, the vectors, and a few integers per item and thread. The index is the same for any number of threads, that of the
paper's serial build, since a layer depends only on the one below it.

Nodes are built with ceil(B / 2) children, as in the paper; with ``grouping=released``, alternately with 2 and 3, as in
the authors' code. The lower tree of the latter finds more at equal `ef`, but not at equal cost: for ranges over 50,000
items, recall at ef=10 was .838 instead of .825, and a recall of .95 took 7% more distances.

Where this differs: unlike the authors' code, it answers an empty range with nothing, never leaves a range, and offers
no deleted item across the two nodes. The paper balances the tree by weight, which the tree of its own construction does
not satisfy for its own B = 3; like the authors' code, this balances by the number of children (see `tree`).
"""

from algorithms.digra.method import Digra

__all__ = ["Digra"]
