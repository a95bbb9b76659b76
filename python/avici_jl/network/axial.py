"""AxialTransformer: the paper's network, which alternates attention over variables and over observations (Sec. 4.2)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx

from avici_jl.network.answer import Answer
from avici_jl.network.attention import SelfAttention
from avici_jl.network.blocks import in_blocks, one_after_the_other, over_rows, product
from avici_jl.network.heads import EDGE_HEADS, LAYER_NORM_EPSILON, mask_diagonal
from avici_jl.network.pair import PairConfig, PairTransformer
from avici_jl.network.summary import Summary, summarize


@dataclass(frozen=True)
class AxialConfig:
    """Fields of an `AxialTransformer`; the defaults are the paper's and give 4.2 million parameters.

    Attributes:
        dim: size k of the representation of an entry of the table.
        layers: number of layers, each with attention over variables and over observations.
        heads: attention heads.
        head_size: size of a head.
        widening: hidden size of the perceptrons, in units of `dim`.
        axes: what the two attentions of a layer are over: "both", variables and then observations; or "variables" or
            "observations" twice (Table 2b).
        edges: how edges are read from variables: "cosine" (Eq. 6), or "relational" (Table 2c); or from the rows by
            the compact network, "pair": see `RowsToPairs`.
        dropout: rate, on what each attention and perceptron adds.
        dtype: what attention and perceptrons compute in, "float32" or "bfloat16" (for accelerators). Parameters, the
            sum over the layers, softmax and the edge head are float32 in any case.
        channels: of `avici_jl.data.standardize.features` that it sees: 2, with 3 also which values are missing, with 4
            also the spreads of variables in common units.
        remat: whether the backward pass computes every layer again instead of keeping what is inside it: a third more
            arithmetic for a fraction of the memory.
        pair_dim, pair_layers: `dim` and `layers` of the compact network, with `edges` "pair" as the rest.
        products: how many numbers of an entry are multiplied with those of the other entries of its row.
        statistics, clip: of the pairs, beside what is learned from the rows; none by default.
        signs, prior: as for the compact network.
    """

    dim: int = 128
    layers: int = 8
    heads: int = 8
    head_size: int = 32
    widening: int = 4
    axes: str = "both"
    edges: str = "cosine"
    dropout: float = 0.0
    dtype: str = "float32"
    remat: bool = False
    channels: int = 2
    pair_dim: int = 64
    pair_layers: int = 4
    products: int = 16
    statistics: list[str] = field(default_factory=list)
    clip: float = 0.0
    signs: bool = False
    prior: bool = False

    def forward_flops(self, n: int, d: int) -> float:
        """Multiplications and additions in the matrix products of the layers, for one dataset."""
        inner = self.heads * self.head_size
        dense = 2 * n * d * (4 * self.dim * inner + 2 * self.widening * self.dim**2)
        lengths = {"both": (d, n), "variables": (d, d), "observations": (n, n)}[self.axes]
        return self.layers * sum(dense + 4 * n * d * length * inner for length in lengths)


class Seen(NamedTuple):
    """What the network sees of datasets: entries [batch, n, d, channels], and a summary if it is to see one."""

    entries: jax.Array
    summary: Summary | None = None


class AxialTransformer(nnx.Module):
    """Invariant to the order of the observations, equivariant to that of the variables (Sec. 4.2, Fig. 1)."""

    def __init__(self, config: AxialConfig, *, rngs: nnx.Rngs) -> None:
        self.config = config
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        self.embed = nnx.Linear(config.channels, config.dim, kernel_init=uniform, rngs=rngs)
        self.layers = nnx.List([AxialLayer(config, rngs=rngs) for _ in range(config.layers)])
        self.norm = nnx.LayerNorm(config.dim, epsilon=LAYER_NORM_EPSILON, rngs=rngs)
        if config.edges == "pair":
            self.head: Any = RowsToPairs(config, rngs=rngs)
        else:
            self.head = EDGE_HEADS[config.edges](config.dim, rngs=rngs)

    def __call__(self, x: jax.Array, *, deterministic: bool = True, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Edge logits [batch, d, d] of x [batch, n, d, 2]: standardised values and intervention indicators."""
        return self.from_summary(self.summarize(x), deterministic=deterministic, rngs=rngs)

    def summarize(self, x: jax.Array) -> Seen:
        """What the network sees of x [batch, n, d, 2 to 4]: its channels, and statistics of pairs if it has any.

        Channels that are not given say that nothing is missing and that spreads are unknown.
        """
        config = self.config
        shown = x[..., : config.channels]
        absent = jnp.array([0.0, 0.0, 1.0, 0.0], x.dtype)[shown.shape[-1] : config.channels]
        shown = jnp.concatenate([shown, jnp.broadcast_to(absent, (*x.shape[:-1], len(absent)))], -1)
        return Seen(shown, summarize(x, config.statistics, config.clip) if config.edges == "pair" else None)

    def from_summary(self, seen: Seen, *, deterministic: bool = True, rngs: nnx.Rngs | None = None) -> jax.Array:
        """Edge logits [batch, d, d] of what `summarize` gives."""
        return self.answer(seen, deterministic=deterministic, rngs=rngs).edges

    def answer(
        self,
        seen: Seen,
        known: jax.Array | None = None,
        *,
        deterministic: bool = True,
        rngs: nnx.Rngs | None = None,
    ) -> Answer:
        """All that the network says; signs and knowledge need `edges` "pair", see `PairTransformer.answer`."""
        h = self.embed(seen.entries)
        if deterministic:
            h = one_after_the_other(lambda layer, h: layer(h, None, deterministic=True), self.layers, h)
        elif not self.config.dropout:
            h = one_after_the_other(self._learning, self.layers, h)
        else:
            for layer in self.layers:
                key = None if rngs is None else rngs.dropout()
                call = partial(layer, deterministic=False)
                h = jax.checkpoint(call)(h, key) if self.config.remat else call(h, key)
        h = self.norm(h)
        if seen.summary is not None:
            answer: Answer = self.head(h, seen.summary, known, deterministic=deterministic, rngs=rngs)
            return answer
        return Answer(mask_diagonal(self.head(jnp.max(h, axis=-3))))

    def _learning(self, layer: AxialLayer, h: jax.Array) -> jax.Array:
        """A layer without dropout, for the backward pass to go through."""
        call = partial(layer, deterministic=False)
        return jax.checkpoint(call)(h, None) if self.config.remat else call(h, None)


