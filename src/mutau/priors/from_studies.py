"""Priors of tau that are made from the studies' own standard errors: the "objective" or "non-informative" ones.

They are stated without numbers, ``Jeffreys()``, and made concrete by the standard errors of the studies at hand:
``Jeffreys().given(sei)``. `mutau.fit` and `mutau.exact.normal` do that by themselves, and record what they used.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from mutau.errors import ArgumentError, Fault
from mutau.priors.base import POSITIVE, Prior, Rule
from mutau.priors.writing import format_number, format_parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from mutau.priors.base import FloatArray

__all__ = [
    "FROM_STUDIES",
    "BergerDeely",
    "DuMouchel",
    "Jeffreys",
    "StudyErrorPrior",
    "UniformI2",
    "UniformShrinkage",
]


@dataclass(frozen=True, slots=True)
class StudyErrorPrior(Prior):
    """A prior of tau whose density is a function of the studies' standard errors.

    Not made directly: make `Jeffreys`, `BergerDeely`, `DuMouchel`, `UniformShrinkage` or `UniformI2`.

    Parameters
    ----------
    sei : tuple of float
        Standard errors, analysis scale, each above 0; empty until they are `given`.
    times : float
        What the standard errors are multiplied by before they enter: 2 gives the prior of twice tau.
    """

    sei: tuple[float, ...] = ()
    times: float = 1.0

    _rules: ClassVar[Mapping[str, Rule]] = {"sei": POSITIVE, "times": POSITIVE}
    _vectors: ClassVar[frozenset[str]] = frozenset({"sei"})
    _may_be_empty: ClassVar[frozenset[str]] = frozenset({"sei"})

    @property
    def is_pending(self) -> bool:
        """Whether the standard errors are still to be given."""
        return not self.sei

    def given(self, sei: ArrayLike) -> Self:
        """Give the prior for these studies; one that has its standard errors already keeps them.

        Parameters
        ----------
        sei : array_like, shape (k,)
            Their standard errors, analysis scale.

        Returns
        -------
        Prior

        Raises
        ------
        mutau.errors.ArgumentError
            A standard error is not a finite number above 0, or there are too few.
        """
        return (
            replace(self, sei=tuple(np.asarray(sei, dtype=np.float64).ravel())) if self.is_pending else self
        )

    @property
    def errors(self) -> FloatArray:
        """What enters the kernel's formula: standard errors, or the one scale made from them, times `times`."""
        if self.is_pending:
            what, rule = f"{self} has no standard errors yet", "Its density is made from those of the studies"
            raise ArgumentError(
                Fault(what, rule, "Call .given(sei) on it, or let mutau.fit or mutau.exact.normal do so")
            )
        return self.times * self._scales(np.asarray(self.sei))

    @property
    @abstractmethod
    def formula(self) -> tuple[str, float, float, float, float]:
        """``"product"`` or ``"sum"``, then degree, amount, power and constant of the log density.

        product: constant - power log tau - amount sum log(s**degree + tau**degree);
        sum: constant + log(sum (tau / (s**2 + tau**2))**2) / 2.
        """

    def _scales(self, sei: FloatArray) -> FloatArray:
        return sei

    @property
    def support(self) -> tuple[float, float]:
        """0 and above."""
        return (0.0, math.inf)

    @property
    def mean(self) -> float:
        """NaN: it does not exist."""
        return math.nan

    @property
    def sd(self) -> float:
        """NaN: it does not exist."""
        return math.nan

    def __str__(self) -> str:
        parts = [f"sei={format_parameter(self.sei)}"] if self.sei else []
        parts += [f"times={format_number(self.times)}"] if self.times != 1 else []
        return f"{self.family}({', '.join(parts)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        form, degree, amount, power, constant = self.formula
        log_x = np.log(x)
        each = np.logaddexp(degree * np.log(self.errors), degree * log_x[..., None])
        if form == "sum":
            value: FloatArray = constant + 0.5 * special.logsumexp(2.0 * (log_x[..., None] - each), axis=-1)
        else:
            value = constant - power * log_x - amount * np.sum(each, axis=-1)
        return np.where(x == 0.0, self._at_zero, value)

    @property
    def _at_zero(self) -> float:
        """Log density at tau = 0."""
        return -math.inf

    def _cdf(self, x: FloatArray) -> FloatArray:
        raise NotImplementedError  # of an improper prior, which base.py refuses before it comes here

    def _sf(self, x: FloatArray) -> FloatArray:
        raise NotImplementedError  # likewise

    def _ppf(self, p: FloatArray) -> FloatArray:
        raise NotImplementedError  # likewise

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return np.asarray(self._ppf(np.asarray(rng.random(size))))

    def _scaled(self, factor: float) -> Self:
        return replace(self, times=factor * self.times, origin=None)


@dataclass(frozen=True, slots=True)
class _Improper(StudyErrorPrior):
    """Falls like 1 / tau, which does not integrate."""

    @property
    def is_proper(self) -> bool:
        """False."""
        return False

    @property
    def tail_exponent(self) -> float:
        """1."""
        return 1.0


