"""NHQ: proximity graphs on one distance that fuses vectors and attribute values.

Wang, Lv, Xu, Wang, Yue, Ni: An Efficient and Robust Framework for Approximate Nearest Neighbor Search with Attribute
Constraint (NeurIPS 2023).

A graph is built on the fusion distance, and searched for the items nearest to a query by the same measure. Nothing is
filtered, so an answer may contain items that fail the filter. There are two graphs: NHQ-NPG_nsw, which is built by
insertion, and NHQ-NPG_kgraph, which chooses edges from a k-NN graph.

=========================  ======================================  ================================================
symbol                     here                                    what it is
=========================  ======================================  ================================================
delta                      ``distance(target.point, item)``        squared L2 distance of the vectors
chi                        ``fusion.differing``                    the number of attributes whose values differ
m                          ``codes.shape[1]``                      the number of attributes
Gamma = delta (1 + chi/m)  ``fusion.Fusion``                       the fusion distance, on which graphs are built
omega_y                    ``weight``                              Gamma = delta + omega_y chi, in searches only
M, MaxM0, efConstruction   the same                                nsw: edges of a new item and of any; beam
K, L, iter, S, R           the same                                kgraph: the k-NN graph, see `kernels.nn_descent`
RANGE, PL, B               the same                                kgraph: edges, and the candidates for them
L (of a search)            ``L``                                   kgraph: beam, and how many items a search starts at
=========================  ======================================  ================================================

==========================================  ==============================================
of the paper                                function
==========================================  ==============================================
nsw: insertion                              ``build.build_nsw``
nsw: search                                 ``search.search_nsw``
kgraph: NN-descent                          ``kernels.nn_descent.nn_descent``
kgraph: edge selection                      ``build.select_edges``, ``build.candidates_by_widening``
kgraph: two-stage routing                   ``search.search_kgraph``
==========================================  ==============================================

Where this differs from the paper: a query may leave attributes open, which then do not count as differing, and two
missing values are equal. Items enter the graphs in batches, and a search of the k-NN graph starts from items that the
query's bits decide; so indexes and answers are the same for any number of threads.

As in the authors' code, every insertion and every search of nsw starts from the first item of the data. Where more
than M = MaxM0 items have its vector, each of them is at a distance of 0 to the others, whatever their values, and has
no room for edges to anything else: a search returns nothing but these copies, however wide it is. Shuffled, the same
data has no such start. kgraph starts from many items.

Where the authors' code differs from the paper, both can be chosen. That code searches by delta + omega_y chi: the
larger ``weight`` is, the more strictly items that pass come before all others. In nsw it lets a chosen neighbour
occlude a candidate by delta, not Gamma (``occlusion=vector``), and ends a search after ef / 2 expansions
(``stop=expansions``). Its factor between the two distances of kgraph's occlusion rule is always 1 here, as in all
settings that it publishes.
"""

from algorithms.nhq.kgraph import NhqKgraph
from algorithms.nhq.nsw import NhqNsw

__all__ = ["NhqKgraph", "NhqNsw"]
