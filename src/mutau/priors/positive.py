"""Exponential and inverse-gamma priors on positive values, for the between-study SD tau."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from mutau.priors.base import POSITIVE, Prior, Rule
from mutau.priors.writing import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mutau.priors.base import FloatArray

__all__ = ["Exponential", "InverseGamma", "RootInverseGamma"]


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
        return f"exponential({short_number(self.rate)})"

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
    SD for shape of 2 or less. It keeps tau away from 0, so it describes heterogeneity where there is some. A prior
    stated for tau squared is made with `on_tau2`.

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

    @staticmethod
    def on_tau2(shape: float, scale: float) -> RootInverseGamma:
        """Make the prior of tau from an inverse-gamma prior stated for tau squared.

        Parameters
        ----------
        shape, scale : float
            Of tau squared; equally, shape and rate of a gamma prior of the precision 1 / tau squared.

        Returns
        -------
        RootInverseGamma
            Of tau.
        """
        return RootInverseGamma(shape, scale)

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
        return f"inverse-gamma({short_number(self.shape)}, {short_number(self.scale)})"

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


@dataclass(frozen=True, slots=True)
class RootInverseGamma(Prior):
    r"""What tau is where tau squared is inverse-gamma: ``InverseGamma.on_tau2(shape, scale)``.

    Parameters
    ----------
    shape, scale : float
        Of tau squared, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule; every fault is named.

    Notes
    -----
    :math:`p(x) = \frac{2\beta^\alpha}{\Gamma(\alpha)} x^{-2\alpha-1} e^{-\beta/x^2}` for x > 0 (at 0 the density is
    taken as 0, its limit). The mean is :math:`\sqrt\beta\,\Gamma(\alpha - 1/2)/\Gamma(\alpha)` for shape above 1/2,
    the mean square :math:`\beta/(\alpha - 1)` for shape above 1; NaN otherwise. With shape and scale of 0.001 or so
    it is no vague prior: it all but decides how small tau can be [1]_.

    References
    ----------
    .. [1] Lambert PC, Sutton AJ, Burton PR, Abrams KR, Jones DR (2005). How vague is vague? A simulation study of the
       impact of the use of vague prior distributions in MCMC using WinBUGS. Statistics in Medicine 24:2401-2428.
       doi:10.1002/sim.2112

    Examples
    --------
    The inverse of tau squared is gamma, with shape 1 exponential:

    >>> prior = InverseGamma.on_tau2(1, 0.5)
    >>> round(prior.cdf(0.5), 6), round(math.exp(-0.5 / 0.5**2), 6)
    (0.135335, 0.135335)
    """

    shape: float
    scale: float

    _rules: ClassVar[Mapping[str, Rule]] = {"shape": POSITIVE, "scale": POSITIVE}
    _edges_have_density: ClassVar[bool] = False

    @property
    def mean(self) -> float:
        """Sqrt(scale) * gamma(shape - 1/2) / gamma(shape); NaN for shape of 1/2 or less."""
        if self.shape <= 0.5:
            return math.nan
        return math.sqrt(self.scale) * math.exp(math.lgamma(self.shape - 0.5) - math.lgamma(self.shape))

    @property
    def sd(self) -> float:
        """Sqrt(scale / (shape - 1) - mean**2); NaN for shape of 1 or less."""
        if self.shape <= 1:
            return math.nan
        return math.sqrt(max(self.scale / (self.shape - 1.0) - self.mean**2, 0.0))

    @property
    def support(self) -> tuple[float, float]:
        """Above 0."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """Twice the shape, + 1."""
        return 2.0 * self.shape + 1.0

    @property
    def _label(self) -> str:
        """``"root of inverse-gamma(1, 0.15)"``."""
        return f"root of inverse-gamma({short_number(self.shape)}, {short_number(self.scale)})"

    @property
    def _square(self) -> InverseGamma:
        return InverseGamma(self.shape, self.scale)

    def _logpdf(self, x: FloatArray) -> FloatArray:
        log_x = np.log(x)
        constant = math.log(2.0) + self.shape * math.log(self.scale) - math.lgamma(self.shape)
        return constant - (2.0 * self.shape + 1.0) * log_x - self.scale / np.square(x)

    def _cdf(self, x: FloatArray) -> FloatArray:
        return self._square._cdf(np.square(x))

    def _sf(self, x: FloatArray) -> FloatArray:
        return self._square._sf(np.square(x))

    def _ppf(self, p: FloatArray) -> FloatArray:
        return np.sqrt(self._square._ppf(p))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        return np.sqrt(self._square._sample(rng, size))

    def _scaled(self, factor: float) -> Self:
        return type(self)(self.shape, self.scale * factor * factor)
