"""Networks: entries of tables [batch, n, d, 2 to 4 channels] in, edge logits [batch, d, d] out.

Two kinds behind one interface: "axial" is the paper's transformer over observations and variables; "pair" is the
compact one over pairs of variables. Both are invariant to the order of the rows and equivariant to the order of
the variables. Logits on the diagonal are -30: no variable causes itself.

Each has two parts: `summarize` has no parameters, and `from_summary` makes logits of what it gives. The pair network's
summary has no rows any more, so that its second part is compiled once for each number of variables.

Importing it loads no Flax: a prediction that was compiled before on this machine needs none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from avici_jl.network.build import build_network

__all__ = ["build_network", "sees_spreads"]


def __getattr__(name: str) -> Any:
    if name == "build_network":
        from avici_jl.network.build import build_network

        return build_network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def sees_spreads(config: Mapping[str, Any]) -> bool:
    """Whether a network of these settings makes use of the spreads of variables in common units."""
    if config.get("kind") == "axial" and config.get("channels", 2) > 3:
        return True
    return any(group.partition("@")[0] == "scale" for group in config.get("statistics", ()))
