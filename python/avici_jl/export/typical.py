"""What tables of a model's training look like, so that data unlike them are told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from avici_jl.checkpoints.files import CARD, read_card, read_config, write_json
from avici_jl.data.characteristics import characteristics
from avici_jl.data.typical import summarize
from avici_jl.errors import AviciError
from avici_jl.evaluation.compare import EVALUATION_SEED, simulated_domain
from avici_jl.simulation import simulate_batch
from avici_jl.training.data import with_heavy_tails

_SEED, _AT_ONCE = EVALUATION_SEED + 7_000_000, 4


def measure_typical(data: Mapping[str, Any], count: int, *, calibrated_for: str) -> dict[str, Any]:
    """What is typical of the tables that a run with these settings trains on; see `avici_jl.data.typical`.

    Args:
        data: the settings `data` of the run.
        count: number of tables that are simulated.
        calibrated_for: the domain that is simulated where the run's own is none that AviciSim knows.

    Raises:
        InputError, TrustError: no domain can be simulated.
    """
    try:
        domain = simulated_domain(data["domain"], "the model")
    except AviciError:
        domain = simulated_domain(calibrated_for, "the model")
    return summarize([characteristics(x, u, data["kind"]) for x, u in training_tables(data, domain, count)])


def training_tables(
    data: Mapping[str, Any], domain: str, count: int, *, seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Tables as a run with these settings trains on, which it has not seen; their rows in the order of the simulation.

    Args:
        data: the settings `data` of the run.
        domain: what is simulated.
        count: how many.
        seed: chooses them.

    Yields:
        x [n, d] and interventions [n, d].
    """
    rng, sizes = np.random.default_rng([_SEED, seed]), data["sizes"]
    weight = np.array(
        [size["batch"] * (size.get("curriculum_weight", 1.0) + size.get("weight", 1.0)) for size in sizes], float
    )
    for first in range(0, count, _AT_ONCE):
        d = sizes[rng.choice(len(sizes), p=weight / weight.sum())]["d"]
        n = int(rng.choice(data["rows"]))
        n_int = round(n * float(rng.choice(data["interventional"])))
        number = min(_AT_ONCE, count - first)
        found = simulate_batch(domain, number, d=d, n_obs=n - n_int, n_int=n_int, seed=_SEED + seed, first=first)
        for x, given in zip(found[0].astype(float), found[1], strict=True):
            if rng.random() < data.get("heavy_tail_fraction", 0.0):
                x = with_heavy_tails(x[None], rng.uniform(0, 2, (1, 1, d)))[0]
            yield x, given


def renew_typical(folder: str | Path, count: int) -> None:
    """Measure again what is typical, and store it in a finished model's card; everything else of it stays.

    Raises:
        CheckpointError: the folder holds no finished model.
        InputError, TrustError: no domain can be simulated.
    """
    folder = Path(folder)
    card, data = read_card(folder), read_config(folder)["data"]
    typical = measure_typical(data, count, calibrated_for=card.get("domain", data["domain"]))
    write_json(folder / CARD, {**card, "typical": typical})
