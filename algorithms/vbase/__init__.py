"""VBASE: post-filtering in one traversal of a plain HNSW, which ends when it leaves the neighbourhood of the query.

Zhang et al.: VBASE: Unifying Online Vector Similarity Search and Relational Queries via Relaxed Monotonicity
(OSDI 2023).

A traversal of an index first approaches the query, and from some point on moves away from it, by and large. This
*relaxed monotonicity* lets a search that does not know how many items it needs stop by itself: items are visited one
after another, each is tested with the filter, and the search ends once those visited last are farther than the answers
that it has. Nothing is searched again with a wider beam, as in other post-filtering.

========================  ================================  ===========================================================
symbol                    here                              what it is
========================  ================================  ===========================================================
M, efConstruction         ``M``, ``ef_construction``        of the HNSW
q                         ``query``                         the query
E                         ``E``                             how many of the nearest items that pass make up the
                                                            neighbourhood; at least k
R_q^s                     ``scratch.results[0]``            its radius after s steps: the distance of the E-th
w                         ``w``                             the window: how many of the last visits are looked at
M_q^s                     ``search.is_leaving``             their median distance; relaxed monotonicity holds from the
                                                            step on at which it is above the radius
========================  ================================  ===========================================================

==========================================  ==================================================================
of the paper                                function
==========================================  ==================================================================
section 3, relaxed monotonicity             ``search.is_leaving``
section 4, Next of a graph                  ``search.visit_next``
section 4, a filter with a limit            ``search.search_vbase``
==========================================  ==================================================================

With a window of one, this is the beam search of HNSW with in-filtering, and E is its beam.

Where this differs:

- The paper describes a database. Here are only its traversal and its end, and in place of its planner one rule, which
  estimates nothing: a filter that no more than E items pass is answered by measuring them.
- The neighbourhood is that of the items that pass, and measured items count for it at once, not only when they are
  visited.
- The paper proves nothing of the first step at which the median exceeds the radius; like its code, this stops there.
"""

from algorithms.vbase.method import Vbase

__all__ = ["Vbase"]
