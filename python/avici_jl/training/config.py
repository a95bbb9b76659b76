"""From a preset, the domain's facts and overrides to the settings of a run."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from avici_jl.checkpoints.renamed import PRESETS as RENAMED
from avici_jl.checkpoints.renamed import with_new_names
from avici_jl.errors import ConfigError
from avici_jl.training.schema import Config

PRESETS = Path(__file__).parent / "presets"
_KINDS = ("values", "counts")


def list_presets() -> list[str]:
    """Names of the shipped presets."""
    return sorted(path.stem for path in PRESETS.glob("*.toml"))


def resolve(
    domain: str,
    *,
    kind: str,
    acyclic: bool,
    preset: str | Mapping[str, Any],
    overrides: Sequence[str] = (),
    lineage: Sequence[str] = (),
    sizes: Sequence[int] | None = None,
    network_of: Callable[[str], Mapping[str, Any]] | None = None,
) -> Config:
    """Settings of a run: a preset, the domain's own facts, then overrides such as `optimizer.peak_lr=4e-3`.

    A preset is the name of a shipped one or the path of a TOML file. Its tables `[values]` and `[counts]` hold
    what differs between the kinds of data, its tables `[domain.NAME]` what belongs to a domain and those based on it.
    One that names another as its `base` holds only what differs from it. The value of an override is written as in
    TOML; a bare word is a string.

    Args:
        domain: what the settings call it.
        kind: "values" or "counts", as the domain says.
        acyclic: whether its graphs are, as the domain says.
        preset: name or path, or its table.
        overrides: single settings.
        lineage: names of the domain and of what it is based on, the nearest first.
        sizes: the only numbers of variables it has; each takes the batch of the preset's nearest size.
        network_of: the network's settings of the model that a run starts from, `init_from`. They take the place of the
            preset's, unless the overrides say all of the network: as one table, or another kind.

    Raises:
        ConfigError: unknown preset, unknown field, or a value that cannot be.
    """
    table = _read_preset(preset) if isinstance(preset, str) else _renamed(preset)
    variants = {name: table.pop(name, {}) for name in _KINDS}
    families = table.pop("domain", {})
    table = _merge(table, variants[kind])
    table = _merge(table, next((families[name] for name in lineage if name in families), {}))
    table = _merge({"objective": {"acyclic": acyclic}}, table)
    table = _merge(table, {"data": {"domain": domain, "kind": kind}})
    if sizes is not None:
        known = table["data"].get("sizes", [])
        batches = [min(known, key=lambda size: abs(size["d"] - d))["batch"] for d in sizes]
        table["data"]["sizes"] = [{"d": d, "batch": batch} for d, batch in zip(sizes, batches, strict=True)]
    changed = override(table, overrides)
    if network_of is not None and changed.get("init_from"):
        network = network_of(changed["init_from"])
        if not any(text.partition("=")[0].strip() in ("network", "network.kind") for text in overrides):
            fields = [text for text in overrides if text.strip().startswith("network.")]
            changed = override({**changed, "network": dict(network)}, fields)
    return Config.from_dict(changed)


def override(table: Mapping[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """A table of settings with single ones changed, as `resolve` takes them.

    Raises:
        ConfigError: one is not written field=value, or contradicts what is trained on.
    """
    changed, spelled = with_new_names(table), dict[str, str]()
    for text in overrides:
        name, separator, value = text.partition("=")
        if not separator:
            raise ConfigError(f'An override is written field=value, as in optimizer.peak_lr=4e-3; got "{text}".')
        change: Any = _value(value.strip())
        for part in reversed(name.strip().split(".")):
            change = {part: change}
        renamed = with_new_names(change)
        for now, given in zip(_names(renamed), _names(change), strict=True):
            if spelled.setdefault(now, given) != given:
                raise ConfigError(f"{given} and {spelled[now]} are names of one setting; give one of them, not both.")
        changed = _merge(changed, renamed)
    for fact in ("kind", "domain"):
        given, asked = table["data"][fact], changed["data"].get(fact) if isinstance(changed["data"], Mapping) else None
        if asked != given:
            raise ConfigError(
                f"data.{fact} is {given!r}, as what is trained on says (domain=, --domain), and cannot be {asked!r}."
            )
    return changed


def _names(table: Mapping[str, Any], place: str = "") -> list[str]:
    """Dotted names of what a nested table sets."""
    found = []
    for name, value in table.items():
        found += _names(value, f"{place}{name}.") if isinstance(value, Mapping) and value else [f"{place}{name}"]
    return found


def _read_preset(preset: str, above: tuple[str, ...] = ()) -> dict[str, Any]:
    path = Path(preset) if preset.endswith(".toml") else PRESETS / f"{RENAMED.get(preset, preset)}.toml"
    try:
        table = tomllib.loads(path.read_text())
    except FileNotFoundError:
        names = ", ".join(list_presets())
        raise ConfigError(f'There is no preset "{preset}". Shipped ones: {names}; or give a .toml file.') from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"{path} is not a TOML file: {error}") from None
    table = _renamed(table)
    base = table.pop("base", None)
    if base is None:
        return table
    if not isinstance(base, str) or base in above:
        raise ConfigError(f"{path}: base must name another preset, got {base!r}.")
    return _merge(_read_preset(base, (*above, base)), table)


def _renamed(preset: Mapping[str, Any]) -> dict[str, Any]:
    """A preset with the names of this release, also where it says what is for one kind or domain alone."""
    table = with_new_names(preset)
    for variants in (table, table.get("domain", {})):
        for name in variants if variants is not table else _KINDS:
            if name in variants:
                variants[name] = with_new_names(variants[name])
    return table


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text
    except RecursionError:
        raise ConfigError(f"A setting is nested too deeply: {text[:40]}…") from None


def _merge(base: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """`base` with `change` in it, table by table; a table of another `kind` replaces the whole."""
    merged = dict(base)
    for key, value in change.items():
        before = merged.get(key)
        if isinstance(value, Mapping) and isinstance(before, Mapping):
            replaced = "kind" in before and value.get("kind", before["kind"]) != before["kind"]
            merged[key] = dict(value) if replaced else _merge(before, value)
        else:
            merged[key] = value
    return merged
