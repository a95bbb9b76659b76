"""Model: a trained network that turns a table of observations into edge probabilities."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np
from scipy.special import expit

from avici_jl._runtime.executors import in_order, or_threads
from avici_jl._runtime.fork import check_process
from avici_jl._runtime.progress import tracked
from avici_jl.checkpoints import hub
from avici_jl.checkpoints.files import CONFIG
from avici_jl.checkpoints.find import find_model
from avici_jl.checkpoints.model import LoadedModel, load_model, save_model
from avici_jl.data.batches import hash_columns, parts_of_rows, remove_batches
from avici_jl.data.inputs import Input, read_input
from avici_jl.data.shift import differences
from avici_jl.data.standardize import features, standardize
from avici_jl.data.typical import compare
from avici_jl.errors import AviciError, CheckpointError, DataWarning, InputError
from avici_jl.network import sees_spreads
from avici_jl.network.answer import Answer
from avici_jl.network.predictor import Predictor
from avici_jl.network.shapes import usual_rows
from avici_jl.posterior import Posterior
from avici_jl.posterior.edges import check_count, check_probability
from avici_jl.posterior.stability import Stability, resample
from avici_jl.subsets.ask import WHOLE, answer_stacked, ask_in_subsets
from avici_jl.subsets.asking import Asking, InferOptions, divided
from avici_jl.subsets.cost import Cost, check_memory, estimate
from avici_jl.subsets.score import PairScore

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd


AUTO = "auto"
"""The name under which `Model.load` gives the model that chooses."""


class Model:
    """A trained model. Make one with `Model.load`.

    The methods that predict take the same data, in the arguments

    - `x`: [n, d] observations × variables: array, DataFrame, AnnData (its `X`, or `layer`), or a simulated `Dataset`. A
      model of kind "counts" takes raw counts.
    - `interventions`: which variables were set or knocked out. A mask [n, d] of 0 and 1 (array or DataFrame); one entry
      per row: a name or index, a collection of these, or None; or the name of the column that holds these entries, in
      `obs` of an AnnData or in a DataFrame.
    - `names`: of the variables, where `x` has none.
    - of an AnnData: `layer`, or `raw=True` for its `.raw`, instead of `X`; `gene_symbols`, the column of `var` that
      names the variables.
    - of labels of rows: `control`, the label or labels of rows without an intervention; `separator`, which stands
      between several targets in one label; `guides`, a map from guides to genes (dict, table, its file, or a pattern
      such as "{gene}_{number}"); `unmeasured="drop"` to leave out rows whose target is not in the table.

    - `batch`: which rows were measured together (a plate, donor, day): one label per row, or the name of the column
      that holds them, in `obs` of an AnnData or in a DataFrame. What batches differ by in location and spread alone is
      removed.
    - `same_units`: whether all variables are measured in the same units, so that their spreads tell something. Only for
      models that were trained with spreads.
    - `prior`: what is known of the graph, see `Knowledge`: required and forbidden edges, tiers, roots, regulators,
      beliefs. It is obeyed, and shown to a model that was trained with knowledge.

    Missing values are NaN; the network sees what the rest of the row lets expect, and, if it was trained so, the gaps.
    They are the arguments of `avici_jl.data.inputs.read_input`, which says more of each.

    - `regulators`: the only variables that can be causes: this field of `prior` alone.
    - `subsets`: whether the network is asked about subsets of the variables, made of the likeliest pairs, and the
      answers are put together; by default where there are more of them than `most_variables`. Pairs that no subset
      holds have the probability that a regression on their statistics gives (up to 1024 variables, of models that have
      one), else 0. `subset_seed` chooses other subsets.
    - `executor`: where subsets, parts of long tables, resamples and tables are computed: a
      `concurrent.futures.Executor` (of processes that are spawned, not forked) or a `dask.distributed.Client`; by
      default subsets and parts on threads, one for each core. The answer is the same. `progress`: whether a bar is
      shown while there is much to do; by default on terminals.

    They raise `InputError` where the data cannot be used, with what to do, and warn with `DataWarning`, once for each
    dataset and reason, where the data are unlike those of training. Tables are filled up to the next of a few sizes,
    which are compiled once and kept.

    Attributes:
        name: the name it was loaded by.
        kind: "values" (real numbers) or "counts" (raw counts of gene expression): what `predict` takes.
        domain: what it is calibrated for: what it was trained on, or a part of that.
        card: what it was trained on, for how long, and what it reaches.
        threshold: the probability from which on an edge is reported, chosen on simulated data for the best F1 score.
    """

    def __init__(self, loaded: LoadedModel, name: str) -> None:
        check_process()
        self.name = name
        self.kind: str = loaded.config["data"]["kind"]
        self.domain: str = loaded.card.get("domain", loaded.config["data"]["domain"])
        self.card: dict[str, Any] = loaded.card
        self._thresholds = _thresholds(loaded.card, name)
        self.threshold = float(loaded.card.get("threshold", self._thresholds[False]))
        self._loaded = loaded
        self._warned: set[tuple[str, int]] = set()
        self._temperature = _positive(loaded.card.get("temperature", 1.0), name)
        try:
            self._predictor = Predictor(loaded.config["network"], loaded.params)
        except CheckpointError as error:
            raise CheckpointError(
                f"The parameters of {name} do not fit the network that its config.json describes: {error}"
            ) from error
        except (AviciError, TypeError) as error:
            raise CheckpointError(
                f"The config.json of {name} describes no network that exists here: {error}"
            ) from error
        self._score = _score(loaded.card, self._predictor.statistics, name)

    @classmethod
    def load(cls, name_or_path: str | Path) -> Self:
        """A model by its folder, its name, or its place on the Hugging Face hub; they are looked for in this order.

        Args:
            name_or_path: the folder of a saved model, or of a training run; the name of a shipped model, see
                `list_models`; `"auto"`, for the shipped model that suits each table, see `AutoModel`; or
                `hf:owner/name`.

        Raises:
            CheckpointError: there is no such model, or it cannot be read.
            AviciError: this process was forked from one that has loaded a model.
        """
        check_process()
        if str(name_or_path) == AUTO and not (Path(AUTO) / CONFIG).is_file():
            from avici_jl.model.auto import AutoModel

            return AutoModel(cls)  # type: ignore[return-value]
        path = find_model(name_or_path)
        name = str(name_or_path) if str(name_or_path).startswith(hub.PREFIX) else path.name
        return cls(load_model(path), name)

    def infer(
        self,
        x: Any,
        interventions: Any = None,
        **options: Unpack[InferOptions],
    ) -> Posterior:
        """Everything that the data say about the graph, computed once. The arguments are those of `Model`.

        Returns:
            The `Posterior`: probabilities with the data and names, and from them edges, graphs, samples, comparisons,
            pictures and files, without asking the network again.

        Raises:
            InputError: the data cannot be used; the message says what to do.
        """
        return self._infer(x, interventions, **options)

    def stability(
        self,
        x: Any,
        interventions: Any = None,
        *,
        resamples: int = 50,
        seed: int = 0,
        **options: Unpack[InferOptions],
    ) -> Stability:
        """How much the answer hangs on the rows: it is given again for rows drawn with replacement (the bootstrap).

        Rows are drawn among those with the same targets and of the same batch, so that each resample has the shape of
        the data and nothing is compiled anew: it takes as long as `resamples` predictions.

        Args:
            x: the data, as for `Model`.
            interventions: of each row, as for `Model`.
            options: as for `Model`.
            resamples: how many times.
            seed: of the draws.

        Raises:
            InputError: the data cannot be used, or `resamples` is no positive integer.
        """
        check_count(resamples)
        if resamples == 0:
            raise InputError("At least one resample is needed, got resamples=0.")
        posterior, rng = self._infer(x, interventions, **options), np.random.default_rng(seed)
        gaps = bool(np.isnan(posterior.data.x).any())
        asking, _ = divided(options)
        alone = asking._replace(executor=None, progress=False)
        answering = self._of(posterior)
        tasks = ((answering, resample(posterior.data, rng), gaps, alone) for _ in range(resamples))
        drawn = in_order(Model._again, tasks, asking.executor)
        return Stability(posterior, np.stack(list(tracked(drawn, resamples, "Resamples", shown=asking.progress))))

    def _again(self, data: Input, gaps: bool, asking: Asking) -> np.ndarray:
        return self.predict_checked(data, gaps=gaps, asking=asking).edges

    def infer_many(
        self,
        tables: Iterable[Any],
        interventions: Iterable[Any] | None = None,
        **options: Unpack[InferOptions],
    ) -> list[Posterior]:
        """What each of several tables says, as for the cell types of one experiment; in their order.

        Args:
            tables: `x` of each.
            interventions: of each; None for none.
            options: as for `Model`, the same for all. With an `executor` tables are computed side by side.

        Raises:
            InputError: a table cannot be used, or there are not as many interventions as tables.
        """
        every = list(tables)
        given = [None] * len(every) if interventions is None else list(interventions)
        if len(given) != len(every):
            raise InputError(f"{len(given)} interventions were given for {len(every)} tables; give one for each.")
        executor, shown = options.pop("executor", None), options.pop("progress", None)
        alone: dict[str, Any] = {**options, "progress": False}
        tasks = ((self, x, those, alone) for x, those in zip(every, given, strict=True))
        found = in_order(_infer_one, tasks, executor)
        return list(tracked(found, len(every), "Tables", shown=shown))

    def estimate(self, n: int, d: int, *, regulators: int | None = None) -> Cost:
        """What asking in subsets costs, before there are data.

        Args:
            n: number of rows.
            d: number of variables.
            regulators: how many variables can be causes; all by default.

        Returns:
            A `Cost`: bytes of memory, number of subsets, and seconds on the cores of this machine, all at most.
        """
        return estimate(n, d, regulators, self._most_rows, scored=self._score is not None)

    def predict(
        self,
        x: Any,
        interventions: Any = None,
        **options: Unpack[InferOptions],
    ) -> np.ndarray | pd.DataFrame:
        """Probability of every directed edge. The arguments are those of `Model`.

        Returns:
            [d, d] float32, entry [i, j] the probability that i directly causes j, diagonal 0. A DataFrame with the
            names on both axes where `x` is a DataFrame or AnnData.

        Raises:
            InputError: the data cannot be used; the message says what to do.
        """
        posterior = self._infer(x, interventions, **options)
        return posterior.probabilities if posterior.data.columns is None else posterior.to_frame()

    def predict_edges(
        self,
        x: Any,
        interventions: Any = None,
        *,
        threshold: float = 0.0,
        **options: Unpack[InferOptions],
    ) -> pd.DataFrame:
        """The edges as a table `source, target, probability`, the most probable first.

        Args:
            x: the data, as for `Model`. Without names the variables are x1, x2, …
            interventions: of each row, as for `Model`.
            options: as for `Model`.
            threshold: leave out edges of smaller probability; 0 keeps all d (d - 1).

        Raises:
            InputError: the data cannot be used, or the threshold is no probability.
        """
        check_probability(threshold)
        return self._infer(x, interventions, **options).edges(threshold)

    def predict_graph(
        self,
        x: Any,
        interventions: Any = None,
        *,
        threshold: float | None = None,
        acyclic: bool = False,
        **options: Unpack[InferOptions],
    ) -> nx.DiGraph:
        """The predicted causal graph.

        Args:
            x: the data, as for `Model`. Without names the nodes are x1, x2, …
            interventions: of each row, as for `Model`.
            options: as for `Model`.
            threshold: smallest probability of an edge; by default the model's, see `decision_threshold`.
            acyclic: the most probable subset of these edges that has no cycle.

        Returns:
            A directed graph with the edge attribute "probability".

        Raises:
            InputError: the data cannot be used, or the threshold is no probability.
        """
        if threshold is not None:
            check_probability(threshold)
        return self._infer(x, interventions, **options).graph(threshold, acyclic=acyclic)

    def sample_graphs(
        self,
        x: Any,
        count: int,
        *,
        interventions: Any = None,
        seed: int = 0,
        **options: Unpack[InferOptions],
    ) -> np.ndarray:
        """`count` graphs [count, d, d] uint8 drawn from the predicted distribution, in which edges are independent.

        Raises:
            InputError: the data cannot be used, or `count` is negative.
        """
        check_count(count)
        return self._infer(x, interventions, **options).sample(count, seed=seed, acyclic=False)

    def annotate(
        self,
        adata: Any,
        interventions: Any = None,
        *,
        key: str = "avici",
        **options: Unpack[InferOptions],
    ) -> None:
        """Predict from an AnnData, and write the result into it.

        `adata.varp[key]` becomes the probabilities [d, d] float32 (row causes column), `adata.uns[key]` the name of the
        model and its threshold for these data; if the model says signs, `adata.varp[key + "_increase"]` has the
        probability that an effect rises with its cause.

        Args:
            adata: the AnnData.
            interventions: of each row, as for `Model`.
            options: as for `Model`.
            key: name of the entries.

        Raises:
            InputError: it is no AnnData, or the data cannot be used.
        """
        if not hasattr(adata, "varp"):
            raise InputError(f"annotate writes into an AnnData; a {type(adata).__name__} was given. Use predict.")
        self._infer(adata, interventions, **options).to_anndata(adata, key)

    def decision_threshold(self, interventional: bool) -> float:
        """The threshold for data with or without interventional rows; the same where the card gives only one."""
        return self._thresholds[interventional]

    def save(self, path: str | Path) -> None:
        """Write the model to a folder that `Model.load` reads.

        Raises:
            CheckpointError: the folder exists and is not a model.
        """
        config, params, _, recipe = self._loaded
        save_model(path, config=config, params=params, card=self.card, recipe=recipe)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and copies hold settings and parameters, and need no file."""
        return Model, (self._loaded, self.name)

    def __repr__(self) -> str:
        return f"Model({self.name!r}: {self.kind}, for {self.domain})"

    def _infer(self, x: Any, interventions: Any, **options: Any) -> Posterior:
        """`infer`, one call below a public method, so that a warning names the user's line."""
        asking, reading = divided(options)
        return self._infer_checked(read_input(x, interventions, kind=self.kind, **reading), asking)

    def _infer_checked(self, found: Input, asking: Asking, choice: str = "") -> Posterior:
        """`infer` of data that are checked, two calls below a public method; `choice` says why this model was taken."""
        config, typical = self._loaded.config, self.card.get("typical")
        shift = None if typical is None else compare(found, self.kind, typical)
        unlike = ((reason, f"{self.name}: the data have {s}") for reason, s in differences(found, config, shift))
        notes = (*found.notes, *unlike)
        for reason, sentence in notes:
            if (reason, found.fingerprint) not in self._warned:
                self._warned.add((reason, found.fingerprint))
                warnings.warn(sentence, DataWarning, stacklevel=4)
        answer = self.predict_checked(found, asking=asking)
        return Posterior(
            probabilities=answer.edges,
            increase=answer.signs,
            data=found,
            threshold=self.decision_threshold(bool(found.interventions.any())),
            model=self.name,
            kind=self.kind,
            notes=tuple(sentence for _, sentence in notes),
            card={**self.card, "data": config["data"]},
            shift=shift,
            choice=choice,
        )

    def _of(self, posterior: Posterior) -> Model:
        """The model that has given a posterior."""
        return self

    @property
    def most_variables(self) -> int:
        """So many variables are asked about at once by default, of more in subsets: 128, or the most of training."""
        return max([WHOLE, *(size["d"] for size in self._loaded.config["data"].get("sizes", ()))])

    @property
    def _most_rows(self) -> int:
        """How many rows the network sees at once."""
        return _TIMES * max([_FEWEST, *self._loaded.config["data"].get("rows", ())])

    def predict_checked(self, found: Input, *, gaps: bool | None = None, asking: Asking = Asking()) -> Answer:  # noqa: B008
        """What the model says of data that `read_input` has checked: probabilities [d, d] float32.

        Args:
            found: the data.
            gaps: whether the network is shown which values are missing; by default if any is.
            asking: how the network is asked.
        """
        check_process()
        x, interventions, config = found.x, found.interventions, self._loaded.config
        gaps = bool(np.isnan(x).any()) if gaps is None else gaps
        if found.same_units and not sees_spreads(config["network"]):
            raise InputError(f"{self.name} was trained without the variables' spreads; leave out same_units.")
        d = x.shape[1]
        in_subsets = asking.subsets if asking.subsets is not None else d > self.most_variables
        most = self._most_rows
        if in_subsets:
            causes = None if found.known is None else len(found.known.causes)
            check_memory(self.estimate(len(x), d, regulators=causes), d)
        # More rows than it has seen make a network surer than it should be; the mean over parts of the table does not.
        # They are as long as what is compiled, so that nothing has to be filled up.
        part = min(most, usual_rows(most // 2))
        parts = parts_of_rows(x, interventions, part) if len(x) > most else [np.arange(len(x))]
        order = np.argsort(hash_columns(x) if in_subsets else np.arange(d), kind="stable")
        if found.batch is not None:  # after what follows from bits, which hang on the order of rows from here on
            x = remove_batches(x, interventions, found.batch, self.kind)

        def see(rows: np.ndarray) -> np.ndarray:
            same_units = True if found.same_units else None
            return features(x[rows], interventions[rows], self.kind, gaps=gaps, same_units=same_units)  # type: ignore[no-any-return]

        try:
            if in_subsets:
                standard = partial(standardize, kind=self.kind)
                logits, *signs = ask_in_subsets(
                    x, interventions, found.known, parts, see, self._predictor, standard, asking, order, self._score
                )
            else:
                pairs = None if found.known is None else found.known.pairs
                with or_threads(asking.executor, len(parts)) as executor:
                    tasks = ((self._predictor, see(rows), pairs) for rows in parts)
                    logits, *signs = np.mean(list(in_order(answer_stacked, tasks, executor)), axis=0)
        except RuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            raise InputError(
                f"{d} variables do not fit into memory as a whole; please leave out subsets=False, or variables."
            ) from error
        log_odds = logits / self._temperature + (0.0 if found.known is None else found.known.log_odds)
        p = expit(log_odds).astype(np.float32)
        p = p if found.known is None else found.known.obeyed(p)
        np.fill_diagonal(p, 0.0)
        if not np.isfinite(p).all():
            raise InputError(
                f"{self.name} gives no finite probabilities for these data. Please check for variables that are almost "
                "constant or almost copies of each other, and leave them out."
            )
        return Answer(p, expit(signs[0]).astype(np.float32) if signs else None)


_TIMES, _FEWEST = 2, 1000
"""How many times more rows than in training a network sees at once; and the rows that all shipped ones have seen.

A model that is tuned on fewer rows than these does not forget the many that it has seen before.
"""


def _infer_one(model: Model, x: Any, interventions: Any, options: dict[str, Any]) -> Posterior:
    return model._infer(x, interventions, **options)


def _thresholds(card: dict[str, Any], name: str) -> dict[bool, float]:
    """Threshold with (True) and without interventions."""
    both = card.get("thresholds", {})
    found = {given: both.get(key, card.get("threshold", 0.5)) for given, key in _KINDS_OF_ROWS.items()}
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in found.values()):
        raise CheckpointError(f"The card.json of {name} has thresholds that are no probabilities: {found}.")
    return {given: float(value) for given, value in found.items()}


def _score(card: dict[str, Any], expected: int, name: str) -> PairScore | None:
    """The card's score of pairs, if it has one, of as many statistics as the network sees."""
    if "pair_score" not in card:
        return None
    score = PairScore.of_card(card["pair_score"])
    if not len(score.signed) == len(score.size) == expected:
        raise CheckpointError(
            f"The card.json of {name} has a pair_score of {len(score.signed)} and {len(score.size)} statistics; its "
            f"network sees {expected}."
        )
    return score


_KINDS_OF_ROWS = {False: "observational", True: "interventional"}


def _positive(temperature: Any, name: str) -> float:
    if not isinstance(temperature, int | float) or not temperature > 0:
        raise CheckpointError(f"The card.json of {name} has the temperature {temperature!r}; it must be positive.")
    return float(temperature)
