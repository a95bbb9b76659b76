"""`avici-jl doctor`: what is installed, and what is missing."""

from __future__ import annotations

import typer

from avici_jl.cli.shared import out


def doctor() -> None:
    """Check the installation: versions, devices, Julia."""
    import platform
    from importlib.metadata import version

    import jax

    from avici_jl.errors import SimulationError
    from avici_jl.model import list_models
    from avici_jl.simulation import bridge

    for name in ("avici-jl", "jax", "flax", "optax", "orbax-checkpoint", "juliacall"):
        out.print(f"{name:18} {version(name)}")
    out.print(f"{'python':18} {platform.python_version()}")
    out.print(f"{'devices':18} {', '.join(str(device) for device in jax.devices())}")
    out.print(f"{'models':18} {', '.join(list_models()) or 'none'}")
    try:
        julia = bridge.julia()
    except SimulationError as error:
        out.print(f"{'julia':18} cannot be started. Predicting works without it.\n{error}")
        raise typer.Exit(1) from None
    out.print(f"{'julia':18} {julia.seval('VERSION')}, {julia.seval('Threads.nthreads()')} threads")
