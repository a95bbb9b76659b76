"""The model that chooses: for each table the shipped model that suits it, and why, said aloud."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from avici_jl.checkpoints.find import list_models
from avici_jl.data.inputs import Input, read_input
from avici_jl.data.shift import looks_like_counts
from avici_jl.data.typical import likeness
from avici_jl.data.words import listed
from avici_jl.errors import InputError
from avici_jl.model.model import AUTO, Model
from avici_jl.network import sees_spreads
from avici_jl.posterior import Posterior
from avici_jl.subsets.asking import ASKING, read_asking


class Candidate(NamedTuple):
    """A shipped model that may be chosen.

    Attributes:
        name: of the model.
        kind: "values" or "counts".
        suits: what it is for, in words.
        margin: by how much more likely than of any other's training a table must be of its own, as a logarithm.
    """

    name: str
    kind: str
    suits: str
    margin: float = 0.0


CANDIDATES = (
    Candidate("scm-world", "values", "tables as they were measured"),
    Candidate("scm", "values", "clean tables with strong effects", margin=2.0),
    Candidate("grn", "counts", "counts of genes"),
)
"""Those that are shipped are asked; the first of a kind is chosen where none of the others stands out."""


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
      has quantiles of (see `avici_jl.data.typical.likeness`); `CANDIDATES` says by how much more like.

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
        against = {candidate: list(objections(self._model(candidate.name), found)) for candidate in every}
        fewest = min(map(len, against.values()))
        left = [candidate for candidate in every if len(against[candidate]) == fewest]
        like = {candidate: self._likeness(candidate, found) for candidate in left}
        best = left[0]
        for candidate in left[1:]:
            if like[candidate] - like[best] > candidate.margin:
                best = candidate
        others = [candidate for candidate in every if candidate is not best]
        beaten = [f"{other.name} ({', '.join(against[other])})" for other in others if len(against[other]) > fewest]
        why = f"it suits {best.suits}" if len(left) > 1 else f"it takes {taken}"
        return Choice(
            self._model(best.name),
            f"Chosen by {AUTO} among {listed([candidate.name for candidate in every])}: {why}"
            + (f"; against {', '.join(beaten)}." if beaten else "."),
        )

    def _infer(self, x: Any, interventions: Any, **options: Any) -> Posterior:
        asking = read_asking(**{name: options.pop(name) for name in ASKING if name in options})
        found = read_input(x, interventions, kind="values", **options)
        model, why = self.choose(found)
        return model._infer_checked(found, asking, why)

    def _of(self, posterior: Posterior) -> Model:
        return self._model(posterior.model)

    def _model(self, name: str) -> Model:
        if name not in self._loaded_models:
            self._loaded_models[name] = self._load.load(name)
        return self._loaded_models[name]

    def _likeness(self, candidate: Candidate, found: Input) -> float:
        typical = self._model(candidate.name).card.get("typical")
        return -np.inf if typical is None else likeness(found, candidate.kind, typical)

    @property
    def most_variables(self) -> int:
        """The most of those among which it chooses."""
        return max(model.most_variables for model in self._every())

    @property
    def _most_rows(self) -> int:
        return max(model._most_rows for model in self._every())

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
