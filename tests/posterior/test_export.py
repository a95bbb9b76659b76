"""Files for other programs, each read back by another library."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import anndata
import networkx as nx
import numpy as np
import pandas as pd
import pydot
import pytest
from typer.testing import CliRunner

from avici_jl import InputError, Posterior
from avici_jl.cli import app
from avici_jl.data.inputs import read_input
from tiny_models import save

P = np.array([[0.0, 0.9, 0.1, 0.6], [0.2, 0.0, 0.8, 0.0], [0.7, 0.1, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]], dtype=np.float32)
NAMES = ['glucose "fast" [mg/dl]', "TNF-α & β", r"a\b", "7", "lonely <x>"]
EDGES = {(0, 1): 0.9, (0, 3): 0.6, (1, 2): 0.8, (2, 0): 0.7}


@pytest.fixture
def posterior() -> Posterior:
    p = np.pad(P, (0, 1))
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(20, 5)), columns=NAMES)
    return Posterior(p, read_input(frame, ["7"] * 3 + [None] * 17, kind="values"), 0.5, "scm", "values")


def written(graph: nx.DiGraph) -> dict[tuple[int, int], float]:
    """Edges by the places of the names, with their probabilities."""
    edges = graph.edges(data="probability")
    return {(NAMES.index(source), NAMES.index(target)): round(float(p), 5) for source, target, p in edges}


def test_graphml_gexf_and_cytoscape_are_read_by_networkx(posterior: Posterior, tmp_path: Path) -> None:
    for suffix in (".graphml", ".gexf", ".cyjs"):
        assert posterior.export(tmp_path / f"g{suffix}") == 4
    document = json.loads((tmp_path / "g.cyjs").read_text(encoding="utf-8"))
    assert {edge["data"]["interaction"] for edge in document["elements"]["edges"]} == {"causes"}
    for graph in (
        nx.read_graphml(tmp_path / "g.graphml"),
        nx.read_gexf(tmp_path / "g.gexf"),
        nx.cytoscape_graph(document),
    ):
        assert graph.is_directed() and set(graph) == set(NAMES) and written(graph) == EDGES


def test_dot_is_read_by_pydot(posterior: Posterior, tmp_path: Path) -> None:
    posterior.export(tmp_path / "g.dot")
    (graph,) = pydot.graph_from_dot_file(tmp_path / "g.dot", encoding="utf-8")

    def name(quoted: str) -> str:
        return quoted[1:-1].replace('\\"', '"').replace("\\\\", "\\")

    assert {name(node.get_name()) for node in graph.get_nodes()} == set(NAMES)
    found = nx.DiGraph()
    for edge in graph.get_edges():
        found.add_edge(name(edge.get_source()), name(edge.get_destination()), probability=edge.get("probability"))
    assert graph.get_type() == "digraph" and written(found) == EDGES


def test_sif_has_a_line_for_every_edge_and_lonely_variable(posterior: Posterior, tmp_path: Path) -> None:
    posterior.export(tmp_path / "g.sif")
    columns = ["source", "verb", "target"]
    lines = pd.read_csv(tmp_path / "g.sif", sep="\t", names=columns, quoting=csv.QUOTE_NONE, dtype=str)
    edges = lines.dropna()
    found = {(NAMES.index(source), NAMES.index(target)) for source, target in edges[["source", "target"]].to_numpy()}
    assert found == set(EDGES) and set(edges["verb"]) == {"causes"}
    assert lines.loc[lines["target"].isna(), "source"].tolist() == ["lonely <x>"]


def test_tables_are_read_by_pandas(posterior: Posterior, tmp_path: Path) -> None:
    readers = {".csv": pd.read_csv, ".tsv": lambda path: pd.read_csv(path, sep="\t"), ".parquet": pd.read_parquet}
    for suffix, read in readers.items():
        path = tmp_path / f"e{suffix}"
        assert posterior.export(path) == 20
        pd.testing.assert_frame_equal(
            read(path).astype({"source": str, "target": str}),
            posterior.edges(0).astype({"source": str, "target": str}),
            check_dtype=False,
        )
        assert posterior.export(path, threshold=0.7) == len(read(path)) == 3
        assert posterior.export(path, acyclic=True) == 3 and read(path)["probability"].min() > 0.55


def test_an_h5ad_has_data_interventions_and_probabilities(posterior: Posterior, tmp_path: Path) -> None:
    posterior.export(tmp_path / "e.h5ad")
    cells = anndata.read_h5ad(tmp_path / "e.h5ad")
    np.testing.assert_array_equal(cells.X, posterior.data.x)
    np.testing.assert_array_equal(cells.layers["interventions"], posterior.data.interventions)
    np.testing.assert_array_equal(cells.varp["avici"], posterior.probabilities)
    assert list(cells.var_names) == NAMES and cells.uns["avici"]["threshold"] == 0.5


def test_other_suffixes_and_names_are_refused(posterior: Posterior, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'.graphml'.*ends with none"):
        posterior.export(tmp_path / "g.pickle")
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(9, 5)), columns=["a\tb", *NAMES[1:]])
    odd = Posterior(posterior.probabilities, read_input(frame, kind="values"), 0.5, "scm", "values")
    with pytest.raises(InputError, match="tabs.*'a.tb'"):
        odd.export(tmp_path / "g.sif")
    assert not list(tmp_path.iterdir())


def test_the_command_line_writes_what_it_shows(tmp_path: Path) -> None:
    save(tmp_path / "small")
    x = np.random.default_rng(0).normal(size=(30, 4))
    pd.DataFrame(x, columns=list("abcd")).to_csv(tmp_path / "data.csv", index=False)
    (tmp_path / "known.csv").write_text("cause,effect\na,b\n")
    base = ["predict", tmp_path / "data.csv", "--model", tmp_path / "small", "--threshold", "0", "--force"]
    for suffix in (".graphml", ".csv"):
        out, picture = tmp_path / f"e{suffix}", tmp_path / "e.png"
        more = ["--acyclic", "--json", "--truth", tmp_path / "known.csv", "--out", out, "--picture", picture]
        done = CliRunner().invoke(app, [str(a) for a in (*base, *more)], catch_exceptions=False)
        document = json.loads(done.stdout)
        shown = {(edge["source"], edge["target"]) for edge in document["edges"]}
        table = nx.read_graphml(out).edges if suffix == ".graphml" else pd.read_csv(out)[["source", "target"]].values
        assert {tuple(edge) for edge in table} == shown and len(shown) == 6
        assert document["against"]["shd"] in (5, 6) and picture.stat().st_size > 3000
    with pytest.raises(InputError, match="ends with none of these"):
        CliRunner().invoke(app, [str(a) for a in (*base, "--out", tmp_path / "e.pickle")], catch_exceptions=False)
