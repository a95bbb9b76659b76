"""Ways to make the axial network learn more, at equal time of one core. `make bench-axial` calls it.

Each variant is the preset `axial` at a constant rate, apart from the settings that it names, trained for the same time
of the processor: data, the teacher's answers and steps, but not compilation. A row says what the averaged parameters
reach on held-out datasets, n = 200, observational / half interventional: means over 32 datasets, one seed. Differences
below 0.03 are ties.

Arguments of the command line: seconds, then names of variants; by default all.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator

import jax

from avici_jl._runtime.threads import blas_threads
from avici_jl.training.config import resolve
from avici_jl.training.data import TrainingData
from avici_jl.training.held_out import HeldOut
from avici_jl.training.mesh import Devices
from avici_jl.training.sources import open_source
from avici_jl.training.step import compile_run

DOMAIN = "linear-rff"
BASE = [
    "optimizer.decay_start=0.999",
    "optimizer.warmup_fraction=0.005",
    "ema_decay=0.99",
    "data.rows=[100]",
    "data.sizes=[{d = 10, batch = 12}]",
    "held_out.sizes=[10, 20]",
    "held_out.datasets=32",
]
COSINE, TAUGHT = 'network.edges="cosine"', 'objective.teacher="scm"'
UNTAUGHT, NO_STATISTICS = 'objective.teacher=""', "network.statistics=[]"
VARIANTS = {
    "plain": [COSINE, NO_STATISTICS, UNTAUGHT],
    "plain, distilled": [COSINE, NO_STATISTICS, TAUGHT],
    "rows to pairs": [NO_STATISTICS, UNTAUGHT],
    "rows to pairs, distilled": [NO_STATISTICS, TAUGHT],
    "rows and statistics to pairs": [UNTAUGHT],
    "rows and statistics to pairs, distilled": [TAUGHT],
    "statistics to pairs": ["network.layers=1", "network.dim=8", "network.head_size=2", UNTAUGHT],
}
"""The last one has next to no axial part: what the statistics do alone."""


def measure(name: str, seconds: float) -> Iterator[str]:
    """Train a variant, and give its row of the table every third of the time."""
    source = open_source(DOMAIN)
    config = resolve(
        DOMAIN,
        kind=source.kind,
        acyclic=source.acyclic,
        preset="axial",
        overrides=[*BASE, *VARIANTS[name]],
        lineage=source.lineage,
    )
    devices = Devices()
    compiled, data = compile_run(config, devices), TrainingData(config.data, config.steps, source=source)
    held_out = HeldOut(config, source, compiled.predict)
    state = compiled.start()
    for blank in data.blanks():
        state, _ = compiled.step(state, devices.place(blank))
    state, used, step = compiled.start(), 0.0, 0
    for part in (1, 2, 3):
        while used < seconds * part / 3:
            begin = time.process_time()
            state, measured = compiled.step(state, devices.place(data[step]))
            jax.block_until_ready(measured)
            used, step = used + time.process_time() - begin, step + 1
        scores = held_out.evaluate(state.average)
        cells = [" / ".join(f"{score.auprc:.3f}" for score in scores if score.d == d) for d in (10, 20)]
        yield f"| {name} | {used:.0f} | {step} | {' | '.join(cells)} |"


def main() -> None:
    seconds, *chosen = sys.argv[1:] or ["240"]
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}; trained on `{DOMAIN}`\n")
    print("| variant | CPU s | steps | d = 10 | d = 20 |\n|---|---|---|---|---|")
    with blas_threads(20):
        for name in chosen or VARIANTS:
            for row in measure(name, float(seconds)):
                print(row, flush=True)


if __name__ == "__main__":
    main()
