"""The pictures of mechanisms.md: `python docs/simulators/mechanisms.py` writes docs/simulators/scm-*.png."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

from avici_jl.simulation import bridge

HERE = Path(__file__).parent
COLOURS = ("tab:blue", "tab:red")
GREY = "0.45"

# What a domain file would say: name of the panel, and the entry.
MECHANISMS = {
    "linear": 'model = "linear"\nweight = { signed_uniform = [0.5, 1.5] }\nbias = 0.0',
    "rff": 'model = "rff"\nlength_scale = 1.5\noutput_scale = 1.0\nbias = 0.0',
    "mlp, tanh": 'model = "mlp"\ngain = 1.5\nhidden = 10',
    "mlp, relu": 'model = "mlp"\nactivation = "relu"\nhidden = 5',
    "polynomial": 'model = "polynomial"\ncross = 1',
    "additive": 'model = "additive"',
    "sigmoids": 'model = "sigmoids"',
    "multiple-index": 'model = "multiple-index"',
    "product": 'model = "product"',
    "piecewise": 'model = "piecewise"',
    "steps": 'model = "steps"',
}
NOISES = (
    'model = "gaussian"\nscale = 1.0',
    'model = "laplace"\nscale = 1.0',
    'model = "cauchy"\nscale = 1.0',
    'model = "student"\nscale = 1.0\ndegrees_of_freedom = 3.0',
    'model = "uniform"\nscale = 1.0',
    'model = "exponential"\nscale = 1.0\nmirrored = MIRROR',
    'model = "gumbel"\nscale = 1.0\nmirrored = MIRROR',
    'model = "gamma"\nscale = 1.0\nshape = 2.0\nmirrored = MIRROR',
    'model = "chi2"\nscale = 1.0\ndegrees_of_freedom = 1.5\nmirrored = MIRROR',
    'model = "lognormal"\nscale = 1.0\nsigma = 0.8\nmirrored = MIRROR',
    'model = "bimodal"\nscale = 1.0\nseparation = 4.0',
    'model = "multimodal"\nscale = 1.0\nseparation = 5.0',
)
DISTORTIONS = ("exp", "log", "power", "sinh", "saturation", "quantile")

HELPERS = """
import AviciSim, Pkg
using AviciSim: Parameter, Stream, read_mechanism, read_noise

entry(text) = Pkg.TOML.parse(text)

# f at causes (n × K), drawn with a seed.
function curve(text, causes, seed)
    rng = Stream(seed, 0)
    mechanism = AviciSim.settle(read_mechanism(entry(text), "docs"), rng)
    y = zeros(Float32, size(causes, 1))
    AviciSim.evaluate!(y, mechanism, Float32.(causes), rng)
    return y
end

function noise(text, n, seed)
    rng = Stream(seed, 0)
    part = AviciSim.settle(read_noise(entry(text), "docs"), rng)
    return AviciSim.add_noise!(zeros(Float32, n), part, zeros(Float32, n, 0), rng)
end

function distorted(name, t, seed)
    y = Float32.(t)
    distortion = AviciSim.Distortion([Symbol(name)], Parameter(1.0, ""))
    AviciSim.distort!(y, distortion, Stream(seed, 0), 1:length(y), AviciSim.Scalings())
    return y
end

# n rows of a model on a chain of d variables.
function chain(mechanism, noise, d, n, seed)
    graph = [i + 1 == j ? 1 : 0 for i in 1:d, j in 1:d]
    parts = (mechanism=read_mechanism(entry(mechanism), "docs"), noise=read_noise(entry(noise), "docs"))
    return AviciSim.simulate(AviciSim.Domain("linear"; parts...); n_obs=n, graph=graph, seed=seed).x
