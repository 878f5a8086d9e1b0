"""Exponential and inverse-gamma priors on positive values, for the between-study SD tau."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from mutau.priors.base import POSITIVE, Prior, Rule, format_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mutau.priors.base import FloatArray

__all__ = ["Exponential", "InverseGamma"]


@dataclass(frozen=True, slots=True)
class Exponential(Prior):
    r"""Exponential distribution. The argument is the rate (1 / mean), not the scale.

    Parameters
    ----------
    rate : float
        Finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        The rate breaks its rule.

    Notes
    -----
    :math:`p(x) = \lambda e^{-\lambda x}` for :math:`x \ge 0`. Mean and SD are both 1 / rate.

    References
    ----------
    Röver C (2020). Bayesian random-effects meta-analysis using the bayesmeta R package. Journal of
    Statistical Software 93(6). doi:10.18637/jss.v093.i06

    Examples
    --------
    >>> round(Exponential(2).ppf(0.5), 4)  # log(2) / rate
    0.3466
    """

    rate: float

    _rules: ClassVar[Mapping[str, Rule]] = {"rate": POSITIVE}

    @property
    def mean(self) -> float:
        """1 / rate."""
        return 1.0 / self.rate

    @property
    def sd(self) -> float:
        """1 / rate."""
        return 1.0 / self.rate

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
        """``"exponential(2)"``."""
        return f"exponential({format_number(self.rate)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        return math.log(self.rate) - self.rate * x

    def _cdf(self, x: FloatArray) -> FloatArray:
        return -np.expm1(-self.rate * x)

    def _sf(self, x: FloatArray) -> FloatArray:
        return np.exp(-self.rate * x)

    def _ppf(self, p: FloatArray) -> FloatArray:
        return -np.log1p(-p) / self.rate

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return rng.standard_exponential(size) / self.rate

    def _scaled(self, factor: float) -> Self:
        return type(self)(self.rate / factor)


@dataclass(frozen=True, slots=True)
class InverseGamma(Prior):
    r"""Inverse-gamma distribution, of tau itself (not of tau squared).

    Parameters
    ----------
    shape : float
        Finite and above 0.
    scale : float
        Finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = \frac{\beta^\alpha}{\Gamma(\alpha)} x^{-\alpha-1} e^{-\beta/x}` for x > 0 (at 0 the
    density is taken as 0, its limit). The mean :math:`\beta/(\alpha - 1)` is NaN for shape of 1 or less, the
    SD for shape of 2 or less. It keeps tau away from 0, so it describes heterogeneity where there is some.

    References
    ----------
    Bartoš F, Gronau QF, Timmers B, Otte WM, Ly A, Wagenmakers E-J (2021). Bayesian model-averaged
    meta-analysis in medicine. Statistics in Medicine 40:6743-6761. doi:10.1002/sim.9170

    Examples
    --------
    The prior 1.73, 0.46 printed there for acute respiratory infections:

    >>> round(InverseGamma(1.73, 0.46).mean, 2)
    0.63
    """

    shape: float
    scale: float

    _rules: ClassVar[Mapping[str, Rule]] = {"shape": POSITIVE, "scale": POSITIVE}
    _edges_have_density: ClassVar[bool] = False

    @property
    def mean(self) -> float:
        """Scale / (shape - 1); NaN for shape of 1 or less."""
        return self.scale / (self.shape - 1.0) if self.shape > 1 else math.nan

    @property
    def sd(self) -> float:
        """Mean / sqrt(shape - 2); NaN for shape of 2 or less."""
        return self.mean / math.sqrt(self.shape - 2.0) if self.shape > 2 else math.nan

    @property
    def support(self) -> tuple[float, float]:
        """Above 0."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Shape + 1."""
        return self.shape + 1.0

    @property
    def _label(self) -> str:
        """``"inverse-gamma(1, 0.15)"``."""
        return f"inverse-gamma({format_number(self.shape)}, {format_number(self.scale)})"

    def _logpdf(self, x: FloatArray) -> FloatArray:
        u = self.scale / x
        return self.shape * np.log(u) - u - np.log(x) - special.gammaln(self.shape)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.gammaincc(self.shape, self.scale / x)

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.gammainc(self.shape, self.scale / x)

    def _ppf(self, p: FloatArray) -> FloatArray:
        lower = special.gammainccinv(self.shape, p)
        return self.scale / np.where(p < 0.5, lower, special.gammaincinv(self.shape, 1.0 - p))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return self.scale / rng.standard_gamma(self.shape, size)

    def _scaled(self, factor: float) -> Self:
        return type(self)(self.shape, factor * self.scale)
