"""The model that chooses: for each table the shipped model that suits it, and why, said aloud."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from avici_jl.checkpoints.find import list_models
from avici_jl.data.inputs import Input, read_input
from avici_jl.data.shift import looks_like_counts
from avici_jl.data.typical import described, likeness
from avici_jl.data.words import listed
from avici_jl.errors import InputError
from avici_jl.model.model import AUTO, Model
from avici_jl.network import sees_spreads
from avici_jl.posterior import Posterior
from avici_jl.subsets.asking import divided
from avici_jl.subsets.score import PairScore


class Candidate(NamedTuple):
    """A shipped model that may be chosen.

    Attributes:
        name: of the model.
        kind: "values" or "counts".
        suits: what it is for, in words.
        margin: by how much more likely than of any other's training a table must be of its own, as a logarithm.
        only: characteristics that a table must have, as the smallest and the largest value of each.
    """

    name: str
    kind: str
    suits: str
    margin: float = 0.0
    only: Mapping[str, tuple[float, float]] = MappingProxyType({})

    def takes(self, characteristics: Mapping[str, float]) -> bool:
        """Whether it may be chosen for a table with these characteristics; those that are not defined do not count."""
        return all(
            not np.isfinite(value := characteristics.get(name, np.nan)) or low <= value <= high
            for name, (low, high) in self.only.items()
        )


CANDIDATES = (
    Candidate("scm-world", "values", "tables as they were measured"),
    Candidate(
        "scm",
        "values",
        "clean tables with strong effects",
        margin=1.5,
        # Noise that is symmetric and no lighter in its tails than normal noise, and no errors in single cells: where
        # these are missed, scm-world is much better, and where they are met, scm is a little.
        only=MappingProxyType(
            {"skewness of the rest": (0.0, 0.05), "tails of the rest": (1.12, np.inf), "step": (-np.inf, 0.0)}
        ),
    ),
    Candidate("grn-screen", "counts", "counts as screens give them"),
    Candidate("grn", "counts", "counts without perturbations, or with clean knock-outs"),
)
"""Those that are shipped are asked; the first of a kind is chosen where none of the others stands out."""


_ROWS = 200
"""So many rows of a layer are looked at."""


class Choice(NamedTuple):
    """Which model is taken for a table, and why, in a sentence."""

    model: Model
    why: str


class AutoModel(Model):
    """Chooses, for each table, the shipped model that suits it; `Model.load("auto")` gives one.

    It has the methods of `Model`. Which model has answered is in `Posterior.model`, and why in `Posterior.choice`:

    - raw counts go to a model of counts, all else to one of real values;
    - a model that cannot use what is given (gaps, common units, prior knowledge), or was trained on tables of other
      sizes, comes after one that can and was;
    - of the others that is taken whose tables of training the table is most like, by the characteristics that its card
      has quantiles of (see `avici_jl.data.typical.likeness`); `CANDIDATES` says by how much more like, and what
      else is asked of a table.

    What depends on the model, as `threshold`, `kind` and `card`, only its posteriors have.

    Args:
        load: what the candidates are loaded with.
    """

    def __init__(self, load: type[Model] = Model) -> None:
        self.name = AUTO
        self._load, self._loaded_models = load, dict[str, Model]()

    def choose(self, found: Input) -> Choice:
        """The model for a table that `read_input` has checked."""
        kind = "counts" if looks_like_counts(found.x) else "values"
        shipped = set(list_models())
        every = [candidate for candidate in CANDIDATES if candidate.kind == kind and candidate.name in shipped]
        taken = "raw counts" if kind == "counts" else "real values"
        if len(every) == 1:
            return Choice(self._model(every[0].name), f"Chosen by {AUTO}: it takes {taken}.")
        against = {one.name: list(objections(self._model(one.name), found)) for one in every}
        fewest = min(map(len, against.values()))
        fit = [one for one in every if len(against[one.name]) == fewest]
        table = described(found, kind)
        fit = [one for one in fit if one.takes(table)] or fit
        like = self._likeness(fit, table)
        best = fit[0]
        for one in fit[1:]:
            if like[one.name] - like[best.name] > one.margin:
                best = one
        beaten = [f"{one.name} ({', '.join(against[one.name])})" for one in every if len(against[one.name]) > fewest]
        why = f"it takes {taken}, against {', '.join(beaten)}" if beaten else f"it suits {best.suits}"
        return Choice(self._model(best.name), f"Chosen by {AUTO} among {listed([one.name for one in every])}: {why}.")

    def _infer(self, x: Any, interventions: Any, **options: Any) -> Posterior:
        asking, reading = divided(options)
        found = read_input(x, interventions, kind="values", **reading)
        layer = None if reading.get("layer") or reading.get("raw") else counts_elsewhere(x)
        if layer is not None and not looks_like_counts(found.x):
            note = (
                f"X holds real values, and the layer {layer!r} raw counts: pass layer={layer!r} for a model of counts."
            )
            found = replace(found, notes=(*found.notes, ("layer", note)))
        model, why = self.choose(found)
        return model._infer_checked(found, asking, why)

    def _of(self, posterior: Posterior) -> Model:
        return self._model(posterior.model)

    def _model(self, name: str) -> Model:
        if name not in self._loaded_models:
            self._loaded_models[name] = self._load.load(name)
        return self._loaded_models[name]

    def _likeness(self, candidates: Sequence[Candidate], table: Mapping[str, float]) -> dict[str, float]:
        """How likely a table is of the training of each, by what the cards of all of them have quantiles of.

        What decides already which of them may be chosen does not count again.
        """
        cards = {one.name: self._model(one.name).card for one in candidates}
        if not all("typical" in card for card in cards.values()):
            return dict.fromkeys(cards, 0.0)
        typical = {name: card["typical"] for name, card in cards.items()}
        shared = set.intersection(*(set(known["characteristics"]) for known in typical.values()))
        shared -= {name for one in candidates for name in one.only}
        seen = {name: value for name, value in table.items() if name in shared}
        return {name: likeness(seen, known) for name, known in typical.items()}

    @property
    def most_variables(self) -> int:
        """The most of those among which it chooses."""
        return max(model.most_variables for model in self._every())

    @property
    def _most_rows(self) -> int:
        return max(model._most_rows for model in self._every())

    @property
    def _score(self) -> PairScore | None:  # type: ignore[override]
        """For estimates, which are of the costliest: one without a score, if there is any."""
        return min((model._score for model in self._every()), key=lambda score: score is not None)

    def _every(self) -> list[Model]:
        shipped = set(list_models())
        return [self._model(candidate.name) for candidate in CANDIDATES if candidate.name in shipped]

    def save(self, path: str | Path) -> None:
        """Refused: there is nothing to save.

        Raises:
            InputError: always.
        """
        raise InputError(f"{AUTO} is a choice among shipped models; save the one that it has chosen for your table.")

    def decision_threshold(self, interventional: bool) -> float:
        """Refused: it is that of the model that is chosen, see `Posterior.threshold`.

        Raises:
            InputError: always.
        """
        raise _OfTheChosen("threshold")

    def __getattr__(self, name: str) -> Any:
        if name in ("kind", "domain", "card", "threshold"):
            raise _OfTheChosen(name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __reduce__(self) -> tuple[Any, ...]:
        return AutoModel, (self._load,)

    def __repr__(self) -> str:
        return f"Model({AUTO!r}: chooses among {', '.join(candidate.name for candidate in CANDIDATES)} for each table)"


def counts_elsewhere(x: Any) -> str | None:
    """The first layer of an AnnData that holds raw counts, by its first rows; None where there is none."""
    for name, layer in dict(getattr(x, "layers", None) or {}).items():
        part = layer[:_ROWS]
        if looks_like_counts(np.asarray(part.toarray() if hasattr(part, "toarray") else part, float)):
            return str(name)
    return None


class _OfTheChosen(InputError, AttributeError):
    """What only the model that is chosen has is asked of the one that chooses."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f'The model "{AUTO}" has no {name} of its own: it is that of the model that it chooses for a table. Name a '
            "model, or see the posterior of your table."
        )


def objections(model: Model, found: Input) -> Iterator[str]:
    """What speaks against a model for a table, beside what the table is like."""
    config = model._loaded.config
    data, network = config["data"], config["network"]
    n, d = found.x.shape
    sizes, rows = [size["d"] for size in data.get("sizes", ())], data.get("rows", ())
    if sizes and d > 1.5 * max(sizes):
        yield f"up to {max(sizes)} variables in training"
    if rows and n > 2 * max(rows):
        yield f"up to {max(rows)} rows in training"
    if np.isnan(found.x).any() and "gaps" not in network.get("statistics", ()):
        yield "sees no gaps"
    if found.same_units and not sees_spreads(network):
        yield "sees no spreads"
    if found.known is not None and not network.get("prior"):
        yield "sees no knowledge"
