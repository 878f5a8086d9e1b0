"""Symmetric distributions folded at 0: half-normal, half-t and half-Cauchy, for the between-study SD tau."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from mutau.priors import student
from mutau.priors.base import POSITIVE, Prior, Rule
from mutau.priors.writing import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mutau.priors.base import FloatArray

__all__ = ["HalfCauchy", "HalfNormal", "HalfStudentT"]


@dataclass(frozen=True, slots=True)
class HalfNormal(Prior):
    r"""Half-normal distribution: the absolute value of a Normal(0, scale).

    Parameters
    ----------
    scale : float
        SD of the normal distribution that is folded (not of the half-normal), finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        The scale breaks its rule.

    Notes
    -----
    :math:`p(x) = \sqrt{2/\pi}\,\exp(-z^2/2)/s` for :math:`x \ge 0`, with :math:`z = x/s`. Its mean is
    :math:`s\sqrt{2/\pi}`, its SD :math:`s\sqrt{1 - 2/\pi}`, its median 0.674 s.

    References
    ----------
    Röver C, Bender R, Dias S, Schmid CH, Schmidli H, Sturtz S, Weber S, Friede T (2021). On weakly
    informative prior distributions for the heterogeneity parameter in Bayesian random-effects meta-analysis.
    Research Synthesis Methods 12:448-474. doi:10.1002/jrsm.1475

    Examples
    --------
    The quartiles of the standard normal, 0.6745 in every table, are the half-normal's median:

    >>> round(HalfNormal(1).ppf(0.5), 4)
    0.6745
    """

    scale: float

    _rules: ClassVar[Mapping[str, Rule]] = {"scale": POSITIVE}

    @property
    def mean(self) -> float:
        """Scale * sqrt(2 / pi)."""
        return self.scale * math.sqrt(2.0 / math.pi)

    @property
    def sd(self) -> float:
        """Scale * sqrt(1 - 2 / pi)."""
        return self.scale * math.sqrt(1.0 - 2.0 / math.pi)

    @property
    def support(self) -> tuple[float, float]:
        """0 and above."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Infinite: lighter than every power."""
        return math.inf

    @property
    def _label(self) -> str:
        """``"half-normal(0.5)"``."""
        return f"half-normal({short_number(self.scale)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return -0.5 * np.square(x / self.scale) + 0.5 * math.log(2.0 / math.pi) - math.log(self.scale)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.erf(x / self.scale / math.sqrt(2.0))

    def _sf(self, x: FloatArray) -> FloatArray:
        return 2.0 * special.ndtr(-x / self.scale)

    def _ppf(self, p: FloatArray) -> FloatArray:
        z = np.where(p < 0.5, math.sqrt(2.0) * special.erfinv(p), -special.ndtri(0.5 * (1.0 - p)))
        return self.scale * z

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return np.abs(rng.normal(0.0, self.scale, size))

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.scale)


@dataclass(frozen=True, slots=True)
class HalfStudentT(Prior):
    r"""Half-t distribution: the absolute value of a StudentT(0, scale, df).

    Parameters
    ----------
    scale : float
        Scale of the t distribution that is folded, finite and above 0.
    df : float
        Degrees of freedom, finite and above 0; need not be whole.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    Twice the t density on :math:`x \ge 0`. The mean is :math:`2s\sqrt{\nu/\pi}\,\Gamma((\nu+1)/2) /
    (\Gamma(\nu/2)(\nu - 1))`, NaN for df of 1 or less; the SD is NaN for df of 2 or less.

    References
    ----------
    Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1:515-534. doi:10.1214/06-BA117A

    Examples
    --------
    The 95% point is the two-sided 5% point of t with 4 degrees of freedom, 2.776 in every printed table:

    >>> round(HalfStudentT(1, 4).ppf(0.95), 3)
    2.776
    """

    scale: float
    df: float

    _rules: ClassVar[Mapping[str, Rule]] = {"scale": POSITIVE, "df": POSITIVE}

    @property
    def mean(self) -> float:
        """Mean; NaN for df of 1 or less."""
        if self.df <= 1:
            return math.nan
        ratio = math.exp(student.log_gamma_half_step(self.df / 2.0))
        return 2.0 * self.scale * math.sqrt(self.df / math.pi) * ratio / (self.df - 1.0)

    @property
    def sd(self) -> float:
        """Standard deviation; NaN for df of 2 or less."""
        if self.df <= 2:
            return math.nan
        standard_mean = self.mean / self.scale
        return self.scale * math.sqrt(self.df / (self.df - 2.0) - standard_mean**2)

    @property
    def support(self) -> tuple[float, float]:
        """0 and above."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Df + 1."""
        return self.df + 1.0

    @property
    def _label(self) -> str:
        """``"half-t(0.5, df 4)"``."""
        return f"half-t({short_number(self.scale)}, df {short_number(self.df)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return math.log(2.0) + student.log_density(x / self.scale, self.df) - math.log(self.scale)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return student.two_sided_cdf(x / self.scale, self.df)

    def _sf(self, x: FloatArray) -> FloatArray:
        return student.two_sided_sf(x / self.scale, self.df)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return self.scale * student.two_sided_quantile(p, 1.0 - p, self.df)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return self.scale * np.abs(rng.standard_t(self.df, size))

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.scale, self.df)


@dataclass(frozen=True, slots=True)
class HalfCauchy(Prior):
    r"""Half-Cauchy distribution: half-t with one degree of freedom.

    Parameters
    ----------
    scale : float
        The median, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        The scale breaks its rule.

    Notes
    -----
    :math:`p(x) = 2 / (\pi s (1 + z^2))` for :math:`x \ge 0`, with :math:`z = x/s`. It has neither mean
    nor SD (NaN).

    References
    ----------
    Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1:515-534. doi:10.1214/06-BA117A

    Examples
    --------
    >>> HalfCauchy(25).cdf(25)  # the scale is the median
    0.5
    """

    scale: float

    _rules: ClassVar[Mapping[str, Rule]] = {"scale": POSITIVE}

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
        """0 and above."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """2."""
        return 2.0

    @property
    def _label(self) -> str:
        """``"half-Cauchy(0.5)"``."""
        return f"half-Cauchy({short_number(self.scale)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return math.log(2.0 / math.pi) - math.log(self.scale) - student.log1p_square(x / self.scale)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.arctan(x / self.scale) / (math.pi / 2.0)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.arctan2(1.0, x / self.scale) / (math.pi / 2.0)

    def _ppf(self, p: FloatArray) -> FloatArray:
        half = math.pi / 2.0
        return self.scale * np.where(p < 0.5, np.tan(half * p), 1.0 / np.tan(half * (1.0 - p)))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return self.scale * np.abs(rng.standard_cauchy(size))

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.scale)
