"""Whose word a domain's name is: the user's own, for which code may run, or that of a file, for which none does."""

from __future__ import annotations


class Untrusted(str):
    """A domain's name that was read from a file: a model's card, a run's settings.

    It may name what is shipped, or a domain file without code. What would run code outside the package for it raises
    `TrustError`. It stays untrusted through `str` and pickle, until `trusted` takes it as the user's own.
    """

    __slots__ = ()

    def __str__(self) -> str:
        return self


def trusted(name: str) -> str:
    """A name as if the user had given it."""
    return str.__str__(name)
