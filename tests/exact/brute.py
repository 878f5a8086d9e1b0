"""Independent, slow posteriors for counts: plain sums over dense grids, in NumPy and SciPy.

Nothing of mutau is used. A study's likelihood in theta is summed over its baseline on an even grid; tau has a
Gauss-Legendre rule on its whole range; the study's effect is summed over an even grid of theta where tau is wide, and
by a Gauss-Hermite rule of 60 nodes where it is narrow; mu lies on an even grid, whose sums converge geometrically.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, gammaln, logsumexp, roots_hermitenorm, roots_legendre
from scipy.stats import norm

BASELINE = np.linspace(-80, 80, 2001)  # in log odds products; the prior's SD is 5 to 20
NARROW = 0.25  # tau below this: Gauss-Hermite


def probabilities(measure, theta, eta):
    """p1 and p0 from their definition: the measure's equation and p1 p0 / ((1 - p1)(1 - p0)) = exp(eta)."""
    if measure == "OR":
        return expit((eta + theta) / 2), expit((eta - theta) / 2)
    if measure == "RR":  # p1 = R p0: a quadratic in p0, written so that nothing cancels
        r, e = np.exp(theta), np.exp(eta)
        b = e * (1 + r)
        root = np.sqrt((1 - r) ** 2 * e**2 + 4 * r * e)
        p0 = 2 * e / (b + root)
        return r * p0, p0
    raise ValueError(measure)


def log_choose(n, x):
    return gammaln(n + 1) - gammaln(x + 1) - gammaln(n - x + 1)


def study(measure, row, theta, sd=10.0):
    """Log probability of one trial's counts at each theta, the baseline summed out."""
    a, n1, c, n0 = row
    eta = BASELINE[None, :]
    out = np.empty(len(theta))
    for part in np.array_split(np.arange(len(theta)), max(1, len(theta) // 100)):
        p1, p0 = probabilities(measure, theta[part, None], eta)
        with np.errstate(all="ignore"):
            terms = [
                x * np.log(p) if x else 0.0 for x, p in ((a, p1), (n1 - a, 1 - p1), (c, p0), (n0 - c, 1 - p0))
            ]
        logs = sum(terms) + norm.logpdf(eta, 0, sd)
        logs = np.where(np.isnan(logs), -np.inf, logs)
        out[part] = logsumexp(logs, axis=1) + np.log(BASELINE[1] - BASELINE[0])
    return out + log_choose(n1, a) + log_choose(n0, c)


class Brute:
    """The posterior of (mu, tau) for counts, normal mu and half-normal tau."""

    def __init__(
        self, measure, rows, mu_sd=2.82, tau_scale=0.5, baseline_sd=10.0, step=0.04, reach=(-9.0, 12.0)
    ):
        self.mu = np.arange(*reach, step)
        theta = np.arange(reach[0] - 4.0, reach[1] + 4.0, step)
        x, w = roots_legendre(60)
        self.tau, w = 4.0 * tau_scale * (1 + x), 4.0 * tau_scale * w
        z, wz = roots_hermitenorm(60)
        logs = norm.logpdf(self.mu, 0, mu_sd) + (norm.logpdf(self.tau, 0, tau_scale) + np.log(2 * w))[:, None]
        for row in rows:
            known = study(measure, row, theta, baseline_sd)
            fine = _spline(theta, known)
            for b, tau in enumerate(self.tau):
                if tau < NARROW:
                    own = logsumexp(fine(self.mu[:, None] + tau * z) + np.log(wz / wz.sum()), axis=1)
                else:
                    kernel = norm.pdf((theta - self.mu[:, None]) / tau) / tau * step
                    own = np.log(kernel @ np.exp(known))
                logs[b] += own
        peak = logs.max()
        self.joint = np.exp(logs - peak)
        self.log_marginal = peak + np.log(self.joint.sum() * step)
        self.joint /= self.joint.sum()
        self.density = self.joint.sum(axis=0) / step
        self.step = step

    def cdf(self, x):
        """P(mu < x), by the trapezoid rule up to the grid's last point and the polynomial beyond it."""
        return float(_spline(self.mu, self.density).antiderivative()(x))

    def cdf_new(self, x):
        """P(theta_new < x): over mu's grid where tau is wide, else the distribution function of mu at x - tau z."""
        z, w = roots_hermitenorm(60)
        total = 0.0
        for tau, row in zip(self.tau, self.joint, strict=True):
            if tau > NARROW:
                total += float((row * norm.cdf((x - self.mu) / tau)).sum())
            else:
                total += float(_spline(self.mu, row / self.step).antiderivative()(x - tau * z) @ w / w.sum())
        return total

    def quantile(self, p):
        return brentq(lambda x: self.cdf(x) - p, self.mu[0], self.mu[-1], xtol=1e-12)


def _spline(x, y):
    from scipy.interpolate import make_interp_spline

    return make_interp_spline(x, y, k=5)
