"""CausalGraph: a model as an estimator of scikit-learn."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array

from avici_jl.model import Model
from avici_jl.posterior import Posterior


class CausalGraph(BaseEstimator):
    """The causal graph of a table, as an estimator of scikit-learn.

    `fit` trains nothing: it asks a trained model, see `avici_jl.Model`. So it is quick, and takes data of one size as
    well as of another.

    Args:
        model: name or folder of a model, as for `Model.load` ("auto" for the one that suits the table), or a `Model`.
        threshold: smallest probability of an edge; by default the model's for the kind of rows.
        acyclic: whether the graph is the most probable one without a cycle.

    Attributes:
        causal_matrix_: [d, d] uint8, entry [i, j] is 1 where i directly causes j.
        probabilities_: [d, d] float32, the probability of each edge.
        posterior_: the `Posterior`, with everything else.
        n_features_in_: number of variables, d.
        feature_names_in_: [d] their names, where X has names and all are text.
    """

    causal_matrix_: np.ndarray
    probabilities_: np.ndarray
    posterior_: Posterior
    n_features_in_: int
    feature_names_in_: np.ndarray

    def __init__(self, model: str | Path | Model = "scm", *, threshold: float | None = None, acyclic: bool = False):
        self.model = model
        self.threshold = threshold
        self.acyclic = acyclic

    def fit(self, X: Any, y: None = None, *, interventions: Any = None, **options: Any) -> Self:  # noqa: N803
        """Infer the graph.

        Args:
            X: [n, d] observations × variables, NaN where missing.
            y: ignored; it is there by scikit-learn's convention.
            interventions: which variables were set in which rows; as for `Model.infer`.
            options: the other options of `Model.infer`.

        Raises:
            InputError: the data cannot be used; it is a `ValueError` too.
        """
        if not hasattr(X, "columns") and not hasattr(X, "var_names") and not hasattr(X, "interventions"):
            X = check_array(
                X, accept_sparse=True, ensure_all_finite="allow-nan", ensure_min_samples=2, ensure_min_features=2
            )
        model = self.model if isinstance(self.model, Model) else Model.load(self.model)
        posterior = model.infer(X, interventions, **options)
        self.posterior_, self.probabilities_ = posterior, posterior.probabilities
        self.causal_matrix_ = posterior.adjacency(self.threshold, acyclic=self.acyclic)
        self.n_features_in_ = len(posterior.names)
        columns = posterior.data.columns
        if columns is not None and all(isinstance(name, str) for name in columns):
            self.feature_names_in_ = np.asarray(columns, dtype=object)
        elif hasattr(self, "feature_names_in_"):  # of an earlier fit
            del self.feature_names_in_
        return self

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.sparse = True
        return tags
