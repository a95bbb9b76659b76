"""Tables of settings: dataclasses whose fields say type and range, and the one function that checks values by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from avici_jl.errors import ConfigError


@dataclass(frozen=True)
class Range:
    """Numbers from `least` to `most`; the ends belong to it unless they are `open_least`, `open_most`."""

    least: float
    most: float
    open_least: bool = False
    open_most: bool = False

    def fits(self, value: Any) -> bool:
        """Whether a number is in it; NaN is in none."""
        above = value > self.least if self.open_least else value >= self.least
        return bool(above and (value < self.most if self.open_most else value <= self.most))

    def __str__(self) -> str:
        least = f"above {self.least}" if self.open_least else f"from {self.least}"
        return f"{least} to {'below ' if self.open_most else ''}{self.most}"


@dataclass(frozen=True)
class OneOf:
    """One of some words."""

    words: tuple[str, ...]

    def fits(self, value: Any) -> bool:
        """Whether it is one of them."""
        return value in self.words

    def __str__(self) -> str:
        return "one of " + ", ".join(f'"{word}"' for word in self.words)


@dataclass(frozen=True)
class Length:
    """Lists or texts with so many entries or letters."""

    least: int
    most: int

    def fits(self, value: Any) -> bool:
        """Whether it has."""
        return self.least <= len(value) <= self.most

    def __str__(self) -> str:
        return f"{self.least} to {self.most} entries long"


def build(hint: Any, value: Any, where: str = "") -> Any:
    """A plain value as what its type says: a dataclass, a list, a number.

    Args:
        hint: the type, perhaps `Annotated` with a `Range`, `OneOf` or `Length`.
        value: what a file or the user says.
        where: the dotted name of the setting, for messages.

    Raises:
        ConfigError: it has another type or is out of range, or a field is unknown or missing.
    """
    if get_origin(hint) is Annotated:
        plain, limit = get_args(hint)
        built = build(plain, value, where)
        if not limit.fits(built):
            raise ConfigError(f"{where} must be {limit}, got {_shown(value)}.")
        return built
    if is_dataclass(hint):
        return _table(hint, value, where)
    if get_origin(hint) is list and isinstance(value, list):
        return [build(get_args(hint)[0], part, f"{where}[{k}]") for k, part in enumerate(value)]
    if get_origin(hint) is dict and isinstance(value, Mapping):
        kind = get_args(hint)[1]
        return {k: part if kind is Any else build(kind, part, f"{where}.{k}") for k, part in value.items()}
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            return float("inf")
    if get_origin(hint) is None and isinstance(value, hint) and not (hint is int and isinstance(value, bool)):
        return value
    expected = get_origin(hint) or hint
    raise ConfigError(f"{where} must be {getattr(expected, '__name__', expected)}, got {_shown(value)}.")


def _table(kind: Any, value: Any, where: str) -> Any:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where or 'The settings'} must be a table, got {_shown(value)}.")
    hints = get_type_hints(kind, include_extras=True)
    known = [field.name for field in fields(kind)]
    prefix = f"{where}." if where else ""
    for name in value:
        if name not in known:
            raise ConfigError(f"Unknown setting {prefix}{name}. Known: {', '.join(known)}.")
    parts = {name: build(hints[name], part, prefix + name) for name, part in value.items()}
    try:
        return kind(**parts)
    except TypeError:
        missing = [name for name in known if name not in value]
        raise ConfigError(f"Settings are missing in {where or 'the run'}: some of {missing}.") from None


def _shown(value: Any) -> str:
    """A value for a message, cut off where it is long."""
    try:
        text = repr(value)
    except ValueError:  # an integer of thousands of digits
        return "a very large number"
    return text if len(text) <= 80 else f"{text[:77]}…"
