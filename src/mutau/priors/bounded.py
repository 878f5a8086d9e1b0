"""Uniform priors, proper and improper, and all probability on one value."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np

from mutau.errors import Fault
from mutau.priors.base import FINITE, FINITE_OR_INF, Prior, Rule
from mutau.priors.writing import format_number, short_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mutau.priors.base import FloatArray

__all__ = ["PointMass", "Uniform"]


@dataclass(frozen=True, slots=True)
class Uniform(Prior):
    r"""Uniform distribution between two bounds; improper where the upper one is infinite.

    Parameters
    ----------
    lower, upper : float
        Bounds, `lower` below `upper`. For tau, ``Uniform(0, b)``; ``Uniform(0, inf)`` is the improper uniform
        prior.

    Raises
    ------
    mutau.errors.ArgumentError
        A bound is not a number, `lower` is not below `upper`, or the width exceeds the largest double.

    Notes
    -----
    :math:`p(x) = 1/(u - l)` on :math:`[l, u]`. With an infinite upper bound the log density is 0 on the
    support, there are no probabilities (``cdf``, ``sf``, ``ppf``, ``sample`` raise), and `mean` and `sd` are
    NaN.

    References
    ----------
    Gelman A (2006). Prior distributions for variance parameters in hierarchical models. Bayesian
    Analysis 1:515-534. doi:10.1214/06-BA117A

    Examples
    --------
    >>> Uniform(0, 4).cdf(1.0), Uniform(0, 4).mean
    (0.25, 2.0)
    """

    lower: float
    upper: float

    _rules: ClassVar[Mapping[str, Rule]] = {"lower": FINITE, "upper": FINITE_OR_INF}
    _mirrors: ClassVar[bool] = True

    def _joint_faults(self) -> Sequence[Fault]:
        what = f"Uniform: lower = {format_number(self.lower)}, upper = {format_number(self.upper)}"
        if not self.lower < self.upper:
            return (
                Fault(what, "lower must be below upper", "Give the smaller bound first, or PointMass(value)"),
            )
        if not self.is_proper and self.lower != 0:
            rule = "Only the uniform prior from 0 may be unbounded"
            return (Fault(what, rule, "Use Uniform(0, inf) for tau or Flat() for mu"),)
        if self.is_proper and not math.isfinite(self.upper - self.lower):
            return (Fault(what, "The width must not exceed the largest double", "Give narrower bounds"),)
        return ()

    @property
    def mean(self) -> float:
        """Middle of the bounds; NaN where improper."""
        return self.lower + 0.5 * (self.upper - self.lower) if self.is_proper else math.nan

    @property
    def sd(self) -> float:
        """Width / sqrt(12); NaN where improper."""
        return (self.upper - self.lower) / math.sqrt(12.0) if self.is_proper else math.nan

    @property
    def support(self) -> tuple[float, float]:
        """The bounds."""
        return (self.lower, self.upper)

    @property
    def tail_exponent(self) -> float:
        """Infinite where bounded, 0 where improper."""
        return math.inf if self.is_proper else 0.0

    @property
    def is_proper(self) -> bool:
        """Whether the upper bound is finite."""
        return math.isfinite(self.upper)

    @property
    def _label(self) -> str:
        """``"uniform(0, 4)"``."""
        return f"uniform({short_number(self.lower)}, {short_number(self.upper)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return np.full_like(x, -math.log(self.upper - self.lower) if self.is_proper else 0.0)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return (x - self.lower) / (self.upper - self.lower)

    def _sf(self, x: FloatArray) -> FloatArray:
        return (self.upper - x) / (self.upper - self.lower)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return np.clip(self.lower + p * (self.upper - self.lower), self.lower, self.upper)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return rng.uniform(self.lower, self.upper, size)

    def _scaled(self, factor: float) -> Self:
        return type(self)(*sorted((factor * self.lower, factor * self.upper)))


@dataclass(frozen=True, slots=True)
class PointMass(Prior):
    r"""All probability on one value: ``PointMass(0)`` for tau is the common-effect model.

    Parameters
    ----------
    value : float
        The value, finite.

    Raises
    ------
    mutau.errors.ArgumentError
        The value is not a finite number.

    Notes
    -----
    The density is the one with respect to a unit mass on the value: 1 there (log density 0), 0
    elsewhere. It must not be set beside densities of the other families, which are per unit of x. ``cdf``
    steps from 0 to 1 at the value, every quantile is the value, `mean` is the value and `sd` is 0.

    References
    ----------
    Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
    Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> PointMass(0).cdf(0.0), PointMass(0).sf(0.0), PointMass(0).ppf(0.5)
    (1.0, 0.0, 0.0)
    """

    value: float

    _rules: ClassVar[Mapping[str, Rule]] = {"value": FINITE}
    _mirrors: ClassVar[bool] = True

    def of(self, parameter: str) -> str:
        """Name it in a sentence: ``"the point mass of tau at 0"``."""
        return f"the point mass of {parameter} at {self.value:g}"

    @property
    def mean(self) -> float:
        """The value."""
        return self.value

    @property
    def sd(self) -> float:
        """0."""
        return 0.0

    @property
    def support(self) -> tuple[float, float]:
        """The value, twice."""
        return (self.value, self.value)

    @property
    def tail_exponent(self) -> float:
        """Infinite: there is no tail."""
        return math.inf

    @property
    def is_point(self) -> bool:
        """True."""
        return True

    @property
    def _label(self) -> str:
        """``"point mass at 0"``."""
        return f"point mass at {short_number(self.value)}"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return np.zeros_like(x)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return np.where(x >= self.value, 1.0, 0.0)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.where(x >= self.value, 0.0, 1.0)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return np.full_like(p, self.value)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:  # noqa: ARG002
        return np.full(size, self.value)

    def _scaled(self, factor: float) -> Self:
        return type(self)(factor * self.value)
