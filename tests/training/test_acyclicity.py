"""The spectral radius against NumPy's eigenvalues."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from avici_jl.training.acyclicity import spectral_radius

KEY = jax.random.key(0)


def logit(w: np.ndarray) -> jax.Array:
    return jnp.asarray(np.log(w) - np.log1p(-w), jnp.float32)


@pytest.mark.parametrize("d", [3, 5, 30])
def test_it_is_the_largest_eigenvalue(d: int) -> None:
    w = np.random.default_rng(d).uniform(0.01, 0.9, (d, d))
    expected = np.abs(np.linalg.eigvals(w * (1 - np.eye(d)))).max()
    assert spectral_radius(logit(w), KEY, iterations=50) == pytest.approx(expected, rel=1e-4)
    assert spectral_radius(logit(w), KEY) == pytest.approx(expected, rel=0.02)


def test_an_acyclic_graph_has_none_and_a_cycle_has_one() -> None:
    chain = np.full((6, 6), 1e-9)
    chain[np.arange(5), np.arange(1, 6)] = 1 - 1e-7
    assert spectral_radius(logit(chain), KEY, iterations=50) < 0.05
    chain[5, 0] = 1 - 1e-7
    assert 0.5 < spectral_radius(logit(chain), KEY, iterations=50) < 1.01


def test_the_diagonal_does_not_count() -> None:
    w = np.random.default_rng(0).uniform(0.1, 0.9, (4, 4))
    other = w + np.diag(0.99 - np.diag(w))
    assert spectral_radius(logit(w), KEY) == spectral_radius(logit(other), KEY)


def test_batches_and_tiny_probabilities() -> None:
    logits = jnp.full((3, 7, 7), -80.0)
    h = spectral_radius(logits, KEY)
    gradient = jax.grad(lambda x: spectral_radius(x, KEY).sum())(logits)
    assert h.shape == (3,) and bool(jnp.isfinite(gradient).all()) and bool((h < 1e-30).all())


def test_the_gradient_is_that_of_a_simple_eigenvalue() -> None:
    # With the eigenvectors u, v of the largest eigenvalue, its derivative is u_i v_j / u·v (and the vectors' own
    # derivatives cancel), times that of the sigmoid.
    w = np.random.default_rng(1).uniform(0.05, 0.95, (5, 5))
    matrix = w * (1 - np.eye(5))
    values, right = np.linalg.eig(matrix)
    v = np.real(right[:, np.argmax(values.real)])
    values, left = np.linalg.eig(matrix.T)
    u = np.real(left[:, np.argmax(values.real)])
    expected = np.outer(u, v) / (u @ v) * w * (1 - w) * (1 - np.eye(5))
    found = jax.grad(lambda x: spectral_radius(x, KEY, iterations=100))(logit(w))
    np.testing.assert_allclose(found, expected, rtol=2e-3, atol=1e-5)
