"""Which gene a guide belongs to: a map, a table of two columns, its file, or a pattern of the names of guides."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from avici_jl.errors import InputError


class Guides:
    """What `guides=` says, ready to be asked.

    Attributes:
        genes: the gene, or genes, of each guide; None for one that targets nothing.
    """

    def __init__(self, guides: Any) -> None:
        """Args: guides, as for `avici_jl.data.inputs.read_input`.

        Raises:
            InputError: it is none of these, or gives two genes for one guide.
        """
        self.genes: dict[str, Any] = {}
        self._pattern: re.Pattern[str] | None = None
        if isinstance(guides, str) and "{" in guides:
            self._pattern = _pattern(guides)
        elif guides is not None:
            self.genes = _read(guides)

    def matched(self, label: str) -> str | None:
        """The gene of a guide whose name has the pattern, or None."""
        found = self._pattern.fullmatch(label) if self._pattern else None
        return found["gene"] if found else None


def _pattern(text: str) -> re.Pattern[str]:
    """A pattern such as `{gene}_{number}`: a number is digits, anything else any text, the gene as much as there is."""
    parts = re.split(r"\{(\w*)\}", text)
    if parts[1::2].count("gene") != 1:
        raise InputError(f"guides={text!r}: a pattern has {{gene}} in it once, as in '{{gene}}_{{number}}'.")
    fields = {"gene": "(?P<gene>.+)", "number": r"\d+"}
    found = [fields.get(part, ".+?") if k % 2 else re.escape(part) for k, part in enumerate(parts)]
    return re.compile("".join(found))


def _read(guides: Any) -> dict[str, Any]:
    if isinstance(guides, str | Path):
        from avici_jl.data.files import read_table

        guides = read_table(guides)
    if isinstance(guides, Mapping):
        pairs = list(guides.items())
    elif hasattr(guides, "columns"):
        pairs = _pairs(guides)
    elif hasattr(guides, "items") and hasattr(guides, "index"):  # a Series
        pairs = list(guides.items())
    else:
        raise InputError(
            f"guides is a {type(guides).__name__}; a dict from guides to genes, a table of these two columns, its "
            "file, or a pattern such as '{gene}_{number}' is expected."
        )
    genes: dict[str, Any] = {}
    for guide, gene in pairs:
        name = _text(guide).strip()
        if name in genes and genes[name] != gene:
            raise InputError(f"guides gives two genes for {name!r}: {genes[name]!r} and {gene!r}.")
        genes[name] = gene
    return genes


def _pairs(table: Any) -> list[tuple[Any, Any]]:
    if table.shape[1] == 1 and type(table.index).__name__ != "RangeIndex":
        return list(zip(table.index, table.iloc[:, 0], strict=True))
    if table.shape[1] != 2:
        columns = [str(name) for name in table.columns]
        raise InputError(f"guides must have two columns, the guides and their genes; it has {len(columns)}: {columns}.")
    return list(zip(table.iloc[:, 0], table.iloc[:, 1], strict=True))


def _text(label: Any) -> str:
    return f"{label:.17g}" if isinstance(label, float) else str(label)
