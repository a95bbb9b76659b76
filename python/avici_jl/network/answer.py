"""What is said of the pairs of variables of a dataset, from the network's logits to a model's probabilities."""

from __future__ import annotations

from typing import Any, NamedTuple


class Answer(NamedTuple):
    """What is said of every pair: logits where a network speaks, probabilities where a model does.

    Attributes:
        edges: [..., d, d], of i → j.
        signs: [..., d, d], of an increase of j with i, given that i → j; None if it is not said.
    """

    edges: Any
    signs: Any = None