class RowsToPairs(nnx.Module):
    """The compact network on statistics of pairs that are learned from the rows, beside given ones.

    An entry's representation gives two short vectors a and b; the covariance over the rows of each number of a of
    variable i and each of b of variable j is what the pair sees of them (the outer product mean of Jumper et al. 2021,
    centred), with what the largest entries of i and j say of each alone.
    """

    def __init__(self, config: AxialConfig, *, rngs: nnx.Rngs) -> None:
        c = config.products
        self.cause, self.effect, self.alone = (
            nnx.Linear(config.dim, c, use_bias=False, dot_general=product, rngs=rngs) for _ in range(3)
        )
        settings = PairConfig(
            dim=config.pair_dim,
            layers=config.pair_layers,
            statistics=config.statistics,
            dropout=config.dropout,
            signs=config.signs,
            prior=config.prior,
        )
        self.pairs = PairTransformer(settings, learned=c * c + 2 * c, rngs=rngs)

    def __call__(
        self,
        h: jax.Array,
        summary: Summary,
        known: jax.Array | None,
        *,
        deterministic: bool,
        rngs: nnx.Rngs | None,
    ) -> Answer:
        """What is said of h [batch, n, d, dim] and the given statistics."""
        batch, n, d, _ = h.shape
        a, b = (self._centred(of(h)) for of in (self.cause, self.effect))
        products = over_rows(a, b).reshape(batch, d, -1, d, b.shape[-1] // d) / n  # [batch, i, cause, j, effect]
        products = jnp.swapaxes(products, 2, 3).reshape(batch, d, d, -1)
        alone = self.alone(jnp.max(h, axis=-3))
        pairs = jnp.broadcast_to(alone[:, :, None], (batch, d, d, alone.shape[-1]))
        learned = jnp.concatenate([products, pairs, jnp.swapaxes(pairs, 1, 2)], -1)
        seen = summary._replace(statistics=jnp.concatenate([summary.statistics, learned], -1))
        return self.pairs.answer(seen, known, deterministic=deterministic, rngs=rngs)

    @staticmethod
    def _centred(part: jax.Array) -> jax.Array:
        """[batch, n, d, c] less its mean over the rows, as [batch, n, d c]."""
        part = part - part.mean(-3, keepdims=True)
        return part.reshape(*part.shape[:2], -1)


class AxialLayer(nnx.Module):
    """Attention over variables, perceptron, attention over observations, perceptron; all residual.

    With `config.axes` other than "both", both attentions are over the same axis.
    """

    def __init__(self, config: AxialConfig, *, rngs: nnx.Rngs) -> None:
        self.axes = config.axes
        self.over_variables = Residual(_attention(config, rngs), config, rngs=rngs)
        self.then = Residual(Perceptron(config, rngs=rngs), config, rngs=rngs)
        self.over_observations = Residual(_attention(config, rngs), config, rngs=rngs)
        self.last = Residual(Perceptron(config, rngs=rngs), config, rngs=rngs)

    def __call__(self, h: jax.Array, key: jax.Array | None, *, deterministic: bool) -> jax.Array:
        """h [batch, n, d, dim] to the same shape; the key is for dropout."""
        rngs = None if key is None else nnx.Rngs(dropout=key)
        call: dict[str, Any] = {"deterministic": deterministic, "rngs": rngs}
        if self.axes == "observations":
            h = jnp.swapaxes(h, -2, -3)
        h = self.then(self.over_variables(h, **call), **call)
        if self.axes == "both":
            h = jnp.swapaxes(h, -2, -3)
        h = self.last(self.over_observations(h, **call), **call)
        return h if self.axes == "variables" else jnp.swapaxes(h, -2, -3)


class Residual(nnx.Module):
    """h + dropout(block(layer norm(h)))."""

    def __init__(self, block: nnx.Module, config: AxialConfig, *, rngs: nnx.Rngs) -> None:
        self.norm = nnx.LayerNorm(config.dim, epsilon=LAYER_NORM_EPSILON, dtype=_dtype(config), rngs=rngs)
        self.block = block
        self.dropout = nnx.Dropout(config.dropout)

    def __call__(self, h: jax.Array, *, deterministic: bool, rngs: nnx.Rngs | None) -> jax.Array:
        """h [..., length, dim] to the same shape."""
        if deterministic:
            return in_blocks(lambda part: part + self.block(self.norm(part)), h)  # type: ignore[operator]
        return h + self.dropout(self.block(self.norm(h)), deterministic=deterministic, rngs=rngs)  # type: ignore[operator]


class Perceptron(nnx.Module):
    """Linear, ReLU, linear, at every position."""

    def __init__(self, config: AxialConfig, *, rngs: nnx.Rngs) -> None:
        uniform = nnx.initializers.variance_scaling(2.0, "fan_in", "uniform")
        hidden = config.widening * config.dim
        linear = partial(nnx.Linear, kernel_init=uniform, dtype=_dtype(config), dot_general=product, rngs=rngs)
        self.wide, self.narrow = linear(config.dim, hidden), linear(hidden, config.dim)

    def __call__(self, h: jax.Array) -> jax.Array:
        """h [..., dim] to the same shape."""
        return self.narrow(nnx.relu(self.wide(h)))


def _attention(config: AxialConfig, rngs: nnx.Rngs) -> SelfAttention:
    return SelfAttention(config.dim, config.heads, config.head_size, dtype=_dtype(config), rngs=rngs)


def _dtype(config: AxialConfig) -> jnp.dtype:
    return jnp.dtype(config.dtype)
