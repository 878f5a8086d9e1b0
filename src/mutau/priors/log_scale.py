"""Priors on positive values that are declared for the logarithm, as published heterogeneity priors are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from mutau.priors import student
from mutau.priors.base import FINITE, POSITIVE, Prior, Rule
from mutau.priors.writing import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mutau.priors.base import FloatArray

__all__ = ["LogNormal", "LogStudentT"]


@dataclass(frozen=True, slots=True)
class LogNormal(Prior):
    r"""Log-normal distribution: log x ~ Normal(meanlog, sdlog).

    Parameters
    ----------
    meanlog : float
        Mean of log x, finite.
    sdlog : float
        Standard deviation of log x, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = \exp(-z^2/2) / (x\sigma\sqrt{2\pi})` for x > 0 with :math:`z = (\log x - m)/\sigma`; 0
    at x = 0, its limit. Priors published for the variance tau squared are made with `on_tau2`.

    References
    ----------
    Turner RM, Jackson D, Wei Y, Thompson SG, Higgins JPT (2015). Predictive distributions for between-study
    heterogeneity and simple methods for their application in Bayesian meta-analysis. Statistics in Medicine
    34:984-998. doi:10.1002/sim.6381

    Examples
    --------
    The quantiles of tau that Röver (2020, doi:10.18637/jss.v093.i06) prints for Turner's prior of a surgical
    outcome, drug against placebo or control (there 1.88735, computed numerically):

    >>> LogNormal.on_tau2(-2.14, 1.74).ppf([0.025, 0.5, 0.975]).round(5)
    array([0.06234, 0.34301, 1.88734])
    """

    meanlog: float
    sdlog: float

    _rules: ClassVar[Mapping[str, Rule]] = {"meanlog": FINITE, "sdlog": POSITIVE}
    _edges_have_density: ClassVar[bool] = False

    @classmethod
    def on_tau2(cls, mean: float, sd: float) -> Self:
        """Make the prior of tau from parameters published for log(tau squared).

        Parameters
        ----------
        mean, sd : float
            Mean and SD of log(tau squared); log(tau) is half of it, so both are halved.

        Returns
        -------
        LogNormal
            Of tau.

        Examples
        --------
        >>> print(LogNormal.on_tau2(-2.14, 1.74))
        LogNormal(-1.07, 0.87)
        """
        given = cls(mean, sd)
        return cls(given.meanlog / 2.0, given.sdlog / 2.0)

    @property
    def mean(self) -> float:
        """exp(meanlog + sdlog**2 / 2); infinite where that exceeds the largest double."""
        return _exp(self.meanlog + 0.5 * self.sdlog * self.sdlog)

    @property
    def sd(self) -> float:
        """Mean * sqrt(exp(sdlog**2) - 1); infinite where that exceeds the largest double."""
        with np.errstate(over="ignore"):
            relative = float(np.sqrt(np.expm1(np.square(self.sdlog))))
        return self.mean * relative

    @property
    def support(self) -> tuple[float, float]:
        """Above 0."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Infinite: heavier than exponential, yet lighter than every power."""
        return math.inf

    @property
    def _label(self) -> str:
        """``"log-normal(-1.07, 0.87)"``."""
        return f"log-normal({short_number(self.meanlog)}, {short_number(self.sdlog)})"

    def _z(self, x: FloatArray) -> FloatArray:
        return (np.log(x) - self.meanlog) / self.sdlog

    def _logpdf(self, x: FloatArray) -> FloatArray:
        constant = 0.5 * math.log(2.0 * math.pi) + math.log(self.sdlog)
        return -0.5 * np.square(self._z(x)) - np.log(x) - constant

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr(self._z(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.ndtr(-self._z(x))

    def _ppf(self, p: FloatArray) -> FloatArray:
        return np.exp(self.meanlog + self.sdlog * special.ndtri(p))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return np.exp(rng.normal(self.meanlog, self.sdlog, size))

    def _scaled(self, factor: float) -> Self:
        return type(self)(self.meanlog + math.log(factor), self.sdlog)


@dataclass(frozen=True, slots=True)
class LogStudentT(Prior):
    r"""Log-t distribution: log x ~ StudentT(location, scale, df).

    Parameters
    ----------
    location : float
        Centre of log x, finite.
    scale : float
        Scale (not the SD) of log x, finite and above 0.
    df : float
        Degrees of freedom, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = t_\nu(z) / (x s)` for x > 0 with :math:`z = (\log x - l)/s`. Its upper tail,
    :math:`x^{-1} (\log x)^{-\nu-1}`, is the heaviest of all families here: it has no mean and no SD (NaN),
    and extreme quantiles can exceed the largest double (``inf``). The density also grows without bound as x
    falls to 0, where it is :math:`x^{-1} |\log x|^{-\nu-1}` and still integrable; at x = 0 itself, outside
    the open support, it is taken as 0. Priors published for the variance tau squared are made with `on_tau2`.

    References
    ----------
    Rhodes KM, Turner RM, Higgins JPT (2015). Predictive distributions were developed for the
    extent of heterogeneity in meta-analyses of continuous outcome data. Journal of Clinical Epidemiology
    68:52-60. doi:10.1016/j.jclinepi.2014.08.012

    Examples
    --------
    Rhodes' distribution of tau squared for any setting, t(-3.44, 2.59, 5 df) on the log scale:

    >>> prior = LogStudentT.on_tau2(-3.44, 2.59, 5)
    >>> print(prior)
    LogStudentT(-1.72, 1.295, 5)
    >>> round(prior.ppf(0.5) ** 2, 3)  # median of tau squared
    0.032
    """

    location: float
    scale: float
    df: float

    _rules: ClassVar[Mapping[str, Rule]] = {"location": FINITE, "scale": POSITIVE, "df": POSITIVE}
    _edges_have_density: ClassVar[bool] = False

    @classmethod
    def on_tau2(cls, location: float, scale: float, df: float) -> Self:
        """Make the prior of tau from parameters published for log(tau squared).

        Parameters
        ----------
        location, scale : float
            Location and scale of log(tau squared); log(tau) is half of it, so both are halved.
        df : float
            Degrees of freedom; they stay.

        Returns
        -------
        LogStudentT
            Of tau.
        """
        given = cls(location, scale, df)
        return cls(given.location / 2.0, given.scale / 2.0, given.df)

    @property
    def mean(self) -> float:
        """NaN: it does not exist."""
        return math.nan

    @property
    def sd(self) -> float:
        """NaN: it does not exist."""
        return math.nan

    @property
    def support(self) -> tuple[float, float]:
        """Above 0."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """1; what makes the density integrable is the power of the logarithm beside it."""
        return 1.0

    @property
    def _label(self) -> str:
        """``"log-t(-1.72, 1.295, df 5)"``."""
        centre, scale, df = (short_number(value) for value in (self.location, self.scale, self.df))
        return f"log-t({centre}, {scale}, df {df})"

    def _z(self, x: FloatArray) -> FloatArray:
        return (np.log(x) - self.location) / self.scale

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return student.log_density(self._z(x), self.df) - np.log(x) - math.log(self.scale)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return student.cdf(self._z(x), self.df)

    def _sf(self, x: FloatArray) -> FloatArray:
        return student.cdf(-self._z(x), self.df)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return np.exp(self.location + self.scale * student.quantile(p, self.df))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return np.exp(self.location + self.scale * rng.standard_t(self.df, size))

    def _scaled(self, factor: float) -> Self:
        return type(self)(self.location + math.log(factor), self.scale, self.df)


def _exp(power: float) -> float:
    """Exponential that overflows to infinity instead of raising."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.exp(power))
