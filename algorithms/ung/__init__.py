"""UNG: a graph per label set, joined so that a search from the right sets only meets items that pass.

Cai, Shi, Chen, Zheng: Navigating Labels and Vectors: A Unified Approach to Filtered Approximate Nearest Neighbor Search
(PACMMOD 2024).

Items with equal label sets are a *group*, which has a graph of its own. Edges across groups lead from a group to those
with the smallest larger sets only: its minimal supersets, which the *label navigating graph* records. So everything
that can be reached from the minimal supersets of a query's labels has these labels too, and a search tests no filter.

======  ==========  ============================================================================
symbol  here        what it is
======  ==========  ============================================================================
delta   ``delta``   edges from an item to items of larger label sets
sigma   ``sigma``   items of a group that a search starts from
R       ``R``       neighbours of an item at most within its group
L       ``L``       beam of a search, in building and for queries
alpha   ``alpha``   how much longer an edge within a group may be than a way around it
LNG     ``lng``     the label navigating graph, a ``Csr`` over the groups
======  ==========  ============================================================================

================================================  ============================================
of the paper                                      function
================================================  ============================================
minimal supersets (section 4)                     ``groups.minimal_supersets``
label navigating graph (section 4)                ``groups.navigating_graph``
a graph per group (sections 4 and 5)              ``build.grow_groups``
cross-group edges to the delta nearest            ``cross.link_to_nearest``
realising edges of the LNG that none of these do  ``cross.realise_missing``
entries of a group                                ``build.choose_entries``
search (section 4)                                ``search.search_from_supersets``
================================================  ============================================

A search starts from all items of a group of at most sigma, else from its medoid and random others. With ``delta=0``
no edge leads to larger sets, which is enough where every item has one label.

Where this differs: the paper finds minimal supersets in a trie of the sets; here they are read from inverted lists in
which smaller sets come first, with the same result. The graph of a group may fall apart; `build.repair` then adds
edges, so that a wide enough search finds every item that passes. The authors' code takes the first items of a group
for random ones by mistake.
"""

from algorithms.ung.method import Ung

__all__ = ["Ung"]
