"""Where a model is: shipped with the package, in a folder, or on the hub."""

from __future__ import annotations

import difflib
from pathlib import Path

from avici_jl._runtime.resources import pretrained_dir
from avici_jl.checkpoints import hub
from avici_jl.checkpoints.files import CONFIG
from avici_jl.errors import CheckpointError


def list_models() -> list[str]:
    """Names of the shipped models."""
    return sorted(path.parent.name for path in pretrained_dir().glob("*/config.json"))


def find_model(name_or_path: str | Path, *, download: bool = True) -> Path:
    """Folder of a model.

    Args:
        name_or_path: path of a saved model or of a run's working folder, name of a shipped model, or `hf:owner/name`.
        download: whether a model of the hub may be downloaded.

    Raises:
        CheckpointError: there is no such model.
    """
    if str(name_or_path).startswith(hub.PREFIX):
        return hub.fetch(str(name_or_path), download=download)
    path = Path(name_or_path)
    shipped = list_models()
    if (path / CONFIG).is_file():
        return path
    if str(name_or_path) in shipped:
        return pretrained_dir() / name_or_path
    if path.is_dir():
        raise CheckpointError(f"The folder {path} holds no model: it has no {CONFIG}.")
    near = difflib.get_close_matches(str(name_or_path), shipped, n=1)
    hint = f' Did you mean "{near[0]}"?' if near else ""
    raise CheckpointError(
        f'There is no model "{name_or_path}".{hint} Shipped: {", ".join(shipped) or "none"}; '
        "or give the folder of a model that you trained, or hf:owner/name."
    )
