"""A dataset, in memory and as a folder that Julia reads and writes too."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class Dataset:
    """Observations and interventions of one system.

    Attributes:
        x: [n, d] float32 observations.
        interventions: [n, d] uint8; 1 where a variable was set or knocked out in that row.
        graph: [d, d] uint8, graph[i, j] == 1 means i causes j; None if it is not known.
        names: names of the variables.
        kind: "values" or "counts".
        origin: where it comes from (domain, seed, index), as far as known.
        expression: [n, d] float32, of simulated gene networks the expression without technical noise; else None.
    """

    x: np.ndarray
    interventions: np.ndarray
    graph: np.ndarray | None
    names: list[str]
    kind: str = "values"
    origin: dict[str, Any] = field(default_factory=dict)
    expression: np.ndarray | None = None

    def __post_init__(self) -> None:
        n, d = self.x.shape
        if self.interventions.shape != (n, d):
            raise InputError(f"interventions must be {n} x {d} like x, got {self.interventions.shape}.")
        if self.graph is not None and self.graph.shape != (d, d):
            raise InputError(f"graph must be {d} x {d}, got {self.graph.shape}.")
        if self.expression is not None and self.expression.shape != (n, d):
            raise InputError(f"expression must be {n} x {d} like x, got {self.expression.shape}.")
        if len(self.names) != d:
            raise InputError(f"{len(self.names)} names were given for {d} variables.")

    def __repr__(self) -> str:
        n, d = self.x.shape
        set_rows = int(self.interventions.any(axis=1).sum())
        edges = "graph unknown" if self.graph is None else f"{int(self.graph.sum())} edges"
        return f"Dataset({n} rows ({set_rows} interventional), {d} variables, {edges}, {self.kind})"

    def to_frame(self) -> pd.DataFrame:
        """The observations as a table with named columns."""
        import pandas as pd

        return pd.DataFrame(self.x, columns=self.names)

    def save(self, folder: str | Path) -> Path:
        """Write `x.npy`, `interventions.npy`, `graph.npy` and `expression.npy` (if known) and `meta.toml`.

        The folder is made if needed; a dataset that it holds is replaced.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "x.npy", np.asarray(self.x, np.float32))
        np.save(folder / "interventions.npy", np.asarray(self.interventions, np.uint8))
        known = {"graph": (self.graph, np.uint8), "expression": (self.expression, np.float32)}
        for name, (array, dtype) in known.items():
            if array is None:
                (folder / f"{name}.npy").unlink(missing_ok=True)
            else:
                np.save(folder / f"{name}.npy", np.asarray(array, dtype))
        meta = {**self.origin, "names": list(self.names), "kind": self.kind}
        # A JSON string, number or list of strings is written the same in TOML.
        lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in meta.items()]
        (folder / "meta.toml").write_text("".join(lines), encoding="utf-8")
        return folder

    @staticmethod
    def load(folder: str | Path) -> Dataset:
        """Read a folder that `save`, or Julia's `save_dataset`, has written.

        Raises:
            InputError: something is missing or does not fit together.
        """
        folder = Path(folder)
        try:
            meta = tomllib.loads((folder / "meta.toml").read_text(encoding="utf-8"))
            x = np.load(folder / "x.npy", allow_pickle=False)
            interventions = np.load(folder / "interventions.npy", allow_pickle=False)
            files = {name: folder / f"{name}.npy" for name in ("graph", "expression")}
            known = {name: np.load(f, allow_pickle=False) if f.is_file() else None for name, f in files.items()}
        except (OSError, ValueError) as error:  # TOMLDecodeError is a ValueError
            raise InputError(f"{folder} cannot be read as a dataset: {error}") from None
        if x.ndim != 2:
            raise InputError(f"{folder}/x.npy must have two dimensions, got {x.ndim}.")
        names = meta.pop("names", [f"x{j + 1}" for j in range(x.shape[1])])
        kind = meta.pop("kind", "values")
        return Dataset(
            x.astype(np.float32), interventions.astype(np.uint8), names=names, kind=kind, origin=meta, **known
        )