@dataclass(frozen=True, slots=True)
class Jeffreys(_Improper):
    r"""Jeffreys' prior of tau, which is also the Berger-Bernardo reference prior. Improper.

    Parameters
    ----------
    sei, times
        See `StudyErrorPrior`; left out until the studies are known.

    Notes
    -----
    :math:`p(\tau) \propto \sqrt{\sum_i (\tau / (\sigma_i^2 + \tau^2))^2}`: the root of tau's own element of the
    Fisher information, mu being held apart as a location [1]_ [2]_ [3]_. It vanishes like tau at 0, so it excludes
    tau = 0, and falls like 1 / tau, so it is improper. A proper posterior needs two studies with a flat mu and one
    with a proper one.

    References
    ----------
    .. [1] Tibshirani R (1989). Noninformative priors for one parameter of many. Biometrika 76:604-608.
       doi:10.1093/biomet/76.3.604
    .. [2] Bodnar O, Link A, Elster C (2016). Objective Bayesian inference for a generalized marginal random effects
       model. Bayesian Analysis 11:25-45. doi:10.1214/14-BA933
    .. [3] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> Jeffreys().is_proper, Jeffreys().is_pending
    (False, True)
    >>> prior = Jeffreys().given([0.3, 0.4])
    >>> print(prior)
    Jeffreys(sei=(0.3, 0.4))
    >>> round(prior.pdf(0.5), 4)  # sqrt((0.5 / 0.34)**2 + (0.5 / 0.41)**2)
    1.9105
    """

    @property
    def formula(self) -> tuple[str, float, float, float, float]:
        """The sum."""
        return "sum", 2.0, 0.5, 0.0, 0.0

    @property
    def _label(self) -> str:
        """``"Jeffreys (improper)"``."""
        return f"Jeffreys (improper{_multiple(self.times)})"


@dataclass(frozen=True, slots=True)
class BergerDeely(_Improper):
    r"""The prior of Berger and Deely: Jeffreys' with a geometric mean over studies. Improper.

    Parameters
    ----------
    sei, times
        See `StudyErrorPrior`; left out until the studies are known.

    Notes
    -----
    :math:`p(\tau) \propto \prod_i (\tau / (\sigma_i^2 + \tau^2))^{1/k}` [1]_ [2]_; equal to Jeffreys' prior, up to a
    constant, where all standard errors are equal.

    References
    ----------
    .. [1] Berger JO, Deely J (1988). A Bayesian approach to ranking and selection of related means with alternatives
       to analysis-of-variance methodology. Journal of the American Statistical Association 83:364-373.
       doi:10.1080/01621459.1988.10478606
    .. [2] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> equal = [0.4, 0.4]
    >>> ratio = BergerDeely().given(equal).pdf([0.1, 1.0]) / Jeffreys().given(equal).pdf([0.1, 1.0])
    >>> ratio.round(6)
    array([0.707107, 0.707107])
    """

    @property
    def formula(self) -> tuple[str, float, float, float, float]:
        """The product, to the power of 1 / k."""
        return "product", 2.0, 1.0 / len(self.errors), -1.0, 0.0

    @property
    def _label(self) -> str:
        """``"Berger-Deely (improper)"``."""
        return f"Berger-Deely (improper{_multiple(self.times)})"


@dataclass(frozen=True, slots=True)
class _OneScale(StudyErrorPrior):
    """Made from one scale, a mean of the standard errors."""

    _symbol: ClassVar[str] = "s0"
    _words: ClassVar[str] = ""

    @property
    def scale(self) -> float:
        """The scale: tau's median."""
        return float(self.errors[0])

    def _scales(self, sei: FloatArray) -> FloatArray:
        return np.sqrt(len(sei) / np.sum(sei**-2.0, keepdims=True))

    @property
    def _label(self) -> str:
        """``"DuMouchel (s0 0.634)"``."""
        if self.is_pending:
            return self._words if self.times == 1 else f"{self._words} ({_multiple(self.times).strip(', ')})"
        return f"{self._words} ({self._symbol} {self.scale:.3g})"


@dataclass(frozen=True, slots=True)
class DuMouchel(_OneScale):
    r"""DuMouchel's prior: uniform in s0 / (s0 + tau). Proper, with a very heavy tail.

    Parameters
    ----------
    sei, times
        See `StudyErrorPrior`; left out until the studies are known.

    Notes
    -----
    :math:`p(\tau) = s_0 / (s_0 + \tau)^2`, with :math:`s_0^2 = k / \sum \sigma_i^{-2}` the harmonic mean of the
    squared standard errors [1]_ [2]_. Its median is :math:`s_0`; it has a density at tau = 0, and no mean.

    References
    ----------
    .. [1] DuMouchel WH, Normand S-L (2000). Computer-modeling and graphical strategies for meta-analysis. In: Stangl
       DK, Berry DA (eds), Meta-Analysis in Medicine and Health Policy. Marcel Dekker, 127-178. Described in
       Spiegelhalter DJ, Abrams KR, Myles JP (2004), Bayesian Approaches to Clinical Trials and Health-Care
       Evaluation, section 5.7.3. doi:10.1002/0470092602
    .. [2] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> DuMouchel().given([0.4, 0.4]).ppf([0.5, 0.75]).round(6)
    array([0.4, 1.2])
    """

    _words: ClassVar[str] = "DuMouchel"

    @property
    def formula(self) -> tuple[str, float, float, float, float]:
        """(s0 + tau)**-2."""
        return "product", 1.0, 2.0, 0.0, math.log(self.scale)

    @property
    def tail_exponent(self) -> float:
        """2."""
        return 2.0

    @property
    def _at_zero(self) -> float:
        return -math.log(self.scale)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return x / (self.scale + x)

    def _sf(self, x: FloatArray) -> FloatArray:
        return self.scale / (self.scale + x)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return self.scale * p / (1.0 - p)


