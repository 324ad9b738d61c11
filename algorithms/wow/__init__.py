"""WoW: a graph for each size of window over the values of an attribute, of which a range uses those that fit it.

Wang, Zhang, Hu: WoW: A Window-to-Window Incremental Index for Range-Filtering Approximate Nearest Neighbor Search
(arXiv 2508.18617, 2025).

In level l an item is linked to its nearest among the 2 o^l items that come next to it in the order of the attribute.
A search begins in the level whose windows are as wide as its range. There most neighbours of an item are in the range;
where one is not, the level below has narrower windows, and more neighbours in the range. Items can be inserted and
deleted.

========================  ================================  ===========================================================
symbol                    here                              what it is
========================  ================================  ===========================================================
m                         ``M``                             neighbours of an item in each level, at most
omega_c                   ``ef_construction``               the beam of the search for neighbours
omega_s                   ``ef``                            the beam of a search
o                         ``WIDER`` = 4                     how many times as wide the windows of the next level are
w_l = 2 o^l               2 ``half``                        the window of level l
[x, y]                    ``first``, ``last``               the range, as ranks
l_d                       ``search.level_for``              the level in which a search begins
========================  ================================  ===========================================================

==========================================  ==================================================================
of the paper                                function
==========================================  ==================================================================
insertion from the top level down           ``build.insert_items``, ``build.candidates_in_window``
a further level, a copy of the highest      ``build.moved``
the search of a range                       ``search.search_wow``
which neighbours count, level by level      ``search.neighbours_within``
==========================================  ==================================================================

The index grows as n M log4(n). A build needs that twice, as it keeps the distances of neighbours, and the vectors.

Where this differs:

- Windows are of ranks, so items of equal values are as far apart as any others; in the paper, of distinct values.
- Items of a build are inserted in random order and in batches, in windows of the ranks that they have in the end. So
  every edge stays within its window, and the index is the same for any number of threads. Later insertions may push
  edges out of their windows; in the paper they do so from the beginning.
- An item searches each window anew, starting from what it chose in the wider one above, and measures windows that the
  beam holds.
- A search begins from three items of the range, and in the lowest level whose windows hold as many items as the range.
- A range of no more items than the beam holds is measured whole, as a walk would have to.
- Deleted items are walked through and never returned.
- Of filters, only ranges are served. The authors' code also takes bitmaps.
"""

from algorithms.wow.method import Wow

__all__ = ["Wow"]
