"""Memory that a process keeps."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
from avici_jl._runtime.memory import keep_freed_memory

def fill() -> int:
    "Page faults of filling 64 MB of fresh memory, the second time."
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        block = bytearray(b"x") * 2**26
        faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
        del block
    return faults

without = fill()
print(keep_freed_memory(), without, fill())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="an option of glibc")
def test_freed_memory_is_used_again() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    can, without, kept = done.stdout.split()
    if can == "True":
        assert 10 * int(kept) < int(without)
