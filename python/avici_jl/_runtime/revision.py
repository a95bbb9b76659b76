"""Which code runs: the version, and the revision where it runs from a checkout."""

from __future__ import annotations

import subprocess
from pathlib import Path

import avici_jl


def revision() -> str:
    """The version of this package; from a checkout with the revision, and a plus where files differ from it."""
    return f"{avici_jl.__version__} {commit()}".rstrip()


def commit() -> str:
    """The revision of the checkout that runs, and a plus where files differ from it; empty where it is none."""
    package = Path(avici_jl.__file__).parent

    def git(*words: str) -> str:
        command = ["git", "-C", str(package), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "__init__.py")  # not only somewhere inside another checkout
        changed = "+" if git("status", "--porcelain", "--untracked-files=no", ".") else ""
        return f"{git('rev-parse', '--short=12', 'HEAD')}{changed}"
    except (OSError, subprocess.SubprocessError):
        return ""
