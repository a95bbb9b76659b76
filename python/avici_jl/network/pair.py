"""PairTransformer: the compact network. It sees the observations through pair statistics and works on pairs."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

import jax
import jax.numpy as jnp
from flax import nnx

from avici_jl.network.answer import Answer
from avici_jl.network.blocks import in_blocks, one_after_the_other, product
from avici_jl.network.heads import SignHead, mask_diagonal
from avici_jl.network.statistics import count_statistics
from avici_jl.network.summary import Summary, summarize


@dataclass(frozen=True)
class PairConfig:
    """Fields of a `PairTransformer`.

    Attributes:
        dim: size of the representation of a pair.
        layers: number of layers.
        channels: products of each of the three kinds in a layer.
        hidden_factor: hidden size of a layer's perceptron, in units of `dim`.
        statistics: groups of pair statistics.
        clip: where the statistics cut off values, in robust standard deviations; 0 for nowhere.
        dropout: rate, on the statistics' embedding and on what each layer adds.
        signs: whether it has a second output, the sign of each effect.
        prior: whether it is shown which edges are known to be there, and which not to be.
    """

    dim: int = 64
    layers: int = 4
    channels: int = 16
    hidden_factor: int = 3
    statistics: list[str] = field(default_factory=lambda: ["basic", "interventional", "kernel"])
    clip: float = 0.0
    dropout: float = 0.0
    signs: bool = False
    prior: bool = False


_TOGETHER = 2**22
"""Entries of the pairs that a perceptron sees at a time: all of them, but for hundreds of variables."""


class PairTransformer(nnx.Module):
    """Network over the d × d pairs of variables: invariant to the order of rows, equivariant to that of variables.

    Args:
        config: its settings.
        learned: how many statistics another network learns and adds behind those of `config.statistics`.
        rngs: random keys for the initial parameters.
    """

    def __init__(self, config: PairConfig, *, learned: int = 0, rngs: nnx.Rngs) -> None:
        self.config = config
        linear = partial(nnx.Linear, dot_general=product, rngs=rngs)
        inputs = learned
        if config.statistics or not learned:
            inputs += count_statistics(config.statistics)
        self.embed = linear(inputs, config.dim)
        self.embed_size = nnx.Linear(3, config.dim, use_bias=False, kernel_init=nnx.initializers.zeros, rngs=rngs)
        self.embed_out = linear(config.dim, config.dim)
        self.layers = nnx.List([PairLayer(config, rngs=rngs) for _ in range(config.layers)])
        self.norm = nnx.RMSNorm(config.dim, rngs=rngs)
        self.head = nnx.Linear(config.dim, 1, bias_init=nnx.initializers.constant(-2.0), rngs=rngs)
        if config.signs:
            self.sign_head = SignHead(config.dim, inputs, rngs=rngs)
        if config.prior:
            self.embed_known = nnx.Linear(2, config.dim, use_bias=False, kernel_init=nnx.initializers.zeros, rngs=rngs)
        self.dropout = nnx.Dropout(config.dropout)

    def __call__(self, x: jax.Array, *, deterministic: bool = True, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Edge logits [batch, d, d] of x [batch, n, d, channels], see `avici_jl.data.standardize.features`."""
        return self.from_summary(self.summarize(x), deterministic=deterministic, rngs=rngs)

    def summarize(self, x: jax.Array, extent: jax.Array | None = None) -> Summary:
        """All that the network sees of x [batch, n, d, channels]; no parameter is in it. See `summary.summarize`."""
        return summarize(x, self.config.statistics, self.config.clip, extent)

    def from_summary(self, summary: Summary, *, deterministic: bool = True, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Edge logits [batch, d, d]. Compiled once for each number of variables, whatever the numbers of rows are."""
        return self.answer(summary, deterministic=deterministic, rngs=rngs).edges

    def answer(
        self,
        summary: Summary,
        known: jax.Array | None = None,
        *,
        deterministic: bool = True,
        rngs: nnx.Rngs | None = None,
    ) -> Answer:
        """All that the network says.

        Args:
            summary: of the data.
            known: [batch, d, d], 1 for a known edge, -1 for a known non-edge, else 0; only of a network that is shown
                it (`config.prior`), which takes None as nothing known.
            deterministic: without dropout.
            rngs: for dropout.
        """
        hidden = self.embed(summary.statistics) + self.embed_size(summary.size)[..., None, None, :]
        if self.config.prior and known is not None:
            hidden = hidden + self.embed_known(jnp.stack([known > 0, known < 0], -1).astype(hidden.dtype))
        p = self.embed_out(nnx.relu(hidden))
        p = self.dropout(p, deterministic=deterministic, rngs=rngs)
        present = jnp.ones(p.shape[:-2]) if summary.present is None else summary.present
        if deterministic:
            p = one_after_the_other(lambda layer, p: layer(p, present, deterministic=True, rngs=None), self.layers, p)
        else:
            for layer in self.layers:
                p = layer(p, present, deterministic=False, rngs=rngs)
        p = self.norm(p)
        signs = self.sign_head(p, summary.statistics) if self.config.signs else None
        return Answer(mask_diagonal(self.head(p)[..., 0]), signs)


class PairLayer(nnx.Module):
    """Every pair looks at the paths through a third variable, then at itself and its reverse."""

    def __init__(self, config: PairConfig, *, rngs: nnx.Rngs) -> None:
        dim, channels, hidden = config.dim, config.channels, config.hidden_factor * config.dim
        linear = partial(nnx.Linear, dot_general=product, rngs=rngs)
        small = nnx.initializers.variance_scaling(0.1, "fan_in", "normal")
        self.norm_paths = nnx.RMSNorm(dim, rngs=rngs)
        self.project = linear(dim, 6 * channels, use_bias=False)
        self.norm_products = nnx.RMSNorm(3 * channels, rngs=rngs)
        self.combine = linear(3 * channels, dim, kernel_init=small)
        self.norm_pair = nnx.RMSNorm(dim, rngs=rngs)
        self.wide = linear(2 * dim, hidden)
        self.narrow = linear(hidden, dim, kernel_init=small)
        self.dropout = nnx.Dropout(config.dropout)

    def __call__(self, p: jax.Array, present: jax.Array, *, deterministic: bool, rngs: nnx.Rngs | None) -> jax.Array:
        """p [batch, d, d, dim] to the same shape; no path leads through a variable that is not present [batch, d]."""
        d = present.sum(-1)[..., None, None, None]
        parts = jnp.moveaxis(self.project(self.norm_paths(p)), -1, -3)  # [batch, channels, d, d]
        parts = parts * (present[..., :, None] * present[..., None, :])[..., None, :, :]
        a, b, c, e, f, g = jnp.split(parts, 6, axis=-3)
        chains = a @ b  # i → k → j
        causes = jnp.swapaxes(c, -1, -2) @ e  # i ← k → j
        effects = f @ jnp.swapaxes(g, -1, -2)  # i → k ← j
        products = jnp.moveaxis(jnp.concatenate([chains, causes, effects], axis=-3), -3, -1) / jnp.sqrt(d)
        p = p + self.dropout(self.combine(self.norm_products(products)), deterministic=deterministic, rngs=rngs)
        q = self.norm_pair(p)
        update = in_blocks(self._from_both, q, jnp.swapaxes(q, -2, -3), entries=_TOGETHER)
        return p + self.dropout(update, deterministic=deterministic, rngs=rngs)

    def _from_both(self, pair: jax.Array, reverse: jax.Array) -> jax.Array:
        return self.narrow(nnx.relu(self.wide(jnp.concatenate([pair, reverse], axis=-1))))
