"""Filtered-DiskANN: one Vamana graph in which every label can be searched from its entry, built in two ways.

Gollapudi et al.: Filtered-DiskANN: Graph Algorithms for Approximate Nearest Neighbor Search with Filters (WWW 2023).

A query names one label. Its search starts from the entry of that label and never leaves the items that have it.
*FilteredVamana* inserts the items one after the other into one graph: an item looks for neighbours among the items
that share a label with it, and an edge may make another one redundant only for the labels that both of them serve.
*StitchedVamana* grows a graph for every label, lays these graphs over one another, and prunes what has become too wide.

========================  ===========================  ==================================================
symbol                    here                         what it is
========================  ===========================  ==================================================
R                         ``R``                        neighbours of an item at most
L                         ``L``                        beam of a search, in building and for queries
alpha                     ``alpha``                    how much longer an edge may be than a way around it
tau                       ``tau``                      items among which the entry of a label is chosen
R_small, L_small          ``R_small``, ``L_small``     R and L of the graph of one label
R_stitched                ``R_stitched``               neighbours of an item at most, after stitching
========================  ===========================  ==================================================

=================================  ==========================================================
of the paper                       function
=================================  ==========================================================
algorithm 1, FilteredGreedySearch  ``search.search_label``, ``grow.neighbours_while_growing``
algorithm 2, choosing entries      ``filtered.choose_entries``
algorithm 3, FilteredRobustPrune   ``kernels.prune`` with ``grow.CommonCovered``
algorithm 4, FilteredVamana        ``filtered.FilteredVamana``, ``grow.grow``
algorithm 5, StitchedVamana        ``stitched.StitchedVamana``
=================================  ==========================================================

Where this differs: the paper starts the searches of a build from the entries of labels, which may not be in the graph
yet; here a label is entered at the first of its items to be inserted, and entries are inserted before all others. Items
are inserted in batches, so that the index is the same for any number of threads. Rows may outgrow R by a factor of 1.3
before they are pruned, and distances are squared, for alpha too, both as in the authors' code.

FilteredVamana has the authors' code as a variant. Its items also search from the medoid without regard to labels, and
a neighbour occludes a candidate only if it has all labels of the candidate, not just those that node and candidate have
in common. Labels then compete for the R places of an item, so that R has to grow with their number.

The entry of a label is its medoid in StitchedVamana, as in the paper; the authors' code draws it at random.
"""

from algorithms.filtered_diskann.filtered import FilteredVamana
from algorithms.filtered_diskann.stitched import StitchedVamana

__all__ = ["FilteredVamana", "StitchedVamana"]
