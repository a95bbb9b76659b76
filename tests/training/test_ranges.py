"""Every setting has a type and a range: its ends are taken, what is beyond them is refused by its name."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest

from avici_jl._runtime.settings import Length, OneOf, Range
from avici_jl.errors import ConfigError
from avici_jl.training.config import resolve
from avici_jl.training.schema import Config

Path = tuple[str | int, ...]
FREE = {"network"}
"""Fields without a range of their own: a network's are checked where it is built."""


def hints(kind: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every plain field below a dataclass, with what it says of its type; of lists the field and the first entry."""
    for name, hint in get_type_hints(kind, include_extras=True).items():
        plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if is_dataclass(plain):
            yield from hints(plain, (*path, name))
            continue
        yield (*path, name), hint
        if get_origin(plain) is list:
            entry = get_args(plain)[0]
            yield from hints(entry, (*path, name, 0)) if is_dataclass(entry) else [((*path, name, 0), entry)]


FIELDS = [(path, hint) for path, hint in hints(Config) if path[-1] not in FREE]


def settings() -> dict[str, Any]:
    table = resolve("linear", kind="values", acyclic=True, preset="smoke").to_dict()
    return table | {"held_out": table["held_out"] | {"sizes": [5]}}


def changed(path: Path, value: Any) -> dict[str, Any]:
    table: Any = settings()
    place = table
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return table


def cases(path: Path, hint: Any) -> tuple[list[Any], list[Any]]:
    """Values to take and values to refuse."""
    if get_origin(hint) is not Annotated:
        assert hint is bool, f"{path} has no range"
        return [True, False], [0, 1, "true", None]
    plain, limit = get_args(hint)
    wrong: list[Any] = [None, "3", True, [], {}]
    if isinstance(limit, OneOf):
        return list(limit.words), [*wrong, "", limit.words[0].upper()]
    if isinstance(limit, Length):
        one: Any = settings()
        for part in path:
            one = one[part]
        entry = "a" if plain is str else one[0]
        few, many = (
            ("" if plain is str else []),
            entry * (limit.most + 1) if plain is str else [entry] * (limit.most + 1),
        )
        return [many[:-1], few] if limit.least == 0 else [many[:-1]], [many, None, 3] + ([few] if limit.least else [])
    assert isinstance(limit, Range)
    if plain is int:
        return [limit.least, limit.most], [limit.least - 1, limit.most + 1, 2**70, -(2**70), 1.5, math.nan, *wrong]
    inside = [
        math.nextafter(limit.least, math.inf) if limit.open_least else limit.least,
        math.nextafter(limit.most, -math.inf) if limit.open_most else limit.most,
    ]
    outside = [
        limit.least if limit.open_least else math.nextafter(limit.least, -math.inf),
        limit.most if limit.open_most else math.nextafter(limit.most, math.inf),
    ]
    return inside, [*outside, math.nan, math.inf, -math.inf, 10**400, *wrong]


@pytest.mark.parametrize(("path", "hint"), FIELDS, ids=[".".join(map(str, path)) for path, _ in FIELDS])
def test_ends_are_taken_and_what_is_beyond_is_refused_by_name(path: Path, hint: Any) -> None:
    inside, outside = cases(path, hint)
    for value in inside:
        if path[-2:] in ((0, "curriculum_weight"), (0, "weight")) and not value:
            continue  # one of them must not be 0, see below
        if path == ("data", "prior_fraction") and value:
            continue  # only for networks that see it
        Config.from_dict(changed(path, value))
    name = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]
    for value in outside:
        with pytest.raises(ConfigError) as refused:
            Config.from_dict(changed(path, value))
        assert str(refused.value).startswith(f"{name} must be ") and len(str(refused.value)) < 250


def test_every_setting_is_in_the_table() -> None:
    assert len(FIELDS) > 40
    assert {path[0] for path, _ in FIELDS} | FREE == {field.name for field in fields(Config)}


@pytest.mark.parametrize("part", ["curriculum_weight", "weight"])
def test_of_some_weights_one_is_not_zero(part: str) -> None:
    with pytest.raises(ConfigError, match=f"every {part} is 0"):
        Config.from_dict(changed(("data", "sizes", 0, part), 0.0))