@dataclass(frozen=True, slots=True)
class UniformShrinkage(_OneScale):
    r"""The uniform shrinkage prior: uniform in s0^2 / (s0^2 + tau^2), the share of shrinkage. Proper.

    Parameters
    ----------
    sei, times
        See `StudyErrorPrior`; left out until the studies are known.

    Notes
    -----
    :math:`p(\tau) = 2 s_0^2 \tau / (s_0^2 + \tau^2)^2`, with :math:`s_0^2` the harmonic mean of the squared standard
    errors [1]_ [2]_. Its median is :math:`s_0` and its mean :math:`s_0\pi/2`; it has no SD, and vanishes at tau = 0.

    References
    ----------
    .. [1] Daniels MJ (1999). A prior for the variance in hierarchical models. Canadian Journal of Statistics
       27:567-578. doi:10.2307/3316112
    .. [2] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> prior = UniformShrinkage().given([0.4, 0.4])
    >>> prior.label, round(prior.cdf(0.4), 6), round(prior.cdf(0.8), 6)
    ('uniform shrinkage (s0 0.4)', 0.5, 0.8)
    """

    _words: ClassVar[str] = "uniform shrinkage"

    @property
    def formula(self) -> tuple[str, float, float, float, float]:
        """Tau (s0**2 + tau**2)**-2."""
        return "product", 2.0, 2.0, -1.0, math.log(2.0) + 2.0 * math.log(self.scale)

    @property
    def tail_exponent(self) -> float:
        """3."""
        return 3.0

    @property
    def mean(self) -> float:
        """Scale * pi / 2."""
        return 0.5 * math.pi * self.scale

    def _cdf(self, x: FloatArray) -> FloatArray:
        return 1.0 / (1.0 + (self.scale / x) ** 2)

    def _sf(self, x: FloatArray) -> FloatArray:
        return 1.0 / (1.0 + (x / self.scale) ** 2)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return self.scale * np.sqrt(p / (1.0 - p))


@dataclass(frozen=True, slots=True)
class UniformI2(UniformShrinkage):
    r"""Uniform in I^2, the share of heterogeneity in the variation between estimates. Proper; needs two studies.

    Parameters
    ----------
    sei, times
        See `StudyErrorPrior`; left out until the studies are known.

    Notes
    -----
    :math:`I^2 = \tau^2 / (\hat\sigma^2 + \tau^2)` with Higgins and Thompson's "typical" variance [1]_

    .. math:: \hat\sigma^2 = \frac{(k-1)\sum\sigma_i^{-2}}{(\sum\sigma_i^{-2})^2 - \sum\sigma_i^{-4}},

    so :math:`p(\tau) = 2\hat\sigma^2\tau / (\hat\sigma^2 + \tau^2)^2` [2]_: the uniform shrinkage prior with
    :math:`\hat\sigma` for :math:`s_0`.

    References
    ----------
    .. [1] Higgins JPT, Thompson SG (2002). Quantifying heterogeneity in a meta-analysis. Statistics in Medicine
       21:1539-1558. doi:10.1002/sim.1186
    .. [2] Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
       Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> UniformI2().given([0.3, 0.4, 0.5]).label
    'uniform in I2 (sigma 0.392)'
    """

    _words: ClassVar[str] = "uniform in I2"
    _symbol: ClassVar[str] = "sigma"

    def _joint_faults(self) -> tuple[Fault, ...]:
        if len(self.sei) != 1:
            return ()
        rule = "The typical variance behind I^2 is a mean over two studies or more"
        return (Fault("UniformI2: 1 standard error", rule, "Use UniformShrinkage, or a prior from outside"),)

    def _scales(self, sei: FloatArray) -> FloatArray:
        weights = (sei.min() / sei) ** 2  # relative, so that nothing overflows
        others = np.sum(weights) - weights
        typical = (len(sei) - 1) * np.sum(weights, keepdims=True) / np.sum(weights * others)
        return sei.min() * np.sqrt(typical)


def _multiple(times: float) -> str:
    return "" if times == 1 else f", of {format_number(times)} times the standard errors"


FROM_STUDIES = ("BergerDeely", "DuMouchel", "Jeffreys", "UniformI2", "UniformShrinkage")
"""Families of tau that are made from the studies' standard errors."""
