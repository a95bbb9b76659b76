"""A training run as a finished model: parameters, calibration, and a card that says what it reaches."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import numpy as np

from avici_jl.checkpoints.lineage import before, begun, end
from avici_jl.checkpoints.model import LoadedModel, load_model, save_model
from avici_jl.evaluation.calibration import Predictions, calibrate
from avici_jl.evaluation.compare import Comparison, compare, labelled_data, settings, simulated_domain
from avici_jl.export.card import summary, write_card
from avici_jl.export.score import learn_score
from avici_jl.export.typical import measure_typical
from avici_jl.model import Model

_CALIBRATION_SEED = 1_000_000
_TABLES_PER_DATASET, _FEWEST_TABLES = 15, 60
"""Tables that say what is typical, for each dataset of a measurement; at least so many in all."""
_TABLES_OF_SCORE = 40
"""Tables that teach which pairs are likely edges, at most; a small measurement has as many as datasets."""


def export(
    workdir: str | Path,
    out: str | Path,
    *,
    domain: str | None = None,
    also: Sequence[str] = (),
    sizes: Sequence[int] = (10, 20, 30),
    n: int = 1000,
    datasets: int = 30,
    done: Callable[[str, Comparison], None] = lambda domain, row: None,
) -> Model:
    """Make a model of the averaged parameters of a run's newest checkpoint.

    Temperature and thresholds are fitted on simulated data of one domain; the scores of the card are measured on other
    data.

    Args:
        workdir: working folder of the run.
        out: folder of the model: `config.json`, `params.npz`, `card.json`, `recipe.json`, and `card.md` with `card.png`
            for people.
        domain: what the model is calibrated for and measured on; by default what it was trained on.
        also: domains to measure on beside it.
        sizes: numbers of variables to measure with.
        n: rows of the datasets: all observational, and half interventional.
        datasets: datasets of each setting.
        done: is called with the domain and each row of results.

    Raises:
        CheckpointError: there is no run, or `out` holds something else.
        InputError: no `domain` is given, and what it was trained on is none.
        TrustError: no `domain` is given, and what it was trained on runs code.
    """
    loaded = load_model(workdir)
    domain = domain or simulated_domain(loaded.card["domain"], Path(workdir).name)
    loaded = loaded._replace(card={**loaded.card, "domain": domain})
    raw = Model(loaded._replace(card={**loaded.card, "temperature": 1.0}), Path(out).name)
    calibration = calibrate(_predictions(raw, sizes, n, max(8, datasets)))
    card: dict[str, Any] = {
        **loaded.card,
        "training": {"before": before(loaded.config), **loaded.card["training"]},
        "temperature": calibration.temperature,
        "threshold": calibration.threshold,
        "thresholds": calibration.thresholds,
        "calibration": {"ece": list(calibration.ece)},
        "typical": measure_typical(
            loaded.config["data"], max(_FEWEST_TABLES, _TABLES_PER_DATASET * datasets), calibrated_for=domain
        ),
        "parameters": int(sum(np.size(leaf) for leaf in jax.tree.leaves(loaded.params))),
        "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores, {jax.default_backend()}",
        "versions": {name: version(name) for name in ("avici-jl", "jax", "flax")},
    }
    score = learn_score(loaded.config, loaded.params, domain, min(_TABLES_OF_SCORE, datasets))
    if score is not None:
        card["pair_score"] = score.table()
    recipe = end(begun(Path(workdir).name, loaded), loaded)
    finished = Model(LoadedModel(loaded.config, loaded.params, card), Path(out).name)
    rows: dict[str, list[Comparison]] = {}
    for name in dict.fromkeys([finished.domain, *also]):
        rows[name] = compare(
            finished,
            settings(sizes, n),
            domain=name,
            datasets=datasets,
            done=lambda row, name=name: done(name, row),  # type: ignore[misc]
        )
    card["evaluation"] = [summary(name, row) for name, found in rows.items() for row in found]
    save_model(out, config=loaded.config, params=loaded.params, card=card, recipe=recipe)
    write_card(Path(out), finished.name, loaded.config, card, rows, recipe)
    return Model.load(out)


def _predictions(model: Model, sizes: Sequence[int], n: int, datasets: int) -> dict[str, Predictions]:
    """Predictions of an uncalibrated model for each condition, with the truth, on fresh datasets of its domain."""
    found: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {"observational": [], "interventional": []}
    for setting in settings(sizes, n):
        condition = "interventional" if setting.n_int else "observational"
        for _, data, graph in labelled_data(model.domain, setting, datasets, seed=_CALIBRATION_SEED):
            found[condition].append((np.asarray(model.predict(data)), graph))
    return dict(found)
