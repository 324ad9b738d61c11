"""SIEVE: a set of HNSW graphs, for everything and for the filters that queries often have, chosen under a budget.

Li, Huang, Ding, Park, Chen: SIEVE: Effective Filtered Vector Search with Collection of Indexes (PVLDB 18, 2025).

A graph over just the items that pass a filter answers it as well as an unfiltered search. Not all filters can have one,
so a model of costs says which of them are worth their memory, and at query time whether to walk the smallest graph
whose items include all that pass, or to measure what passes.

=========================  ===============================  ===========================================================
symbol                     here                             what it is
=========================  ===============================  ===========================================================
I_inf                      ``root``                         the graph of all items
h                          ``labels``                       a filter that has a graph
card(h), card(f)           ``size``, ``matches``            how many items pass it; how many pass the query's filter
sef                        ``ef``; ``sef`` of a build       the beam of a search; the one that graphs are chosen for
B                          ``budget``                       memory of all graphs, by that of the root
M_h                        ``choose.degree_for``            M log(card(h)) / log(n), at least 2
gamma                      ``gamma``                        cost of measuring an item, by the unit of a walk
cor                        ``cor``                          how much of the inverse selectivity a walk pays for
=========================  ===============================  ===========================================================

==========================================  ==================================================================
of the paper                                function
==========================================  ==================================================================
the cost of a walk                          ``cost.cost_of_walk``: log(card(h)) sef (card(h) / card(f))^cor
the cost of brute force                     ``cost.cost_of_scan``: gamma card(f)
choosing graphs, greedily by their density  ``choose.choose_labels``
building them                               ``build.build_subgraphs``
the smallest that subsumes a filter         ``method.Sieve.prepare``
the choice at query time                    ``cost.prefers_scan``
==========================================  ==================================================================

Where this differs:

- The paper is given a workload of the past. A method here sees no filter before it has been built, so the past is
  inferred from the items: every value of a filtered attribute is a filter that was asked for as often as items have it.
- So graphs are for single values (EM, EMIS). They also serve conjunctions with such a part (MEM, MEMIS and some C).
  Ranges, disjunctions and negations go to the root or are measured.
- Items are stored once: the graphs of values refer to them. They have no upper layers, only the item where those begin.
- A search of any graph collects what passes and walks through the rest.
- In the paper, the selection also adapts to a changing workload; here an index does not change.
"""

from algorithms.sieve.method import Sieve

__all__ = ["Sieve"]
