"""Finite mixtures of normal distributions, for the mean effect mu."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
from scipy import special

from mutau.errors import Fault
from mutau.priors.base import FINITE, POSITIVE, Prior, Rule
from mutau.priors.mixing import mixture_quantile, shares, weight_faults
from mutau.priors.writing import short_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mutau.priors.base import FloatArray

__all__ = ["NormalMixture"]

_LOG_SQRT_2PI = 0.5 * math.log(2.0 * math.pi)


@dataclass(frozen=True, slots=True)
class NormalMixture(Prior):
    r"""Finite mixture of normal distributions: several sources of opinion, or one with a robust part.

    Parameters
    ----------
    weights : tuple of float
        Probability of each component, above 0. They must sum to 1 within 0.00001; what rounding leaves is divided
        out.
    means : tuple of float
        Mean of each component, finite, on the analysis scale (log for ratios).
    sds : tuple of float
        Standard deviation (never the variance) of each component, finite and above 0.

    Raises
    ------
    mutau.errors.ArgumentError
        A parameter breaks its rule, or the three are not of one length; every fault is named.

    Notes
    -----
    :math:`p(x) = \sum_j w_j \phi((x - m_j)/s_j)/s_j`. The quantile has no closed form: it lies between the least and
    the largest quantile of the components, and is found there as a root, of :math:`\log P(X \le x)` in the lower half
    and of :math:`\log P(X > x)` in the upper one.

    References
    ----------
    Schmidli H, Gsteiger S, Roychoudhury S, O'Hagan A, Spiegelhalter D, Neuenschwander B (2014). Robust
    meta-analytic-predictive priors in clinical trials with historical control information. Biometrics
    70:1023-1032. doi:10.1111/biom.12242

    Examples
    --------
    An informative prior with a tenth of its weight on a vague one:

    >>> prior = NormalMixture(weights=(0.9, 0.1), means=(0.5, 0), sds=(0.2, 2.82))
    >>> prior.label
    '0.9 normal(0.5, 0.2) + 0.1 normal(0, 2.82)'
    >>> round(prior.mean, 2), round(prior.sd, 3)
    (0.45, 0.924)
    """

    weights: tuple[float, ...]
    means: tuple[float, ...]
    sds: tuple[float, ...]

    _rules: ClassVar[Mapping[str, Rule]] = {"weights": POSITIVE, "means": FINITE, "sds": POSITIVE}
    _vectors: ClassVar[frozenset[str]] = frozenset({"weights", "means", "sds"})
    _mirrors: ClassVar[bool] = True

    def _joint_faults(self) -> Sequence[Fault]:
        lengths = [len(values) for values in (self.weights, self.means, self.sds)]
        if len(set(lengths)) > 1:
            what = "NormalMixture: {} weights, {} means, {} sds".format(*lengths)
            rule = "Each component has one weight, one mean and one standard deviation"
            return (Fault(what, rule, "Give as many of each"),)
        return weight_faults("NormalMixture", self.weights)

    @property
    def shares(self) -> FloatArray:
        """The weights, divided by their sum, shape (components,)."""
        return shares(self.weights)

    @property
    def mean(self) -> float:
        """Weighted mean of the components' means."""
        return math.fsum(self.shares * np.asarray(self.means))

    @property
    def sd(self) -> float:
        """Root of the weighted mean of sds**2 + (means - mean)**2."""
        squares = np.square(self.sds) + np.square(np.asarray(self.means) - self.mean)
        return math.sqrt(math.fsum(self.shares * squares))

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
        """``"0.9 normal(0.5, 0.2) + 0.1 normal(0, 2.82)"``."""
        components = zip(*self.parameters.values(), strict=True)
        texts = (tuple(map(short_number, component)) for component in components)
        return " + ".join(f"{weight} normal({mean}, {sd})" for weight, mean, sd in texts)

    def _z(self, x: FloatArray) -> FloatArray:
        """Standardised under each component, which are the last axis."""
        z: FloatArray = (x[..., None] - np.asarray(self.means)) / np.asarray(self.sds)
        return z

    def _logpdf(self, x: FloatArray) -> FloatArray:
        constants = np.log(self.shares) - np.log(self.sds) - _LOG_SQRT_2PI
        log_density: FloatArray = np.logaddexp.reduce(constants - 0.5 * np.square(self._z(x)), axis=-1)
        return log_density

    def _cdf(self, x: FloatArray) -> FloatArray:
        return special.ndtr(self._z(x)) @ self.shares

    def _sf(self, x: FloatArray) -> FloatArray:
        return special.ndtr(-self._z(x)) @ self.shares

    def _ppf(self, p: FloatArray) -> FloatArray:
        roots = [self._quantile(float(each)) if 0.0 < each < 1.0 else math.nan for each in np.ravel(p)]
        return np.asarray(roots, dtype=np.float64).reshape(np.shape(p))

    def _quantile(self, p: float) -> float:
        ends = np.asarray(self.means) + np.asarray(self.sds) * special.ndtri(p)

        def tail(x: float, side: float) -> float:
            return float(special.ndtr(side * self._z(np.asarray([x]))[0]) @ self.shares)

        low, high = float(ends.min()), float(ends.max())
        return mixture_quantile(p, low, high, lambda x: tail(x, 1.0), lambda x: tail(x, -1.0))

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        chosen = rng.choice(len(self.weights), size=size, p=self.shares)
        draws: FloatArray = rng.normal(np.asarray(self.means)[chosen], np.asarray(self.sds)[chosen])
        return draws

    def _scaled(self, factor: float) -> Self:
        means = tuple(factor * mean for mean in self.means)
        return type(self)(self.weights, means, tuple(abs(factor) * sd for sd in self.sds))
