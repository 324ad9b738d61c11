"""The kernels that every method of our own shares: arrays in, arrays out, compiled by Numba.

A kernel such as the beam search is written once and specialised by the *types* of the policies it is given
(see `policy`): how distances are measured, which neighbours a node offers, which items may be returned.
"""

from algorithms.kernels.compiled import use_cache

use_cache()
