"""Posterior: what one inference found, from which every answer is derived without asking the network again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data.inputs import Input
from avici_jl.data.typical import Shift
from avici_jl.data.words import listed
from avici_jl.errors import InputError
from avici_jl.posterior import acting, comparison, variables
from avici_jl.posterior.acyclic import sample_acyclic
from avici_jl.posterior.archive import read, write
from avici_jl.posterior.edges import adjacency, check_count, check_probability, edge_table, sample, to_graph

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from matplotlib.figure import Figure

    from avici_jl.posterior.effects import Effects


@dataclass(frozen=True, eq=False)
class Posterior:
    """Edge probabilities of one dataset, with the data that they are of.

    Attributes:
        probabilities: [d, d] float32; entry [i, j] is the probability that i directly causes j, diagonal 0.
        data: the table as it was understood.
        threshold: the probability from which on an edge is reported, the model's for this kind of rows.
        model: name of the model.
        kind: "values" or "counts".
        notes: what is unusual about the data, in sentences.
        card: what the model was trained on and reaches: its card, with the settings of its training data as "data".
        increase: [d, d] float32; entry [i, j] is the probability that j rises with i, given that i causes j; None if
            the model does not say signs.
        shift: how unlike those of training the table is, of models whose card says what is typical; None of others.
        choice: why `Model.load("auto")` has taken this model, in a sentence; empty where the user named it.
    """

    probabilities: np.ndarray
    data: Input
    threshold: float
    model: str
    kind: str
    notes: tuple[str, ...] = ()
    card: dict[str, Any] = field(default_factory=dict)
    increase: np.ndarray | None = None
    shift: Shift | None = None
    choice: str = ""

    @property
    def sign(self) -> np.ndarray:
        """[d, d] float32 in [-1, 1]: the expected sign of each edge, 0 where there is none for certain.

        That is probability · (2 increase - 1): near 1 for an edge that raises its effect (activation), near -1 for one
        that lowers it (repression), and near 0 where the edge or its sign is open.

        Raises:
            InputError: the model does not say signs.
        """
        if self.increase is None:
            raise InputError(
                f"{self.model} does not say the signs of effects: it was trained without them (network.signs). The "
                "model's card names what it was trained for."
            )
        return self.probabilities * (2 * self.increase - 1)

    @property
    def names(self) -> list[Any]:
        """Labels of the variables, as the user gave them."""
        return self.data.labels

    def edges(self, threshold: float | None = None) -> pd.DataFrame:
        """The edges of at least this probability as a table `source, target, probability`, the most probable first.

        If the model says signs, the column `increase` has the probability that the effect rises with its cause.

        Args:
            threshold: by default that of the model; 0 for all d (d - 1) pairs.

        Raises:
            InputError: the threshold is no probability.
        """
        return edge_table(self.probabilities, self.names, threshold=self._chosen(threshold), increase=self.increase)

    def adjacency(self, threshold: float | None = None, *, acyclic: bool = False) -> np.ndarray:
        """[d, d] uint8, 1 where an edge has at least this probability; `graph` has the same edges."""
        chosen = self._chosen(threshold)
        return adjacency(self.probabilities, chosen, acyclic=acyclic, known=self._known).astype(np.uint8)

    def graph(self, threshold: float | None = None, *, acyclic: bool = False) -> nx.DiGraph:
        """The edges of at least this probability as a directed graph with the edge attribute "probability".

        If the model says signs, edges have the attributes "increase" (see `edges`) and "sign" (1 or -1), too.

        Args:
            threshold: by default that of the model.
            acyclic: the most probable subset of these edges that has no cycle; see `most_probable_acyclic`.

        Raises:
            InputError: the threshold is no probability.
        """
        return to_graph(
            self.probabilities,
            self.names,
            threshold=self._chosen(threshold),
            acyclic=acyclic,
            known=self._known,
            increase=self.increase,
        )

    to_networkx = graph

    def sample(self, count: int, *, seed: int = 0, acyclic: bool = True) -> np.ndarray:
        """Graphs drawn from the posterior.

        Args:
            count: how many.
            seed: of the draws.
            acyclic: given that there is no cycle (see `sample_acyclic`); else edges are independent (Eq. 3).

        Returns:
            [count, d, d] uint8.

        Raises:
            InputError: `count` is no number of graphs.
        """
        check_count(count)
        if acyclic:
            return sample_acyclic(self.probabilities, count, seed, self._known)
        return sample(self.probabilities, count, seed)

    @property
    def expected_edges(self) -> float:
        """Expected number of edges: the sum of the probabilities."""
        return float(self.probabilities.sum())

    @property
    def entropy(self) -> float:
        """Entropy of the independent edges in bits: how much is left to learn."""
        p = self.probabilities[~np.eye(len(self.probabilities), dtype=bool)].astype(float)
        inside = p[(p > 0) & (p < 1)]
        return float(-(inside * np.log2(inside) + (1 - inside) * np.log2(1 - inside)).sum())

    regulators = variables.regulators
    targets = variables.targets
    causes = variables.causes
    markov_blanket = variables.markov_blanket

    suggest_interventions = acting.suggest_interventions
    effect = acting.effect
    effects = acting.effects
    knockout = acting.knockout
    compare = comparison.compare

    def to_frame(self) -> pd.DataFrame:
        """The probabilities as a table with labels on both axes, causes in rows."""
        import pandas as pd

        labels = self.data.names if self.data.columns is None else self.data.columns
        return pd.DataFrame(self.probabilities, index=labels, columns=labels)

    def to_anndata(self, adata: Any, key: str = "avici") -> None:
        """Write the result into an AnnData of the same variables.

        `adata.varp[key]` becomes the probabilities, `adata.uns[key]` the name of the model and the threshold; if the
        model says signs, `adata.varp[key + "_increase"]` has `increase`.

        Raises:
            InputError: it is no AnnData, or its variables are others.
        """
        if not hasattr(adata, "varp"):
            raise InputError(f"to_anndata writes into an AnnData; a {type(adata).__name__} was given.")
        if adata.n_vars != len(self.probabilities):
            raise InputError(
                f"{len(self.probabilities)} variables were read, and the AnnData has {adata.n_vars}: varp cannot hold "
                "them. Use to_frame or, of a model, predict."
            )
        adata.varp[key] = self.probabilities
        if self.increase is not None:
            adata.varp[f"{key}_increase"] = self.increase
        adata.uns[key] = {"model": self.model, "threshold": self.threshold}

    def plot(
        self,
        *,
        truth: np.ndarray | None = None,
        threshold: float | None = None,
        acyclic: bool = False,
        title: str | None = None,
    ) -> Figure:
        """Probabilities as a matrix, and the graph of `adjacency`; see `avici_jl.plots.plot_prediction`."""
        from avici_jl.plots import plot_prediction

        return plot_prediction(
            self.probabilities,
            self.data.names,
            truth=truth,
            threshold=self._chosen(threshold),
            edges=self.adjacency(threshold, acyclic=acyclic),
            increase=self.increase,
            title=self.model if title is None else title,
        )

    def export(self, path: str | Path, *, threshold: float | None = None, acyclic: bool = False) -> int:
        """Write the edges for another program, in the format of the suffix; see `avici_jl.posterior.export.export`.

        Tables (`.csv`, `.tsv`, `.parquet`), graphs (`.graphml`, `.gexf`, `.cyjs`, `.sif`, `.dot`), or `.h5ad`.

        Returns:
            The number of edges that were written.

        Raises:
            InputError: the suffix is none of these, the threshold is no probability, or a name cannot be written.
        """
        from avici_jl.posterior.export import export

        return export(self, path, threshold=threshold, acyclic=acyclic)

    def report(self, path: str | Path, *, title: str | None = None, question: str | None = None) -> Path:
        """Write a report: one HTML page for a browser, with everything in it, that asks no network for anything.

        It has the question, the data as they were understood, what is unusual about them, the network (pan, zoom,
        threshold, search), a table of edges, all probabilities, plots of the data behind an edge, the model's card and
        how to cite. Of large tables it holds the most probable edges and some of the rows.

        Args:
            path: of the page; a file that exists is replaced.
            title: of the page.
            question: that the data were taken to answer, in a sentence.

        Raises:
            OSError: the file cannot be written.
        """
        from avici_jl.report import write_report

        return write_report(self, path, title=title, question=question)

    def save(self, path: str | Path) -> Path:
        """Write everything to one file (`.npz`), which `Posterior.load` reads. It holds arrays and text, no code."""
        return write(self, path)

    @staticmethod
    def load(path: str | Path) -> Posterior:
        """Read what `save` wrote. Labels that are not text come back as text.

        Raises:
            InputError: the file is missing or something else.
        """
        return Posterior(**read(path))

    def __repr__(self) -> str:
        n, d = self.data.x.shape
        rows = int(self.data.interventions.any(axis=1).sum())
        return (
            f"Posterior of {self.model}: {int(self.adjacency().sum())} edges at the threshold {self.threshold:.2f} "
            f"(expected {self.expected_edges:.1f}), {d} variables, {n} rows ({rows} interventional)"
            + (f". {self.choice}" if self.choice else "")
        )

    def _repr_html_(self) -> str:
        from html import escape

        table = self.edges().head(10)
        shown = table.to_html(index=False, float_format="{:.3f}".format, border=0)
        more = int(self.adjacency().sum()) - len(table)
        return f"<p>{escape(repr(self))}</p>{shown}" + (f"<p>… and {more} more</p>" if more > 0 else "")

    @cached_property
    def _effects(self) -> dict[tuple[int, int], Effects]:
        """What `effect` and `knockout` have fitted, by numbers of graphs and seeds; not kept in pickles."""
        return {}

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_effects"}

    @property
    def _known(self) -> np.ndarray | None:
        """[d, d], 1 for required edges, -1 for forbidden ones."""
        return None if self.data.known is None else self.data.known.pairs

    def _chosen(self, threshold: float | None) -> float:
        if threshold is None:
            return self.threshold
        check_probability(threshold)
        return float(threshold)

    def _place(self, name: Hashable) -> int:
        try:
            return self.names.index(name)
        except ValueError:
            known = listed([str(other) for other in self.names])
            raise InputError(f"There is no variable {name!r}; there are {known}.") from None
