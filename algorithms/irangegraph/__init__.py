"""iRangeGraph: a graph for each node of a segment tree, from which one is improvised for the range of a query.

Xu, Feng, Hu, Zheng, Zhou: iRangeGraph: Improvising Range-dedicated Graphs for Range-filtering Nearest Neighbor Search
(SIGMOD 2025).

===========================  ==========================  =======================================================
symbol                       here                        what it is
===========================  ==========================  =======================================================
M                            ``M``                       neighbours of an item at most, in each depth
efc (code)                   ``ef_construction``         the beam of the searches for neighbours
edge_limit (code)            ``M``                       edges chosen for an item in the graph for a range
[L, R]                       ``first``, ``last``         the ranks that a query's range holds
t                            ``streak``                  failing items in a row, in in-filtering
===========================  ==========================  =======================================================

==========================================  =======================================================================
of the paper                                function
==========================================  =======================================================================
section 4, building from the leaves up      ``build.build``, ``build._link_right``, ``build._link_left``
section 4, only new edges occlude           ``build.new_edges_may_occlude``
algorithm 3, choosing edges for a range     ``search.neighbours_dedicated``
query                                       ``search.search_irangegraph``
section 5, in-filtering                     ``second_filter.follows_in_filtered``
==========================================  =======================================================================

Of filters over several ranges (MR) the index ranks the items by one attribute; the others are met by in-filtering or by
post-filtering.

The index grows as n M log2(n): an item has a row of at most M neighbours in each of log2(n) depths. A build needs that,
the vectors, and for one depth the edges that lead from one child to the other.

Where this differs: a search starts from the middle item of each node that makes up the range, in the paper from a
random one. In the authors' code a row may hold an item twice, here it may not. The authors' code draws at random
whether to follow an edge to a failing item, here a hash of the edge decides. The index is the same for any number of
threads.
"""

from algorithms.irangegraph.method import IRangeGraph

__all__ = ["IRangeGraph"]
