"""How far a matrix of edge probabilities is from acyclic: its spectral radius (Sec. 4.3)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp

_LOG_ZERO = -1e9


def spectral_radius(logits: jax.Array, key: jax.Array, iterations: int = 10) -> jax.Array:
    """Spectral radius of the matrix of edge probabilities, by power iteration.

    It is 0 exactly for the adjacency matrix of an acyclic graph. Left and right vectors start at random positive
    entries and take no part in the gradient (Sec. 4.3). Everything is computed with logarithms, in which products
    of small probabilities do not underflow. Where all cycles have the same length (d = 2, or a single cycle), the
    iteration does not converge and the estimate depends on the start, around the true value.

    Args:
        logits: [..., d, d] edge logits; the diagonal is ignored.
        key: random key for the starting vectors.
        iterations: steps of the power iteration.

    Returns:
        [...] estimates of the spectral radius, in [0, d - 1].
    """
    d = logits.shape[-1]
    log_w = jnp.where(jnp.eye(d, dtype=bool), _LOG_ZERO, jax.nn.log_sigmoid(logits))
    fixed = jax.lax.stop_gradient(log_w)
    start = jnp.log(jax.random.uniform(key, (2, *logits.shape[:-1]), logits.dtype, 0.1, 1.0))

    def normalise(vector: jax.Array) -> jax.Array:
        return vector - logsumexp(vector, axis=-1, keepdims=True)

    def step(_: int, vectors: jax.Array) -> jax.Array:
        left = logsumexp(vectors[0][..., :, None] + fixed, axis=-2)
        right = logsumexp(fixed + vectors[1][..., None, :], axis=-1)
        return normalise(jnp.stack([left, right]))

    left, right = jax.lax.fori_loop(0, iterations, step, normalise(start))
    product = logsumexp(left[..., :, None] + log_w + right[..., None, :], axis=(-2, -1))
    return jnp.exp(product - logsumexp(left + right, axis=-1))
