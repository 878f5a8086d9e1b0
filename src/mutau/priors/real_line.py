"""Priors on the whole real line, for the mean effect mu."""

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

__all__ = ["Cauchy", "Flat", "Normal", "StudentT"]

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class Normal(Prior):
    r"""Normal distribution. The second argument is the standard deviation, never the variance.

    Parameters
    ----------
    mean : float
        Mean, finite, on the analysis scale (log for ratios).
    sd : float
        Standard deviation, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = \exp(-z^2/2) / (\sigma\sqrt{2\pi})` with :math:`z = (x - m)/\sigma`. Mean and SD are
    parameters.

    References
    ----------
    Günhan BK, Röver C, Friede T (2020). Random-effects meta-analysis of few studies involving rare
    events. Research Synthesis Methods 11:74-90. doi:10.1002/jrsm.1370

    Examples
    --------
    The SD of 2.82 holds the odds ratio between 1/250 and 250 with 95% probability (Günhan et al.
    2020, abstract):

    >>> Normal(0, 2.82).cdf(math.log(250)) - Normal(0, 2.82).cdf(-math.log(250))
    0.94976...
    """

    mean: float
    sd: float

    _rules: ClassVar[Mapping[str, Rule]] = {"mean": FINITE, "sd": POSITIVE}
    _mirrors: ClassVar[bool] = True

    @property
    def support(self) -> tuple[float, float]:
        """The whole real line."""
        return (-math.inf, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Infinite: lighter than every power."""
        return math.inf

    @property
    def _label(self) -> str:
        """``"normal(0, 2.82)"``."""
        return f"normal({short_number(self.mean)}, {short_number(self.sd)})"

    def _z(self, x: FloatArray) -> FloatArray:
        return (x - self.mean) / self.sd

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return -0.5 * np.square(self._z(x)) - _LOG_SQRT_2PI - math.log(self.sd)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr(self._z(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.ndtr(-self._z(x))

    def _ppf(self, p: FloatArray) -> FloatArray:
        return self.mean + self.sd * special.ndtri(p)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return rng.normal(self.mean, self.sd, size)

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.mean, abs(factor) * self.sd)


@dataclass(frozen=True, slots=True)
class StudentT(Prior):
    r"""Student t distribution with location and scale. The scale is not the standard deviation.

    Parameters
    ----------
    location : float
        Centre, finite.
    scale : float
        Finite and above 0.
    df : float
        Degrees of freedom, finite and above 0; need not be whole.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = \frac{\Gamma((\nu+1)/2)}{\Gamma(\nu/2)\sqrt{\nu\pi}\,s}(1 + z^2/\nu)^{-(\nu+1)/2}` with
    :math:`z = (x - l)/s`. The mean is NaN for df of 1 or less, the SD for df of 2 or less.

    References
    ----------
    Bartoš F, Gronau QF, Timmers B, Otte WM, Ly A, Wagenmakers E-J (2021). Bayesian model-averaged
    meta-analysis in medicine. Statistics in Medicine 40:6743-6761. doi:10.1002/sim.9170 (published priors of
    this family)

    Examples
    --------
    The 97.5% point of t with 4 degrees of freedom, 2.776 in every printed table:

    >>> round(StudentT(0, 1, 4).ppf(0.975), 3)
    2.776
    """

    location: float
    scale: float
    df: float

    _rules: ClassVar[Mapping[str, Rule]] = {"location": FINITE, "scale": POSITIVE, "df": POSITIVE}
    _mirrors: ClassVar[bool] = True

    @property
    def mean(self) -> float:
        """The location; NaN for df of 1 or less."""
        return self.location if self.df > 1 else math.nan

    @property
    def sd(self) -> float:
        """Scale * sqrt(df / (df - 2)); NaN for df of 2 or less."""
        return self.scale * math.sqrt(self.df / (self.df - 2)) if self.df > 2 else math.nan

    @property
    def support(self) -> tuple[float, float]:
        """The whole real line."""
        return (-math.inf, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Df + 1."""
        return self.df + 1.0

    @property
    def _label(self) -> str:
        """``"t(0, 1, df 4)"``."""
        centre, scale, df = (short_number(value) for value in (self.location, self.scale, self.df))
        return f"t({centre}, {scale}, df {df})"

    def _z(self, x: FloatArray) -> FloatArray:
        return (x - self.location) / self.scale

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return student.log_density(self._z(x), self.df) - math.log(self.scale)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return student.cdf(self._z(x), self.df)

    def _sf(self, x: FloatArray) -> FloatArray:
        return student.cdf(-self._z(x), self.df)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return self.location + self.scale * student.quantile(p, self.df)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return self.location + self.scale * rng.standard_t(self.df, size)

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.location, abs(factor) * self.scale, self.df)


@dataclass(frozen=True, slots=True)
class Cauchy(Prior):
    r"""Cauchy distribution: Student t with one degree of freedom.

    Parameters
    ----------
    location : float
        Median, finite.
    scale : float
        Half the distance between the quartiles, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = 1 / (\pi s (1 + z^2))` with :math:`z = (x - l)/s`. It has neither mean nor SD (NaN).
    Both tails come from the two-argument arctangent, which loses no digits.

    References
    ----------
    Gronau QF, van Erp S, Heck DW, Cesario J, Jonas KJ, Wagenmakers E-J (2017). A Bayesian
    model-averaged meta-analysis of the power pose effect. Comprehensive Results in Social Psychology
    2:123-138. doi:10.1080/23743603.2017.1326760

    Examples
    --------
    >>> Cauchy(0, 0.5).sf(0.5)  # the upper quartile is location + scale
    0.25
    """

    location: float
    scale: float

    _rules: ClassVar[Mapping[str, Rule]] = {"location": FINITE, "scale": POSITIVE}
    _mirrors: ClassVar[bool] = True

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
        """The whole real line."""
        return (-math.inf, math.inf)

    @property
    def tail_exponent(self) -> float:
        """2."""
        return 2.0

    @property
    def _label(self) -> str:
        """``"Cauchy(0, 1)"``."""
        return f"Cauchy({short_number(self.location)}, {short_number(self.scale)})"

    def _z(self, x: FloatArray) -> FloatArray:
        return (x - self.location) / self.scale

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return -math.log(math.pi) - math.log(self.scale) - student.log1p_square(self._z(x))

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.arctan2(1.0, -self._z(x)) / math.pi

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.arctan2(1.0, self._z(x)) / math.pi

    def _ppf(self, p: FloatArray) -> FloatArray:
        tail = np.minimum(p, 1.0 - p)
        far = np.copysign(1.0 / np.tan(math.pi * tail), p - 0.5)
        return self.location + self.scale * np.where(tail < 0.25, far, np.tan(math.pi * (p - 0.5)))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return self.location + self.scale * rng.standard_cauchy(size)

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.location, abs(factor) * self.scale)


@dataclass(frozen=True, slots=True)
class Flat(Prior):
    r"""Improper uniform prior on the whole real line: every value equally likely.

    Notes
    -----
    The log density is 0 everywhere, which fixes the arbitrary constant. It is no probability
    distribution: ``cdf``, ``sf``, ``ppf`` and ``sample`` raise; `mean` and `sd` are NaN. A flat mu still
    gives a proper posterior where `mutau.priors.posterior_is_proper` says so. For tau write ``Uniform(0,
    inf)``.

    References
    ----------
    Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1:515-534. doi:10.1214/06-BA117A

    Examples
    --------
    >>> Flat().logpdf(12.5), Flat().is_proper
    (0.0, False)
    """

    _mirrors: ClassVar[bool] = True

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
        """The whole real line."""
        return (-math.inf, math.inf)

    @property
    def tail_exponent(self) -> float:
        """0: the density does not fall."""
        return 0.0

    @property
    def is_proper(self) -> bool:
        """False."""
        return False

    @property
    def _label(self) -> str:
        """``"flat"``."""
        return "flat"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return np.zeros_like(x)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.full_like(x, np.nan)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.full_like(x, np.nan)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return np.full_like(p, np.nan)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:  # noqa: ARG002
        return np.full(size, np.nan)

    def _scaled(self, factor: float) -> Self:  # noqa: ARG002
        return self
