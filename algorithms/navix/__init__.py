"""NaviX: in-filtering over a plain HNSW that chooses at every node how far it looks for items that pass.

Sehgal, Salihoglu: NaviX: A Native Vector Index Design for Graph DBMSs With Robust Predicate-Agnostic Search Performance
(PVLDB 2025).

The index is an HNSW that knows nothing of filters. A search is given the whole selection, and walks over items that
pass. Of a node's neighbours it counts those that pass: their fraction, the *local selectivity*, says whether they are
enough to go on, or whether the lists behind the failing ones are read too, and in which order.

========================  ================================  ===========================================================
symbol                    here                              what it is
========================  ================================  ===========================================================
M, efC                    ``M``, ``ef_construction``        of the HNSW
efs                       ``ef``                            the beam of a search
S                         ``accept``                        the items that pass
sigma_l                   f / d                             the local selectivity: f of a node's d neighbours pass
onehop-s                  ``one_hop``                       go on over the neighbours that pass
directed                  ``directed``                      measure the neighbours, read the lists of the nearest
blind                     ``blind``                         read the lists of all failing neighbours
adaptive-local            ``local``                         one hop from f / d = 0.5; else directed where
                                                            0.4 (d f + f) > d + (d - f); else blind
========================  ================================  ===========================================================

==========================================  ==================================================================
of the paper                                function
==========================================  ==================================================================
building the index                          ``kernels.hnsw.build``
the entry point, without the filter         ``kernels.hnsw.find_start``
seeds that pass                             ``search.seed_spread``
the heuristics, and the choice among them   ``kernels.local_rule.walk_by_rule``, ``kernels.local_rule.choose_rule``
==========================================  ==================================================================

The rule with its two numbers is that of the authors' released code, as is the order in which lists are read: that of a
failing neighbour is read once in a search, that of a passing one only when the walk comes to it.

Where this differs:

- The HNSW has as many layers as its authors gave it; in the paper it has two, on disk.
- The seeds are spread evenly over the items, in the authors' code they are the first that pass. So they lie apart where
  items are stored in an order that means something.
- A filter that no more items pass than the beam holds is answered by measuring all of them, as the walk would have to.
- A walk that ends with fewer results than its beam holds has not reached the others; then all that pass are measured.
  So `ef` answers are returned wherever as many items pass.
"""

from algorithms.navix.method import Navix

__all__ = ["Navix"]
