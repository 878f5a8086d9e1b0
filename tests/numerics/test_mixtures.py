"""Normal mixtures against SciPy."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from mutau.numerics.mixtures import mixture_curves, mixture_quantiles

TAIL = 3e-14  # relative: the polynomial's 8.3e-15, and rounding of z squared
ROOT = 1e-11  # probabilities at quantiles: where the root finder stops


def scratch(n):
    work = np.empty((3, n))
    return work, work.view(np.int64)


def test_both_tails_of_a_normal_keep_their_digits():
    x = np.linspace(-36, 36, 20001)
    out = np.empty((3, len(x)))
    one, zero = np.ones(1), np.zeros(1)
    mixture_curves(x, one, zero, one, out, *scratch(1))
    rounding = TAIL + 4e-16 * x**2
    assert np.all(np.abs(out[0] / ndtr(x) - 1) < rounding)
    assert np.all(np.abs(out[1] / ndtr(-x) - 1) < rounding)
    assert np.all(np.abs(out[2] / (np.exp(-0.5 * x**2) / np.sqrt(2 * np.pi)) - 1) < rounding)


def test_quantiles_of_far_apart_components():
    w = np.array([0.2, 0.5, 0.3])
    m = np.array([-100.0, 0.0, 5.0])
    inv = np.array([1.0, 1e4, 0.01])
    p = np.array([1e-12, 1e-3, 0.1, 0.2, 0.5, 0.7, 0.999])
    x = np.empty_like(p)
    mixture_quantiles(p, 1 - p, w, m, inv, x, *scratch(3))
    below = (w * ndtr((x[:, None] - m) * inv)).sum(axis=1)
    np.testing.assert_allclose(below, p, rtol=1e-6, atol=ROOT)
    assert np.all(np.diff(x) > 0)
