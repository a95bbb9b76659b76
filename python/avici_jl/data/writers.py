"""A dataset as files that other programs read: tables of text, or an AnnData."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from avici_jl.data.dataset import Dataset
from avici_jl.errors import InputError

if TYPE_CHECKING:
    import anndata


def write_dataset(data: Dataset, path: str | Path) -> list[Path]:
    """Write a dataset in the form that the path's ending names, and return what was written.

    - `.h5ad`: an AnnData, see `to_anndata`.
    - `.csv`: the observations; beside them `…-interventions.csv`, a mask with the same columns, and, if the graph is
      known, `…-graph.csv`, its edges (cause, effect).
    - anything else: the folder of `Dataset.save`.

    Raises:
        InputError: AnnData is not installed.
    """
    path = Path(path)
    if path.suffix == ".h5ad":
        to_anndata(data).write_h5ad(path)
        return [path]
    if path.suffix != ".csv":
        return [data.save(path)]
    import pandas as pd

    written = {
        path: data.to_frame(),
        _beside(path, "interventions"): pd.DataFrame(data.interventions, columns=data.names),
    }
    if data.graph is not None:
        edges = [(data.names[i], data.names[j]) for i, j in np.argwhere(data.graph)]
        written[_beside(path, "graph")] = pd.DataFrame(edges, columns=["cause", "effect"])
    for file, table in written.items():
        table.to_csv(file, index=False)
    return list(written)


def to_anndata(data: Dataset) -> anndata.AnnData:
    """A dataset as an AnnData [n, d].

    X holds the observations; the layer `interventions` the mask, and `expression` what is there before technical
    noise. obs has `target`, the variable that was set or perturbed, or `control` (several are joined by `+`), and what
    is known of `batch` and `cell_type`; varp has `graph`, where [i, j] is 1 if i causes j, and what is known of `signs`
    and `strengths`; uns says where the dataset is from.

    Raises:
        InputError: AnnData is not installed.
    """
    try:
        import anndata
    except ImportError:
        raise InputError("For .h5ad install AnnData: pip install anndata.") from None
    import pandas as pd

    names = np.asarray(data.names, object)
    obs: dict[str, Any] = {"target": ["+".join(names[row]) or "control" for row in data.interventions.astype(bool)]}
    obs |= {"batch": data.batch, "cell_type": data.cell_types}
    layers = {"interventions": data.interventions, "expression": data.expression}
    varp = {"graph": data.graph, "signs": data.signs, "strengths": data.strengths}
    return anndata.AnnData(
        np.asarray(data.x, np.float32),
        obs=pd.DataFrame(_known(obs), index=[f"row{k}" for k in range(len(data.x))]),
        var=pd.DataFrame(index=list(data.names)),
        layers=_known(layers),
        varp=_known(varp),
        uns={"kind": data.kind, **{key: value for key, value in data.origin.items() if value is not None}},
    )


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _beside(path: Path, what: str) -> Path:
    return path.with_name(f"{path.stem}-{what}.csv")
