"""Graphs as matrices: [i, j] is not 0 where i causes j."""

from __future__ import annotations

import numpy as np


def is_acyclic(graph: np.ndarray) -> bool:
    """Whether a [d, d] graph has no cycle: variables without a cause that is left are taken away until none is left."""
    left = np.asarray(graph) != 0
    causes, waiting = left.sum(axis=0), np.ones(len(left), bool)
    while True:
        free = waiting & (causes == 0)
        if not free.any():
            return not waiting.any()
        waiting &= ~free
        causes = causes - left[free].sum(axis=0)
