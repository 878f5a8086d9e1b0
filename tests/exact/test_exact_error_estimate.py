"""The error estimate is honest: true error over estimate is at most 1, against an independent dense rule.

Seeded cases over every tau prior the dense rule can take, normal and flat mu, k from 1 to 200, SE ratios up to 1e6,
effects 40 SE apart, equal effects (tau piled at 0), tau priors from 1e-3 to 1e3 times the standard errors, units from
1e-2 to 1e2.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import numpy as np
import pytest

from mutau import exact, priors

spec = importlib.util.spec_from_file_location("exact_dense", Path(__file__).with_name("dense.py"))
module = sys.modules["exact_dense"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
dense = module.dense

SEED = 20261123
FAST, SLOW = 150, 10_000
TAIL_RELATIVE = 1e-6  # the bar for tail probabilities above 1e-12


def draw_data(r):
    k = int(r.choice([1, 2, 3, 5, 8, 20, 60, 200], p=[0.1, 0.15, 0.15, 0.2, 0.2, 0.1, 0.07, 0.03]))
    kind = r.integers(6)
    s = 10 ** r.uniform(-4, 2, k) if kind == 1 else np.exp(r.normal(-1, 0.6, k))
    tau = 0.0 if kind == 2 else abs(r.normal(0, 0.5))
    y = r.normal(0, 1) + tau * r.normal(size=k) + s * r.normal(size=k)
    if kind == 3:
        y = y + 40 * s * r.choice([-1, 0, 1], k)
    if kind == 4:
        y = np.full(k, y[0])
    scale = float(np.median(s) * 10 ** r.uniform(-3, 3)) if kind == 5 else float(10 ** r.uniform(-1, 0.5))
    unit = 10 ** r.uniform(-2, 2)
    return y * unit, s * unit, scale * unit, unit


def draw_case(i):
    r = np.random.default_rng([SEED, i])
    y, s, scale, unit = draw_data(r)
    families = [
        priors.HalfNormal(scale),
        priors.HalfCauchy(scale),
        priors.HalfStudentT(scale, float(r.uniform(1.5, 8))),
        priors.Exponential(1 / scale),
        priors.InverseGamma(float(r.uniform(0.8, 3)), scale),
        priors.LogNormal(math.log(scale), float(r.uniform(0.3, 2))),
        priors.Uniform(0, math.inf),
    ]
    tau = families[r.integers(len(families))]
    spread = float(unit * 10 ** r.uniform(-0.5, 1.5))
    mu = priors.Flat() if r.random() < 0.3 else priors.Normal(float(r.normal() * unit), spread)
    if not priors.posterior_is_proper(mu, tau, len(y)).exists:
        mu, tau = priors.Normal(0, 4 * unit), priors.HalfNormal(scale)
    return y, s, mu, tau


def errors(posterior, truth, tail):
    """True errors of what the estimate is about, and the relative error of a far tail (0 below 1e-12)."""
    found = []
    for which in ("mu", "theta_new"):
        marginal = getattr(posterior, which)
        p = np.array([0.025, 0.5, 0.975])
        x = marginal.quantile(p)
        spread = (x[2] - x[0]) / 3.92
        gap = np.abs(np.array([truth.cdf(which, a) for a in x]) - p)
        found += [gap.max(), (gap / marginal.pdf(x) / spread).max()]
        far = x[1] + 4 * (x[2] - x[1])
        expected = truth.sf(which, far)
        if expected > 1e-12:
            tail.append(abs(marginal.sf(far) / expected - 1))
    if math.isfinite(posterior.log_marginal):
        found.append(abs(posterior.log_marginal - truth.log_z))
    return max(found)


def check(indices):
    tails: list[float] = []
    for i in indices:
        y, s, mu, tau = draw_case(i)
        posterior = exact.normal(y, s, mu=mu, tau=tau)
        worst = errors(posterior, dense(y, s, mu, tau), tails)
        assert worst <= posterior.error_estimate, f"case {i}: {worst} against {posterior.error_estimate}"
    assert max(tails) < TAIL_RELATIVE


def test_the_error_estimate_is_honest():
    check(range(FAST))


@pytest.mark.slow
def test_the_error_estimate_is_honest_on_ten_thousand_cases():
    check(range(FAST, SLOW))
