"""An independent, slow posterior of the normal-normal model: a plain trapezoid in log tau, in NumPy and SciPy.

Nothing of mutau's quadrature is used: the likelihood is written out with mu integrated by hand, the range is found by
a scan, and the trapezoid converges geometrically because the integrand vanishes at both ends. mu: normal or flat.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

SCAN = np.linspace(-700.0, 650.0, 13501)
NEGLIGIBLE = 62.0
POINTS = 6001


def log_integrand(x, y, s, mu, tau):
    """Log of tau * prior(tau) * p(y | tau), and mean and variance of mu given tau, at log tau = x."""
    t = np.exp(x)
    v = s[:, None] ** 2 + t**2
    w = 1 / v
    proper = mu.family == "Normal"
    precision = w.sum(0) + (1 / mu.sd**2 if proper else 0.0)
    mean = ((w * y[:, None]).sum(0) + (mu.mean / mu.sd**2 if proper else 0.0)) / precision
    q = (w * (y[:, None] - mean) ** 2).sum(0)
    out = -0.5 * np.log(v).sum(0) - 0.5 * q - 0.5 * np.log(precision) - 0.5 * len(y) * math.log(2 * math.pi)
    if proper:
        out += -0.5 * ((mu.mean - mean) / mu.sd) ** 2 - math.log(mu.sd)
    else:
        out += 0.5 * math.log(2 * math.pi)
    return out + np.asarray(tau.logpdf(t)) + x, mean, 1 / precision


@dataclass
class Dense:
    w: np.ndarray
    tau: np.ndarray
    m: np.ndarray
    v: np.ndarray
    log_z: float

    def mixture(self, which):
        return self.m, np.sqrt(self.v + (self.tau**2 if which == "theta_new" else 0.0))

    def mean(self, which):
        return float(self.w @ self.mixture(which)[0])

    def sd(self, which):
        m, s = self.mixture(which)
        return math.sqrt(float(self.w @ (s**2 + (m - self.mean(which)) ** 2)))

    def cdf(self, which, x):
        m, s = self.mixture(which)
        return float(self.w @ ndtr((x - m) / s))

    def sf(self, which, x):
        m, s = self.mixture(which)
        return float(self.w @ ndtr((m - x) / s))

    def quantile(self, which, p):
        m, s = self.mixture(which)
        lo, hi = float((m - 6 * s).min()), float((m + 6 * s).max())
        return brentq(lambda x: self.cdf(which, x) - p, lo, hi, xtol=1e-300, rtol=1e-15)

    def tau_cdf(self, t):
        """Only for use at points of the grid's own making: the trapezoid's partial sums are not accurate."""
        return float(self.w[self.tau <= t].sum())


def dense(y, s, mu, tau, points=POINTS):
    y, s = np.asarray(y, float), np.asarray(s, float)
    with np.errstate(all="ignore"):
        _, high = tau.support
        scan = SCAN[(math.log(high) > SCAN) if high < math.inf else slice(None)]
        g = np.concatenate([log_integrand(part, y, s, mu, tau)[0] for part in np.array_split(scan, 40)])
        g = np.where(np.isnan(g), -np.inf, g)
        for _ in range(6):  # look closer until the peak is wide compared with the grid
            keep = np.flatnonzero(g > g.max() - NEGLIGIBLE)
            a, b = scan[max(keep[0] - 1, 0)], scan[min(keep[-1] + 1, len(scan) - 1)]
            if high < math.inf and keep[-1] == len(scan) - 1:
                raise ValueError("bounded priors need another rule")
            scan = np.linspace(a, b, points)
            g, m, v = log_integrand(scan, y, s, mu, tau)
    peak = g.max()
    w = np.exp(g - peak)
    total = w.sum()
    return Dense(w / total, np.exp(scan), m, v, peak + math.log(total * (scan[1] - scan[0])))
