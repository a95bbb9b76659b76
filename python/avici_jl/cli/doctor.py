"""`avici-jl doctor`: what is installed, what is missing, and how to mend it."""

from __future__ import annotations

from typing import NamedTuple

import typer
from rich.text import Text

from avici_jl.cli.shared import JsonOption, out, print_json, progress

OPTIONAL = ("anndata", "pyarrow", "huggingface_hub")
"""Packages that some files and addresses need."""


class Finding(NamedTuple):
    """One thing that was looked at.

    Attributes:
        name: what.
        found: its version or state.
        state: "good", "missing" (something optional), or "broken".
        mend: what to do, if it is not good.
    """

    name: str
    found: str
    state: str = "good"
    mend: str = ""


def doctor(as_json: JsonOption = False) -> None:
    """Check the installation: versions, devices, models, Julia; and say how to mend what is missing.

    The exit code is 1 if something is broken.
    """
    with progress.status("Looking at Python packages, devices, models and Julia …"):
        findings = [*_packages(), _devices(), _cache(), *_models(), *_extras(), _julia()]
    if as_json:
        print_json([finding._asdict() for finding in findings])
    else:
        signs = {
            "good": Text("ok     ", "green"),
            "missing": Text("missing", "yellow"),
            "broken": Text("broken ", "red"),
        }
        for finding in findings:
            out.print(Text.assemble(signs[finding.state], f" {finding.name:18} {finding.found}"), soft_wrap=True)
            if finding.mend:
                out.print(f"        {'':18} {finding.mend}", soft_wrap=True)
    if any(finding.state == "broken" for finding in findings):
        raise typer.Exit(1)


def _packages() -> list[Finding]:
    import platform
    from importlib.metadata import version

    names = ("avici-jl", "jax", "flax", "orbax-checkpoint", "juliacall")
    return [Finding("python", platform.python_version()), *(Finding(name, version(name)) for name in names)]


def _devices() -> Finding:
    import jax

    try:
        devices = jax.devices()
    except RuntimeError as error:
        return Finding(
            "devices",
            str(error).splitlines()[0],
            "broken",
            "Set JAX_PLATFORMS=cpu, or install JAX for this accelerator.",
        )
    return Finding("devices", f"{', '.join(str(device) for device in devices)} ({jax.default_backend()})")


def _cache() -> Finding:
    from avici_jl._runtime.compilation import cache_folder

    folder = cache_folder()
    if folder is None:
        return Finding(
            "compiled networks",
            "not kept",
            "missing",
            "Set JAX_COMPILATION_CACHE_DIR to a folder that can be written to.",
        )
    return Finding("compiled networks", f"kept in {folder}")


def _models() -> list[Finding]:
    from avici_jl.errors import AviciError
    from avici_jl.model import Model, list_models

    findings = []
    for name in list_models():
        try:
            findings.append(
                Finding(f"model {name}", f"{Model.load(name).kind}, threshold {Model.load(name).threshold:.2f}")
            )
        except AviciError as error:
            findings.append(Finding(f"model {name}", str(error), "broken", "Install avici-jl again."))
    return findings


def _extras() -> list[Finding]:
    from importlib.metadata import PackageNotFoundError, version

    findings = []
    for package in OPTIONAL:
        try:
            findings.append(Finding(package, version(package)))
        except PackageNotFoundError:
            findings.append(Finding(package, "optional", "missing", f"pip install {package}"))
    return findings


def _julia() -> Finding:
    from avici_jl.errors import SimulationError
    from avici_jl.simulation import bridge

    try:
        julia = bridge.julia()
    except SimulationError as error:
        first, _, rest = str(error).partition("\n")
        return Finding("julia", first, "broken", rest)
    return Finding("julia", f"{julia.seval('VERSION')}, {julia.seval('Threads.nthreads()')} threads")
