"""Composite: one index for filters of every kind, with a plan for every query.

A method of this project. No published method is the best for every type and selectivity of filters: a graph over just
the items that pass is hard to beat, and a filter that has none needs something else. So this index holds graphs for
labels, graphs for ranges and a graph of everything, over one copy of the vectors, and knows from measurements which of
them to walk, and when to walk none. Its build covers any number of attributes (``attributes``), and serves all
workloads over them. The user asks for a recall, not for a beam.

========================  ================================  ===========================================================
symbol                    here                              what it is
========================  ================================  ===========================================================
n, m, s                   ``matches`` = m                   items; those that pass; s = m / n
s_r                       ``matches / sizes``               the fraction of a cover that passes
m*                        ``m_star``                        the fewest items that get a graph of their own
M                         ``M``                             of the HNSW of all items, and of a window
R                         ``R``                             neighbours in a label's graph
L                         ``L``                             beam of the searches that build a label's graph
========================  ================================  ===========================================================

What it holds, and whose it is:

==========================================  ==================================================================
part                                        where it comes from
==========================================  ==================================================================
graph of all items                          HNSW (Malkov and Yashunin, TPAMI 2020): ``kernels.hnsw``
graph of each label                         Vamana per label, as in StitchedVamana before it is stitched (Gollapudi et
                                            al., WWW 2023): ``filtered_diskann.stitched.grow_each``
windows of each ordered attribute           WoW (Wang et al., arXiv 2508.18617): ``wow.build.insert_items``
walk of it for any filter                   NaviX (Sehgal and Salihoglu, PVLDB 2025): ``kernels.local_rule``
the choice by cost                          SIEVE (Li et al., PVLDB 2025); here the costs are measured
==========================================  ==================================================================

The plans (``plans``):

==================  ====================================================================================
plan                what it does
==================  ====================================================================================
``scan``            measures the items that pass
``scan_together``   the same for all queries of a batch that have the filter, as a product of matrices
``covered``         walks the graph of the label or the range that the filter is
``cover_and_rest``  walks the graph of a conjunction's smallest part, and returns what passes the rest
``union``           walks the graphs of a disjunction's parts as one, with one beam
``general``         walks the graph of all items by NaviX's local rule
``post``            walks the graph of all items as if there were no filter, and returns what passes
==================  ====================================================================================

A label's graph is kept apart from those of other labels. Stitched into one list per item, as in StitchedVamana, walks
compute about as many distances for the same recall, and items with many labels lose neighbours.

A plan costs the distances that it computes times the seconds that one takes. A build counts the distances and the
recall of walks for every kind of walk on a grid of the graph's size, the fraction that passes and the beam
(``calibrate``). Every attribute is a kind of its own, as labels that go with the vectors take wider beams than others.
Beams for which walks compute more distances than a scan are left out. A query of the table is an item to which a part
of the difference of two others is added, as queries are unlike items (``samples``); the item is left out of answers and
walks. ``novelty`` is the most that this part can be: 0 if queries are like items, which takes narrower beams. A search
interpolates in logarithms (``costs``), takes the narrowest beam that reaches its target, with a margin, and the
cheapest plan (``plans.choose``).

A walk that was offered as many neighbours as the scan would measure gives up, and a walk that returns less than there
is was cut off; both are followed by a scan. So no query takes much more than twice the cheaper of the two, and beams as
wide as the data give exact answers.

What is the same for every build with one seed: all graphs, and all counts of the table. The seconds are measured by a
clock, so they are kept in a file of their own (``units.json``), rounded to powers of the fourth root of 2. They decide
only which plan a query takes. So an index always answers in the same way, for any number of threads; another build may
choose another plan where two cost about the same, and then answers differ as those of two approximate searches do.
"""

from algorithms.composite.method import Composite

__all__ = ["Composite"]
