"""A posterior as a file that other programs read, its format chosen by the suffix."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx

from avici_jl.data.words import listed
from avici_jl.errors import InputError
from avici_jl.posterior.edges import edge_table, to_graph

if TYPE_CHECKING:
    from avici_jl.posterior.posterior import Posterior


def export(posterior: Posterior, path: str | Path, *, threshold: float | None = None, acyclic: bool = False) -> int:
    """Write a posterior for another program. Names are written as text, a file that exists is replaced.

    - `.csv` (or `.txt`), `.tsv`, `.parquet`: a table `source, target, probability`, the most probable edge first.
    - `.graphml`, `.gexf` (yEd, Gephi, igraph), `.cyjs` (Cytoscape), `.dot` (Graphviz): the graph, with the edge
      attribute "probability".
    - `.sif` (Cytoscape): `source causes target`, and variables without an edge on a line of their own.
    - `.h5ad`: the data as they were understood, the mask of interventions as a layer, and all probabilities in `varp`.

    If the model says signs, tables have a column `increase`, graphs the attributes "increase" and "sign" (1 or -1), an
    `.h5ad` has "avici_increase" in `varp`, and in files of Cytoscape the interaction is "increases" or "decreases"
    instead of "causes".

    Args:
        posterior: what is written.
        path: the file; its suffix says the format.
        threshold: leave out edges of smaller probability. By default tables have all d (d - 1), and graphs those from
            the posterior's threshold on. An `.h5ad` always has all.
        acyclic: only the edges of the most probable graph without cycles, of those from the threshold on.

    Returns:
        The number of edges that were written.

    Raises:
        InputError: the suffix is none of these, the threshold is no probability, or a name cannot be written.
    """
    path = Path(path)
    names = posterior.data.names
    if path.suffix in TABLES:
        return _write_table(posterior, path, threshold, acyclic)
    if path.suffix == ".h5ad":
        return _write_h5ad(posterior, path)
    check_suffix(path)
    unprintable = [name for name in names if not name.isprintable()]
    if unprintable:
        raise InputError(f"Names with tabs, line breaks or control signs cannot be written: {listed(unprintable)}.")
    chosen = posterior.threshold if threshold is None else threshold
    known = None if posterior.data.known is None else posterior.data.known.pairs
    increase = posterior.increase
    graph = to_graph(posterior.probabilities, names, threshold=chosen, acyclic=acyclic, known=known, increase=increase)
    _GRAPHS[path.suffix](graph, path)
    return graph.number_of_edges()


def check_suffix(path: Path) -> None:
    """Refuse a file whose suffix is no format of `export`.

    Raises:
        InputError: it is none.
    """
    if path.suffix not in FORMATS:
        raise InputError(f"Edges are written as {listed(FORMATS)}; {path} ends with none of these.")


def _write_table(posterior: Posterior, path: Path, threshold: float | None, acyclic: bool) -> int:
    kept = posterior.adjacency(threshold, acyclic=True) if acyclic else None
    table = edge_table(
        posterior.probabilities,
        posterior.data.names,
        threshold=threshold or 0.0,
        edges=kept,
        increase=posterior.increase,
    )
    if path.suffix == ".parquet":
        try:
            table.to_parquet(path, index=False)
        except ImportError as error:
            raise InputError('Parquet needs pyarrow: pip install "avici-jl[parquet]".') from error
    else:
        table = table.assign(**{end: table[end].map(spreadsheet_cell) for end in ("source", "target")})
        table.to_csv(path, index=False, sep="\t" if path.suffix == ".tsv" else ",")
    return len(table)


def spreadsheet_cell(name: str) -> str:
    """A variable's name for a table that a spreadsheet may open: one that it would take for a formula is quoted."""
    return f"'{name}" if name.startswith(("=", "+", "-", "@", "\t", "\r")) else name


def _write_h5ad(posterior: Posterior, path: Path) -> int:
    try:
        import anndata
    except ImportError as error:
        raise InputError('An .h5ad needs anndata: pip install "avici-jl[anndata]".') from error
    import pandas as pd

    data = posterior.data
    cells = anndata.AnnData(
        data.x,
        obs=pd.DataFrame(index=[str(k) for k in range(len(data.x))]),
        var=pd.DataFrame(index=data.names),
        layers={"interventions": data.interventions},
    )
    posterior.to_anndata(cells)
    cells.write_h5ad(path)
    d = len(data.names)
    return d * (d - 1)


def _write_graphml(graph: nx.DiGraph, path: Path) -> None:
    nx.write_graphml(graph, path)


def _write_gexf(graph: nx.DiGraph, path: Path) -> None:
    nx.write_gexf(graph, path)


def _write_cyjs(graph: nx.DiGraph, path: Path) -> None:
    document = nx.cytoscape_data(graph)
    for edge in document["elements"]["edges"]:
        edge["data"]["interaction"] = _verb(edge["data"])
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")


def _write_sif(graph: nx.DiGraph, path: Path) -> None:
    lines = [f"{source}\t{_verb(about)}\t{target}" for source, target, about in graph.edges(data=True)]
    lines += [node for node in graph if graph.degree(node) == 0]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _verb(about: Mapping[str, Any]) -> str:
    """What the cause of an edge with these attributes does."""
    return {1: "increases", -1: "decreases"}.get(about.get("sign", 0), "causes")


def _write_dot(graph: nx.DiGraph, path: Path) -> None:
    def quoted(name: str) -> str:
        return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'

    lines = [f"  {quoted(node)};" for node in graph]
    for source, target, about in graph.edges(data=True):
        attributes = ", ".join(f"{name}={value:.6g}" for name, value in about.items())
        head = ", arrowhead=tee" if about.get("sign") == -1 else ""
        lines.append(f"  {quoted(source)} -> {quoted(target)} [{attributes}{head}];")
    path.write_text("\n".join(["digraph posterior {", *lines, "}", ""]), encoding="utf-8")


_GRAPHS: dict[str, Callable[[nx.DiGraph, Path], None]] = {
    ".graphml": _write_graphml,
    ".gexf": _write_gexf,
    ".cyjs": _write_cyjs,
    ".sif": _write_sif,
    ".dot": _write_dot,
}

TABLES: Sequence[str] = (".csv", ".tsv", ".txt", ".parquet")
FORMATS: Sequence[str] = (*TABLES, *_GRAPHS, ".h5ad")
"""Suffixes that `export` knows."""
