"""SeRF: a segment graph, which holds the graphs of all prefixes in one, and edges for ranges that begin later.

Zuo, Qiao, Zhou, Li, Deng: SeRF: Segment Graph for Range-Filtering Approximate Nearest Neighbor Search (SIGMOD 2024).

Ranges from the lowest value on are answered by the one-dimensional graph, which compresses without loss: it is what
inserting the items of the range alone would have made. All others are answered by edges that say for which first
ranks they are meant, and by the same edges backwards. With ``leap=min`` these are exact for every first rank; with
``mid`` and ``max``, which is the released default, the more is lost the fewer edges there are.

========================  ============================  =====================================
symbol                    here                          what it is
========================  ============================  =====================================
index_k (code), M         ``M``                         neighbours of an item at most
ef_con                    ``ef_construction``           candidates that a span is chosen from
ef_max                    ``ef_max``                    the beam that they are sought with
[b, e] of an edge         ``ends``, ``lasts``           the ranges that an edge is for
========================  ============================  =====================================

==========================================  ==============================================
of the paper                                function
==========================================  ==============================================
section 4, insertion into the segment graph ``build._link_forward``, ``build._link_back``
section 5, two-dimensional compression      ``build._choose_spans``
query over a half-bounded range             ``search.neighbours_in_prefix``
query over any range                        ``search.neighbours_within``
==========================================  ==============================================

The index grows as n M log(n) at most; in practice an item has somewhat more than M edges in each of the
one-dimensional graph, its spans, and backwards. A build needs that, and the vectors.

Where this differs: a search starts from three items of the range, which may be answers (in the authors' code they may
not). The authors' code searches for candidates in a hierarchy, gives edges back in the base graph to seven tenths of
the neighbours, and inserts in threads that do not wait for each other, which breaks the order that losslessness rests
on; here searches start as in a query, and the index is the same for any number of threads.
"""

from algorithms.serf.method import Serf

__all__ = ["Serf"]
