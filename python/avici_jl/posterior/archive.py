"""A posterior as one file of arrays and text, without code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np

from avici_jl._runtime.memory import free_memory
from avici_jl.checkpoints.files import check_card
from avici_jl.data.inputs import Input
from avici_jl.data.knowledge import Known
from avici_jl.data.typical import Shift
from avici_jl.errors import InputError

if TYPE_CHECKING:
    from avici_jl.posterior.posterior import Posterior

_FORMAT = 1


def write(posterior: Posterior, path: str | Path) -> Path:
    """Write a posterior as `.npz`."""
    path, data = Path(path), posterior.data
    about = {
        "format": _FORMAT,
        "names": data.names,
        "model": posterior.model,
        "kind": posterior.kind,
        "threshold": posterior.threshold,
        "notes": list(posterior.notes),
        "choice": posterior.choice,
        "same_units": data.same_units,
        "card": posterior.card,
        "shift": None if posterior.shift is None else posterior.shift.to_dict(),
    }
    arrays = {"probabilities": posterior.probabilities, "x": data.x, "interventions": data.interventions}
    optional = {"batch": data.batch, "increase": posterior.increase}
    if data.known is not None:
        optional |= {"known": data.known.pairs, "log_odds": data.known.log_odds}
    arrays |= {name: array for name, array in optional.items() if array is not None}
    with open(path, "wb") as file:
        np.savez_compressed(file, **arrays, about=np.array(json.dumps(about, ensure_ascii=False)))  # type: ignore[arg-type]
    return path


def read(path: str | Path) -> dict[str, Any]:
    """The fields of the posterior that `write` has written.

    Raises:
        InputError: the file is missing or something else.
    """
    try:
        _check_size(Path(path))
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            names = [str(name) for name in about["names"]]
            d = len(names)
            batch, increase = (file[name] if name in file.files else None for name in ("batch", "increase"))
            known = Known(file["known"], file["log_odds"]) if "known" in file.files else None
            units = bool(about.get("same_units", False))
            data = Input(file["x"], file["interventions"], names, batch=batch, same_units=units, known=known)
            probabilities = file["probabilities"]
        pairs = [probabilities, *(known or ()), *(() if increase is None else (increase,))]
        if (
            any(array.shape != (d, d) for array in pairs)
            or data.x.shape[1:] != (d,)
            or data.interventions.shape != data.x.shape
            or (batch is not None and batch.shape != data.x.shape[:1])
            or len(set(names)) != d
        ):
            raise ValueError("its parts do not fit together")
        threshold, kind, card = float(about["threshold"]), str(about["kind"]), dict(about.get("card", {}))
        for name, array in (("probabilities", probabilities), ("increase", increase), ("threshold", threshold)):
            if array is not None and np.any((np.asarray(array) < 0) | (np.asarray(array) > 1)):
                raise ValueError(f"{name} must be from 0 to 1")
        if np.isnan(probabilities).any() or np.isnan(threshold):
            raise ValueError("its probabilities are no numbers")
        if np.isinf(data.x).any() or not np.isin(data.interventions, (0, 1)).all():
            raise ValueError("its table is none that a model has seen")
        if kind not in ("values", "counts"):
            raise ValueError(f'kind must be "values" or "counts", got {kind!r}')
        check_card(card, Path(path))
        return {
            "probabilities": probabilities,
            "data": data,
            "threshold": threshold,
            "model": str(about["model"]),
            "kind": kind,
            "notes": tuple(str(note) for note in about["notes"]),
            "choice": str(about.get("choice", "")),
            "card": card,
            "increase": increase,
            "shift": Shift.from_dict(about["shift"]) if about.get("shift") else None,
        }
    except Exception as error:  # NumPy, zipfile and zlib raise many kinds for damaged files
        raise InputError(f"{path} is no posterior that can be read: {error or type(error).__name__}") from None


def _check_size(path: Path) -> None:
    """Refuse a file that needs more memory than there is: zeros that are packed take a thousandth of it."""
    with ZipFile(path) as file:
        needed = sum(part.file_size for part in file.infolist())
    free = free_memory()
    if free is not None and needed > free:
        raise ValueError(f"unpacked it would take {needed / 2**30:.1f} GB, and {free / 2**30:.1f} GB are free")
