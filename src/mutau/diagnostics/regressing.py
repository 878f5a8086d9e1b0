"""Regression of effects on one predictor: ordinary, multiplicative and with tau2, all by `meta_regression`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mutau.classic import meta_regression
from mutau.diagnostics.given import FloatArray
from mutau.errors import ArgumentError, Fault

__all__ = ["Line", "mixed_line", "weighted_line"]


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
        On k - 2 degrees of freedom: a common-effect regression with Hartung and Knapp's errors is the same.
    """
    return _line(y, 1 / weight, x, tau2="CE", ci="HK")


def mixed_line(y: FloatArray, v: FloatArray, x: FloatArray, tau2: str = "REML") -> Line:
    """Regress effects on a predictor with a random effect beside the known variances (meta-regression).

    Parameters
    ----------
    y, v, x : ndarray, shape (k,)
        Effects, sampling variances, predictor.
    tau2 : str
        Estimator of the residual between-study variance, as in `mutau.pool`.

    Returns
    -------
    Line
        Wald's standard errors.

    Raises
    ------
    ArgumentError
        A predictor that does not vary, or an estimator that did not settle.
    """
    return _line(y, v, x, tau2=tau2, ci="wald")


def _line(y: FloatArray, v: FloatArray, x: FloatArray, *, tau2: str, ci: str) -> Line:
    if not np.ptp(x) > 1e-12 * float(np.abs(x).max()):
        rule = "A regression needs the predictor to differ between studies"
        raise ArgumentError(Fault("the same predictor in all studies", rule, "Use another", key="predictor"))
    found = meta_regression(y, v, x, tau2=tau2, ci=ci)
    if math.isnan(found.tau2):
        rule = f"{tau2} of the regression settles: {found.notes[0]}"
        raise ArgumentError(Fault(f"{tau2} did not settle", rule, "Use tau2='DL'", key="tau2"))
    (intercept, slope), (error, slope_error) = found.estimate, found.se
    df, spread = (len(y) - 2, math.nan) if ci == "HK" else (math.inf, found.tau2)
    return Line((intercept, slope), (error, slope_error), df, spread)
