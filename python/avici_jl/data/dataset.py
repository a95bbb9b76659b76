"""A dataset, in memory and as a folder that Julia reads and writes too."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from avici_jl._runtime.toml import inline
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import pandas as pd

# The arrays that may be known: their sizes, of n rows and d variables, and their numbers.
OPTIONAL: dict[str, tuple[str, type[np.generic]]] = {
    "graph": ("dd", np.uint8),
    "expression": ("nd", np.float32),
    "batch": ("n", np.int32),
    "cell_types": ("n", np.int32),
    "signs": ("dd", np.int8),
    "strengths": ("dd", np.float32),
    "confounded": ("dd", np.uint8),
    "true_interventions": ("nd", np.uint8),
}


class Datasets(NamedTuple):
    """Datasets of one size that a simulator made: the arrays of `Dataset`, with [count] as their first dimension.

    What nobody asked for is None. Where a dataset has no batches or cell types they are 0, where its strengths are not
    known they are NaN. `drawn` has an entry for each dataset.
    """

    x: np.ndarray
    interventions: np.ndarray
    graph: np.ndarray
    batch: np.ndarray | None = None
    cell_types: np.ndarray | None = None
    signs: np.ndarray | None = None
    strengths: np.ndarray | None = None
    confounded: np.ndarray | None = None
    true_interventions: np.ndarray | None = None
    drawn: list[dict[str, Any]] | None = None


@dataclass(frozen=True, eq=False)
class Dataset:
    """Observations and interventions of one system.

    Attributes:
        x: [n, d] float32 observations.
        interventions: [n, d] uint8; 1 where a variable was set or knocked out in that row, as the record says.
        graph: [d, d] uint8, graph[i, j] == 1 means i causes j; None if it is not known.
        names: names of the variables.
        kind: "values" or "counts".
        origin: where it comes from (domain, seed, index), as far as known.
        expression: [n, d] float32, of simulated gene networks the expression without technical noise.
        batch: [n] int32, number of each row's batch, from 1 on; 0 if it is not known.
        cell_types: [n] int32, number of each row's cell type, from 1 on.
        signs: [d, d] int8; 1 where a cause raises its effect, -1 where it lowers it, 0 where there is no edge or the
            effect is not monotone.
        strengths: [d, d] float32, how strong the effect of each edge is; 0 where there is none.
        confounded: [d, d] uint8, symmetric; 1 where a variable outside the table is a common cause of two inside.
        true_interventions: [n, d] uint8, the interventions that took place, where `interventions`, the record, differs.
        drawn: what a simulated domain drew: mechanism, noise, mode, imperfections and so on, by name.

    In `x`, NaN is a missing value. What is not known, or does not exist, is None.
    """

    x: np.ndarray
    interventions: np.ndarray
    graph: np.ndarray | None
    names: list[str]
    kind: str = "values"
    origin: dict[str, Any] = field(default_factory=dict)
    expression: np.ndarray | None = None
    batch: np.ndarray | None = None
    cell_types: np.ndarray | None = None
    signs: np.ndarray | None = None
    strengths: np.ndarray | None = None
    confounded: np.ndarray | None = None
    true_interventions: np.ndarray | None = None
    drawn: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n, d = self.x.shape
        if self.interventions.shape != (n, d):
            raise InputError(f"interventions must be {n} x {d} like x, got {self.interventions.shape}.")
        for name, (sizes, _) in OPTIONAL.items():
            array = getattr(self, name)
            expected = tuple({"n": n, "d": d}[size] for size in sizes)
            if array is not None and array.shape != expected:
                raise InputError(f"{name} must be {' x '.join(map(str, expected))}, got {array.shape}.")
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
        """Write `x.npy`, `interventions.npy`, a file such as `graph.npy` for every other array, and `meta.toml`.

        The folder is made if needed; a dataset that it holds is replaced.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "x.npy", np.asarray(self.x, np.float32))
        np.save(folder / "interventions.npy", np.asarray(self.interventions, np.uint8))
        for name, (_, dtype) in OPTIONAL.items():
            array = getattr(self, name)
            if array is None:
                (folder / f"{name}.npy").unlink(missing_ok=True)
            else:
                np.save(folder / f"{name}.npy", np.asarray(array, dtype))
        meta = {**self.origin, "names": list(self.names), "kind": self.kind}
        if self.drawn:
            meta["drawn"] = self.drawn
        lines = [f"{key} = {inline(value)}\n" for key, value in meta.items()]
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
            x, interventions = read_npy(folder / "x.npy"), read_npy(folder / "interventions.npy")
            files = {name: folder / f"{name}.npy" for name in OPTIONAL}
            known: dict[str, Any] = {name: read_npy(f) if f.is_file() else None for name, f in files.items()}
        except (OSError, ValueError, RecursionError) as error:  # TOMLDecodeError is a ValueError
            raise InputError(f"{folder} cannot be read as a dataset: {error}") from None
        if x.ndim != 2:
            raise InputError(f"{folder}/x.npy must have two dimensions, got {x.ndim}.")
        names = meta.pop("names", [f"x{j + 1}" for j in range(x.shape[1])])
        kind, drawn = meta.pop("kind", "values"), meta.pop("drawn", {})
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise InputError(f"{folder}/meta.toml: names must be a list of texts.")
        if kind not in ("values", "counts"):
            raise InputError(f'{folder}/meta.toml: kind must be "values" or "counts", got {kind!r}.')
        if not isinstance(drawn, dict):
            raise InputError(f"{folder}/meta.toml: drawn must be a table, got {drawn!r}.")
        facts: dict[str, Any] = {"names": names, "kind": kind, "drawn": drawn, "origin": meta}
        return Dataset(x.astype(np.float32), interventions.astype(np.uint8), **facts, **known)


def read_npy(path: Path) -> np.ndarray:
    """An array of real numbers from a file in NumPy's format; what it declares is compared with its size first.

    Raises:
        OSError, ValueError: there is none, or it holds something else.
    """
    with path.open("rb") as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
        held = path.stat().st_size - file.tell()
        if dtype.kind not in "biuf":
            raise ValueError(f"{path.name} must hold real numbers, not {dtype}")
        if math.prod(shape) * dtype.itemsize > held:
            raise ValueError(f"{path.name} declares the shape {shape}, but has {held} bytes")
        file.seek(0)
        return np.load(file, allow_pickle=False)
