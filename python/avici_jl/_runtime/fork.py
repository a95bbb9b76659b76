"""A process that was forked after JAX has started has none of its threads: said, before it waits for them forever."""

from __future__ import annotations

import os

from avici_jl.errors import AviciError

_owner: int | None = None


def check_process() -> None:
    """Claim JAX for this process; called before JAX is used.

    Raises:
        AviciError: this process is a fork of one that has used it.
    """
    global _owner
    if _owner is None:
        _owner = os.getpid()
    elif _owner != os.getpid():
        raise AviciError(
            "This process was forked from one that had already loaded a model, and JAX does not work in it. Start "
            'processes afresh, with multiprocessing.get_context("spawn") or joblib, or load the first model in them.'
        )
