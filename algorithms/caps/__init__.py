"""CAPS: k-means partitions, and in each a tree of its most frequent attribute values.

Gupta, Huang, Lahiri, Coleman, Shrivastava: CAPS, A Practical Partition Index for Filtered Similarity Search
(arXiv 2308.15014).

A partition's *attribute-frequency tree* is a chain: its most frequent value is the *tag* of a bucket, which takes the
items that have it; among the remaining items the most frequent value tags the next bucket; and the items without a
bucket at the end are the remainder. In the partitions nearest to it, a query reads only the buckets that can hold items
that pass, until enough have passed.

========================  ============================  =====================================
symbol                    here                          what it is
========================  ============================  =====================================
B                         ``B``                         partitions
h                         ``h``                         tagged buckets in each partition
m                         ``m``                         passing items that end the reading
========================  ============================  =====================================

==========================================  ==============================================
of the paper                                function
==========================================  ==============================================
partitions by k-means                       ``kernels.kmeans.train``, ``kernels.kmeans.assign``
section 4, attribute-frequency tree         ``tree.grow_tree``, ``build.grow_trees``
section 4, query                            ``search.search``, ``search._read_partition``
==========================================  ==============================================

Where this differs from the paper: a query may leave attributes open. The number of partitions that are read is decided
by how many items have passed, as in the authors' code.

For the next tag the authors' code counts the values of all items of a partition (``frequencies=all``), the paper those
of the remaining ones (``frequencies=left``); with a single attribute that is the same. Mistakes of that code are not
reproduced: a stale bound in the selection of the best, the first partition's tree used for all, a forgotten remainder.
"""

from algorithms.caps.method import Caps

__all__ = ["Caps"]
