"""Domains: what is simulated, as TOML files that Julia and Python both read. Reading one does not start Julia."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from avici_jl._runtime.resources import domains_dir
from avici_jl._runtime.trust import Untrusted, trusted
from avici_jl.errors import ConfigError, TrustError


@dataclass(frozen=True)
class Domain:
    """A class of datasets.

    Attributes:
        name: its name.
        kind: "values" (real numbers) or "counts" (of single-cell gene expression).
        acyclic: whether training puts the acyclicity constraint on predictions.
        description: one line for people.
        path: the file.
        code: the Julia file that it names, itself or by its base; it is run when the domain is simulated.
        table: all of the file and of its base: graphs, mechanisms, noise, interventions.
    """

    name: str
    kind: str
    acyclic: bool
    description: str
    path: Path
    code: Path | None
    table: dict[str, Any] = field(repr=False)


def list_domains() -> list[str]:
    """Names of the shipped domains."""
    return sorted(path.stem for path in domains_dir().glob("*.toml"))


def load_domain(name_or_path: str | Path) -> Domain:
    """A shipped domain by its name, or a domain file by its path, which ends in `.toml`.

    Only what Python needs is checked; Julia checks the rest when it simulates.

    Raises:
        ConfigError: there is no such domain, or the file is not one.
        TrustError: it names code, and `name_or_path` was read from a file.
    """
    name = trusted(str(name_or_path))
    path = Path(name) if name.endswith(".toml") else domains_dir() / f"{name}.toml"
    table = _read(path, name)
    kinds = {"name": str, "kind": str, "acyclic": bool, "description": str}
    for key, kind in kinds.items():
        if not isinstance(table.get(key), kind):
            raise ConfigError(f"{path}: {key} must be a {kind.__name__}, got {table.get(key)!r}.")
    if table["kind"] not in ("values", "counts"):
        raise ConfigError(f'{path}: kind must be "values" or "counts", got "{table["kind"]}".')
    code = Path(table["code"]) if "code" in table else None
    if code is not None and isinstance(name_or_path, Untrusted):
        raise untrusted_code(name_or_path, code)
    return Domain(path=path, code=code, table=table, **{key: table[key] for key in kinds})


def untrusted_code(name: Untrusted, code: Path) -> TrustError:
    """The error of a file's domain that names code."""
    return TrustError(
        f'The domain "{name}" comes from a file and would run the code of {code}. If that is what you want, name the '
        "domain yourself (domain=, --domain), or add --trust."
    )


def _read(path: Path, name: str, above: tuple[Path, ...] = ()) -> dict[str, Any]:
    """The tables of a file, on top of those of its `base`."""
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        known = ", ".join(list_domains())
        raise ConfigError(
            f'There is no domain "{name}". Shipped are {known}; the path of a domain file ends in .toml.'
        ) from None
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as a domain: {error}") from None
    if "code" in table:
        if not isinstance(table["code"], str):
            raise ConfigError(f"{path}: code must be the path of a Julia file, got {table['code']!r}.")
        table["code"] = str((path.parent / table["code"]).absolute())
    base = table.get("base")
    if base is None:
        return table
    if not isinstance(base, str):
        raise ConfigError(f"{path}: base must be the name or the path of a domain, got {base!r}.")
    base_path = path.parent / base if base.endswith(".toml") else domains_dir() / f"{base}.toml"
    if base_path.resolve() in above:
        raise ConfigError(f"{path}: the domains are each other's base.")
    return {**_read(base_path, base, (*above, path.resolve())), **table}
