"""AnnData: the part of one that is asked for, and the files that anndata reads (.h5ad, .zarr, .loom, 10x)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from avici_jl.data.words import listed, nearest
from avici_jl.errors import InputError


def read_cells(data: Any, layer: str | None, raw: bool, gene_symbols: str | None) -> tuple[Any, Any, Any]:
    """The values of an AnnData, and the labels of its variables and cells.

    Args:
        data: the AnnData, in memory or backed by a file.
        layer: instead of its X.
        raw: take its `.raw`, instead of its X.
        gene_symbols: column of `var` that names the variables.

    Raises:
        InputError: it does not have what is asked for.
    """
    import pandas as pd

    if raw and layer is not None:
        raise InputError(f"layer={layer!r} and raw=True both choose the values; give one of them.")
    if getattr(data, "isbacked", False):
        data = data.to_memory()
    layers = [str(name) for name in getattr(data, "layers", ()) or ()]
    part = data.raw if raw else data
    if part is None:
        raise InputError(f"The AnnData has no .raw; it has X and the layers {listed(layers) or 'none'}.")
    if layer is not None and layer not in layers:
        raise InputError(f"The AnnData has no layer {layer!r}; it has {listed(layers) or 'none'}.")
    if layer is None and part.X is None:
        raise InputError(f"The AnnData has no X; choose one of its layers with layer=: {listed(layers)}.")
    names = part.var_names
    if gene_symbols is not None:
        if gene_symbols not in part.var:
            columns = [str(name) for name in part.var.columns]
            raise InputError(
                f"gene_symbols={gene_symbols!r} names no column of var.{nearest(gene_symbols, columns)} It has "
                f"{listed(columns) or 'none'}."
            )
        symbols = part.var[gene_symbols].astype(object)
        names = pd.Index(symbols.where(symbols.notna() & (symbols != ""), names))  # a gene without a symbol
    return data.layers[layer] if layer is not None else part.X, names, getattr(data, "obs_names", None)


def reader_of(path: Path) -> Callable[[Path], Any] | None:
    """What reads this file or folder as an AnnData; None if it is none."""
    if path.is_dir():
        if path.suffix == ".zarr" or any((path / name).is_file() for name in (".zgroup", "zarr.json")):
            return read_zarr
        return read_10x if _part(path, "matrix.mtx") else None
    return {".h5ad": read_h5ad, ".loom": read_loom}.get(path.suffix.lower())


def read_h5ad(path: Path) -> Any:
    """An AnnData in HDF5."""
    return _read(path, "anndata", lambda anndata: anndata.read_h5ad(path))


def read_zarr(path: Path) -> Any:
    """An AnnData in a zarr folder."""
    refuse_pickles(path)
    return _read(path, "zarr", lambda anndata: anndata.io.read_zarr(path))


def refuse_pickles(folder: Path) -> None:
    """Refuse a zarr folder that says that its arrays are to be unpickled, which would run what it holds.

    Raises:
        InputError: it says so, or cannot be read.
    """
    for path in folder.rglob("*"):
        if path.name in (".zarray", ".zmetadata", "zarr.json"):
            try:
                described = json.dumps(json.loads(path.read_text(encoding="utf-8")))  # without escapes
            except (OSError, ValueError, RecursionError) as error:
                raise InputError(f"{path} cannot be read: {error}") from None
            if '"pickle"' in described:
                raise InputError(f"{path} names pickles, which are code; they are not read.")


def read_loom(path: Path) -> Any:
    """The main matrix of a loom file, whose rows are the variables, named by `Gene` or as anndata writes them."""

    def read(anndata: Any) -> Any:
        cells = anndata.io.read_loom(path, X_name="")
        for frame in (cells.var, cells.obs):
            written = next((name for name in ("var_names", "obs_names") if name in frame), None)
            if written is not None:
                frame.set_index(written, inplace=True)
        return cells

    return _read(path, "loom", read)


def read_10x(path: Path) -> Any:
    """A folder of 10x Genomics: `matrix.mtx`, `barcodes.tsv`, and `features.tsv` or `genes.tsv`, compressed or not.

    The variables are named by the identifiers of the genes; `var["gene_symbols"]` holds their symbols.
    """
    import pandas as pd

    matrix, barcodes = _part(path, "matrix.mtx"), _part(path, "barcodes.tsv")
    features = _part(path, "features.tsv") or _part(path, "genes.tsv")
    if not (matrix and barcodes and features):
        raise InputError(f"{path} must hold matrix.mtx, barcodes.tsv and features.tsv (or genes.tsv), as 10x writes.")
    whole: dict[str, Any] = {"sep": "\t", "header": None, "dtype": str, "keep_default_na": False}

    def read(anndata: Any) -> Any:
        cells = anndata.io.read_mtx(matrix).T
        genes = pd.read_csv(features, **whole)
        cells.obs_names = pd.read_csv(barcodes, **whole)[0]
        cells.var_names = genes[0]
        for column, name in enumerate(("gene_symbols", "feature_types"), start=1):
            if column in genes:
                cells.var[name] = genes[column].to_numpy()
        return cells

    return _read(path, "anndata", read)


def _part(folder: Path, name: str) -> Path | None:
    return next((folder / part for part in (name, f"{name}.gz") if (folder / part).is_file()), None)


def _read(path: Path, extra: str, read: Callable[[Any], Any]) -> Any:
    """What `read` makes with anndata; whatever goes wrong there, in one line."""
    try:
        import anndata
        import anndata.io

        return read(anndata)
    except ImportError:
        raise InputError(f"For {path} install what reads it: pip install 'avici-jl[{extra}]'.") from None
    except Exception as error:  # h5py's, zarr's and anndata's own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path} cannot be read as an AnnData: {reason}") from None
