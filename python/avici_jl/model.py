"""Model: a trained network that turns a table of observations into edge probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import networkx as nx
import numpy as np
from flax import nnx

from avici_jl.errors import CheckpointError
from avici_jl.inputs import read_input
from avici_jl.network import build_network
from avici_jl.prediction import sample, to_graph
from avici_jl.preprocess import features
from avici_jl.training.checkpoint import LoadedModel, find_model, list_models, load_model, save_model

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Model", "list_models"]


class Model:
    """A trained model. Make one with `Model.load`.

    Attributes:
        name: the name it was loaded by.
        kind: "values" (real numbers) or "counts" (raw counts of gene expression): what `predict` takes.
        domain: what it was trained on.
        card: what it was trained on, for how long, and what it reaches.
        threshold: the probability from which on an edge is reported, chosen on simulated data for the best F1 score.
    """

    def __init__(self, loaded: LoadedModel, name: str) -> None:
        self.name = name
        self.kind: str = loaded.config["data"]["kind"]
        self.domain: str = loaded.config["data"]["domain"]
        self.card: dict[str, Any] = loaded.card
        self.threshold = float(loaded.card.get("threshold", 0.5))
        self._loaded = loaded
        network = nnx.eval_shape(lambda: build_network(loaded.config["network"], rngs=nnx.Rngs(0)))
        graphdef, state = nnx.split(network)
        params = jax.tree.map(jnp.asarray, loaded.params)
        if _shapes(params) != _shapes(nnx.to_pure_dict(state)):
            raise CheckpointError(f"The parameters of {name} do not fit the network that its config.json describes.")
        nnx.replace_by_pure_dict(state, params)
        self._state = state

        def probabilities(state: Any, x: jax.Array, interventions: jax.Array) -> jax.Array:
            seen = features(x, interventions, self.kind)
            return jax.nn.sigmoid(nnx.merge(graphdef, state)(seen[None])[0])

        self._probabilities = jax.jit(probabilities)

    @staticmethod
    def load(name_or_path: str | Path) -> Model:
        """A shipped model by its name, or any by its folder: a saved model, or the working folder of a training run.

        Raises:
            CheckpointError: there is no such model, or it cannot be read.
        """
        path = find_model(name_or_path)
        return Model(load_model(path), path.name)

    def predict(
        self, x: Any, interventions: Any = None, *, names: Sequence[str] | None = None
    ) -> np.ndarray | pd.DataFrame:
        """Probability of every directed edge.

        Args:
            x: [n, d] observations × variables: array, DataFrame, AnnData (its `X`), or a simulated `Dataset`. A model
                of kind "counts" takes raw counts.
            interventions: which variables were set or knocked out. Either a mask [n, d] of 0 and 1 (array or
                DataFrame), or one entry per row: a name or index, a collection of these, or None.
            names: of the variables, where `x` has none.

        Returns:
            [d, d] float32, entry [i, j] the probability that i directly causes j, diagonal 0. A DataFrame with the
            names on both axes where `x` is a DataFrame or AnnData.

        Raises:
            InputError: the table or the interventions cannot be used; the message says what to do.
        """
        found = read_input(x, interventions, kind=self.kind, names=names)
        p = self._predict(found.x, found.interventions)
        if _has_labels(x):
            import pandas as pd

            return pd.DataFrame(p, index=found.names, columns=found.names)
        return p

    def predict_graph(
        self,
        x: Any,
        interventions: Any = None,
        *,
        names: Sequence[str] | None = None,
        threshold: float | None = None,
        acyclic: bool = False,
    ) -> nx.DiGraph:
        """The predicted causal graph.

        Args:
            x, interventions, names: as for `predict`. Without names the nodes are x1, x2, …
            threshold: smallest probability of an edge; by default `model.threshold`.
            acyclic: leave out the least probable edges that close a cycle.

        Returns:
            A directed graph with the edge attribute "probability".
        """
        found = read_input(x, interventions, kind=self.kind, names=names)
        p = self._predict(found.x, found.interventions)
        return to_graph(p, found.names, threshold=self.threshold if threshold is None else threshold, acyclic=acyclic)

    def sample_graphs(self, x: Any, count: int, *, interventions: Any = None, seed: int = 0) -> np.ndarray:
        """`count` graphs [count, d, d] uint8 drawn from the predicted distribution, in which edges are independent."""
        found = read_input(x, interventions, kind=self.kind)
        return sample(self._predict(found.x, found.interventions), count, seed)

    def save(self, path: str | Path) -> None:
        """Write the model to a folder that `Model.load` reads."""
        save_model(path, config=self._loaded.config, params=self._loaded.params, card=self.card)

    def __repr__(self) -> str:
        return f"Model({self.name!r}: {self.kind}, trained on {self.domain})"

    def _predict(self, x: np.ndarray, interventions: np.ndarray) -> np.ndarray:
        p = np.array(self._probabilities(self._state, x, interventions))
        np.fill_diagonal(p, 0.0)
        return p


def _shapes(params: Any) -> dict[str, tuple[int, ...]]:
    return {jax.tree_util.keystr(path): leaf.shape for path, leaf in jax.tree_util.tree_leaves_with_path(params)}


def _has_labels(x: Any) -> bool:
    return hasattr(x, "columns") or hasattr(x, "var_names")
