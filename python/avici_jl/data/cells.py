"""Files that hold an AnnData, read by anndata: .h5ad, .zarr, .loom, and folders of 10x Genomics."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from avici_jl.errors import InputError


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
    return _read(path, "zarr", lambda anndata: anndata.io.read_zarr(path))


def read_loom(path: Path) -> Any:
    """A loom file, whose rows are the variables."""
    return _read(path, "loom", lambda anndata: anndata.io.read_loom(path))


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
