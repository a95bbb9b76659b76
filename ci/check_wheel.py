"""Whether a wheel is whole, installs in clean environments, and predicts there: `python ci/check_wheel.py dist/*.whl`.

Further arguments are Python interpreters; without any, the one that runs this. With `--constraint FILE` the versions in
that file are installed. Everything is made in a temporary folder.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PREDICT = """
import warnings
warnings.simplefilter("ignore")
import numpy as np
import avici_jl
from avici_jl import Model, list_domains, list_models
assert "site-packages" in avici_jl.__file__, avici_jl.__file__
rng = np.random.default_rng(1)
for name in list_models():
    p = np.asarray(Model.load(name).predict(rng.poisson(3.0, (60, 5)) if "grn" in name else rng.normal(size=(60, 5))))
    assert p.shape == (5, 5) and np.isfinite(p).all() and not p.diagonal().any(), name
print(avici_jl.__version__, len(list_models()), "models,", len(list_domains()), "domains")
"""


def missing(wheel: Path) -> set[str]:
    """Files of the repository that belong into the wheel and are not there."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    python = {name.removeprefix("python/") for name in listed if name.startswith("python/")}
    julia = {f"avici_jl/{name}" for name in listed if name.startswith("julia/AviciSim/")}
    julia = {name for name in julia if not name.startswith("avici_jl/julia/AviciSim/test/")}
    with zipfile.ZipFile(wheel) as archive:
        return (python | julia) - set(archive.namelist())


def predicts(wheel: Path, python: str, constraint: Path | None) -> None:
    """Install the wheel in an environment of its own and predict there, twice: compiling, and with what was kept."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, "-m", "venv", f"{folder}/venv"], check=True)
        inside = Path(folder) / "venv" / ("Scripts" if os.name == "nt" else "bin")
        more = ["--constraint", str(constraint)] if constraint else []
        subprocess.run([inside / "python", "-m", "pip", "install", "--quiet", *more, str(wheel)], check=True)
        keep = {**os.environ, "JAX_PLATFORMS": "cpu", "JAX_COMPILATION_CACHE_DIR": f"{folder}/cache"}
        keep.pop("PYTHONPATH", None)
        for _ in range(2):
            subprocess.run([inside / "python", "-c", PREDICT], cwd=folder, env=keep, check=True)
        subprocess.run([inside / "avici-jl", "--help"], cwd=folder, env=keep, check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("wheel", type=lambda text: Path(text).resolve())
    parser.add_argument("python", nargs="*", default=[sys.executable])
    parser.add_argument("--constraint", type=lambda text: Path(text).resolve())
    given = parser.parse_args()
    if absent := missing(given.wheel):
        sys.exit(f"{given.wheel.name} lacks {', '.join(sorted(absent))}")
    for python in given.python:
        predicts(given.wheel, python, given.constraint)
        print(f"{given.wheel.name} predicts with {python}")


if __name__ == "__main__":
    main()
