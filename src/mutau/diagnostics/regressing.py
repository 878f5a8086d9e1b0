"""Weighted regression of effects on one predictor: ordinary, multiplicative and with tau2."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mutau.diagnostics.given import FloatArray
from mutau.errors import ArgumentError, Fault

__all__ = ["MIXED_TAU2", "Line", "mixed_line", "weighted_line"]

MIXED_TAU2 = ("CE", "DL", "REML")
"""Estimators of the residual tau2 of `mixed_line`."""

_STEPS = 500
_CLOSE = 1e-13  # relative to the typical variance; what rounding leaves of the score


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line: intercept and slope with standard errors; `df` is infinite where z is meant."""

    coefficients: tuple[float, float]
    errors: tuple[float, float]
    df: float
    tau2: float

    def test(self, j: int) -> tuple[float, float]:
        """Give the statistic of coefficient `j` and its two-sided p-value."""
        statistic = self.coefficients[j] / self.errors[j] if self.errors[j] > 0 else math.nan
        return statistic, float(2 * stats.t.sf(abs(statistic), self.df))

    def limits(self, j: int, prob: float = 0.95) -> tuple[float, float]:
        """Give the confidence limits of coefficient `j`."""
        half = float(stats.t.ppf((1 + prob) / 2, self.df)) * self.errors[j]
        return self.coefficients[j] - half, self.coefficients[j] + half


def weighted_line(y: FloatArray, x: FloatArray, weight: FloatArray) -> Line:
    """Regress by weighted least squares with an estimated residual variance, as R's ``lm``.

    Parameters
    ----------
    y, x, weight : ndarray, shape (k,)
        Response, predictor, weights above 0.

    Returns
    -------
    Line
        On k - 2 degrees of freedom.
    """
    beta, covariance = _solve(y, x, weight)
    df = len(y) - 2
    spread = float(weight @ (y - beta[0] - beta[1] * x) ** 2) / df
    errors = np.sqrt(spread * np.diag(covariance))
    return Line((float(beta[0]), float(beta[1])), (float(errors[0]), float(errors[1])), df, math.nan)


def mixed_line(y: FloatArray, v: FloatArray, x: FloatArray, tau2: str = "REML") -> Line:
    """Regress effects on a predictor with a random effect beside the known variances (meta-regression).

    Parameters
    ----------
    y, v, x : ndarray, shape (k,)
        Effects, sampling variances, predictor.
    tau2 : {"CE", "DL", "REML"}
        Estimator of the residual between-study variance.

    Returns
    -------
    Line
        Wald's standard errors.

    Raises
    ------
    ArgumentError
        A predictor that does not vary, another estimator, or one that did not settle.

    References
    ----------
    Raudenbush SW (2009), in: The Handbook of Research Synthesis and Meta-Analysis, 2nd ed., 295-315.
    """
    if tau2 not in MIXED_TAU2:
        rule = f"The mixed model knows {', '.join(MIXED_TAU2)}"
        raise ArgumentError(Fault(f"tau2={tau2!r}", rule, "Use REML, or model='lm'", key="tau2"))
    _spread(x, 1 / v)
    scale = float(np.median(v))
    y0, v0 = y / math.sqrt(scale), v / scale
    value = 0.0 if tau2 == "CE" else _moments(y0, v0, x)
    if tau2 == "REML":
        value = _restricted(y0, v0, x, value)
    beta, covariance = _solve(y, x, 1 / (v + value * scale))
    errors = np.sqrt(np.diag(covariance))
    return Line(
        (float(beta[0]), float(beta[1])), (float(errors[0]), float(errors[1])), math.inf, value * scale
    )


def _spread(x: FloatArray, weight: FloatArray) -> tuple[float, float]:
    """Weighted mean and standard deviation of a predictor; refuses one that does not vary."""
    centre = float(weight @ x / weight.sum())
    spread = float(np.sqrt(weight @ (x - centre) ** 2 / weight.sum()))
    if not spread > 1e-12 * float(np.abs(x).max()):
        rule = "A regression needs the predictor to differ between studies"
        raise ArgumentError(Fault("the same predictor in all studies", rule, "Use another", key="predictor"))
    return centre, spread


def _solve(y: FloatArray, x: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Coefficients and inverse of X'WX, with the predictor centred and scaled meanwhile."""
    centre, spread = _spread(x, weight)
    z = (x - centre) / spread
    total = float(weight.sum())
    slope, mean = float(weight @ (z * y)) / total, float(weight @ y) / total
    turn = np.array([[1.0, -centre / spread], [0.0, 1 / spread]])
    return turn @ np.array([mean, slope]), turn @ turn.T / total


def _projection(v: FloatArray, x: FloatArray, tau2: float) -> FloatArray:
    """P = W - W X (X'WX)^-1 X'W."""
    w = 1 / (v + tau2)
    centred = x - w @ x / w.sum()
    design = np.column_stack([np.ones_like(x), centred / np.sqrt((centred**2).mean())])
    weighted = w[:, None] * design
    projection: FloatArray = np.diag(w) - weighted @ np.linalg.solve(design.T @ weighted, weighted.T)
    return projection


def _moments(y: FloatArray, v: FloatArray, x: FloatArray) -> float:
    p = _projection(v, x, 0.0)
    return max(0.0, float((y @ p @ y - (len(y) - 2)) / np.trace(p)))


def _restricted(y: FloatArray, v: FloatArray, x: FloatArray, start: float) -> float:
    """Fisher scoring of the restricted likelihood, steps halved at 0."""
    value = start
    for _ in range(_STEPS):
        p = _projection(v, x, value)
        py = p @ y
        step = float((py @ py - np.trace(p)) / np.sum(p * p))
        new = max(0.0, value + step)
        if abs(new - value) <= _CLOSE * (1 + value):
            return new
        value = new
    rule = f"REML of the regression settles within {_STEPS} steps"
    raise ArgumentError(Fault("REML did not settle", rule, "Use tau2='DL'", key="tau2"))