end
"""


def grid(panels: int, columns: int = 4) -> tuple[Any, Any]:
    rows = -(-panels // columns)
    figure, axes = plt.subplots(rows, columns, figsize=(2.4 * columns, 1.9 * rows), layout="constrained")
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    for axis in axes.flat[panels:]:
        axis.axis("off")
    return figure, list(axes.flat)


def draw_mechanisms(sim: Any) -> None:
    """Two functions of each kind against the first cause, the second being at -1, 0 and 1."""
    figure, axes = grid(len(MECHANISMS))
    z = np.linspace(-3, 3, 400)
    for axis, (name, text) in zip(axes, MECHANISMS.items(), strict=False):
        for seed, colour in enumerate(COLOURS, start=3):
            lines = [np.asarray(sim.curve(text, np.column_stack([z, np.full_like(z, at)]), seed)) for at in (-1, 0, 1)]
            scale = np.std(lines[1]) or 1
            for line, alpha in zip(lines, (0.35, 1, 0.35), strict=True):
                axis.plot(z, line / scale - np.mean(lines[1]) / scale, color=colour, lw=1.3, alpha=alpha)
        axis.set_title(name, fontsize=10)
        axis.set_ylim(-4, 4)
    figure.savefig(HERE / "scm-mechanisms.png", dpi=90)


def draw_noises(sim: Any) -> None:
    figure, axes = grid(len(NOISES))
    bins = np.linspace(-4, 4, 81)
    for axis, text in zip(axes, NOISES, strict=True):
        mirrored = "MIRROR" in text
        for mirror, colour in ((0.0, COLOURS[0]), (1.0, COLOURS[1]))[: 1 + mirrored]:
            values = np.asarray(sim.noise(text.replace("MIRROR", str(mirror)), 200_000, 5))
            axis.hist(values, bins=bins, color=colour, alpha=0.55, density=True)
        axis.set_title(text.split('"')[1], fontsize=10)
    figure.savefig(HERE / "scm-noise.png", dpi=90)


def draw_distortions(sim: Any) -> None:
    figure, axes = grid(len(DISTORTIONS), columns=6)
    t = np.linspace(-3, 3, 601)
    for axis, name in zip(axes, DISTORTIONS, strict=True):
        axis.plot(t, t, color="0.8", lw=1)
        for seed in range(1, 8):
            axis.plot(t, np.asarray(sim.distorted(name, t, seed)), lw=1.3, color=COLOURS[seed % 2], alpha=0.8)
        axis.set_title(name, fontsize=10)
    figure.savefig(HERE / "scm-distortions.png", dpi=90)


def draw_options(sim: Any) -> None:
    """What stands beside a mechanism or a noise, each in a model of two variables or a chain of twenty."""
    figure, axes = grid(6, columns=3)
    line = 'model = "linear"\nweight = 1.5\nbias = 0.0\n'
    unit = 'model = "gaussian"\nscale = 1.0\n'
    small = 'model = "gaussian"\nscale = 0.4\n'
    for text, colour, label in (
        (line, COLOURS[1], "as they are"),
        (line + "standardised = true", COLOURS[0], "standardised"),
    ):
        spread = np.asarray(sim.chain(text, unit, 12, 2000, 1)).std(0)
        axes[0].semilogy(range(1, 13), spread, "o-", ms=3, color=colour, label=label)
    axes[0].legend(frameon=False, fontsize=8)
    axes[0].set_title("deviations along a chain", fontsize=10)
    scatters = (
        ("distortion", line + 'distortion = ["exp"]', unit),
        ("noise_inside", 'model = "mlp"\ngain = 2.0\nnoise_inside = true', unit),
        ("multiplicative", line, small + 'multiplicative = true\nroots = { model = "gaussian", scale = 1.0 }'),
        ("heteroscedastic", line, 'model = "gaussian"\nheteroscedastic = { length_scale = 1.0, output_scale = 3.0 }'),
        (
            "roots",
            line,
            'model = "gaussian"\nscale = 0.5\nroots = { model = "multimodal", separation = 6.0, scale = 1.0 }',
        ),
    )
    for axis, (name, mechanism, noise) in zip(axes[1:], scatters, strict=True):
        x = np.asarray(sim.chain(mechanism, noise, 2, 1500, 2))
        axis.plot(x[:, 0], x[:, 1], ".", ms=2, color=GREY)
        axis.set_title(name, fontsize=10)
    figure.savefig(HERE / "scm-options.png", dpi=90)


def main() -> None:
    bridge.julia()
    import juliacall  # after the bridge, which sets it up

    module = juliacall.newmodule("Pictures")
    module.seval("begin\n" + HELPERS + "\nend")
    for draw in (draw_mechanisms, draw_noises, draw_distortions, draw_options):
        draw(module)


if __name__ == "__main__":
    main()
