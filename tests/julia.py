"""Runs the Julia tests with the Julia that avici_jl uses: `python tests/julia.py`, or some files: `... scm noise`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import juliapkg

PACKAGE = Path(__file__).resolve().parents[1] / "julia" / "AviciSim"


def main() -> int:
    command = [juliapkg.executable(), "--startup-file=no", "--threads=2", f"--project={PACKAGE}"]
    return subprocess.run([*command, str(PACKAGE / "test" / "runtests.jl"), *sys.argv[1:]]).returncode


if __name__ == "__main__":
    sys.exit(main())
