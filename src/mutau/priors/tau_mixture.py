"""Finite mixtures of distributions of positive values, for the between-study SD tau."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

from mutau.errors import ArgumentError, Fault
from mutau.priors.base import POSITIVE, Prior
from mutau.priors.half import HalfCauchy, HalfNormal, HalfStudentT
from mutau.priors.log_scale import LogNormal
from mutau.priors.mixing import mixture_quantile, shares, weight_faults
from mutau.priors.positive import Exponential, InverseGamma
from mutau.priors.writing import format_number, short_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from mutau.priors.base import FloatArray

__all__ = ["MIXED", "Mixture", "parts_of"]

MIXED = (HalfNormal, HalfStudentT, HalfCauchy, Exponential, LogNormal, InverseGamma)
"""Families whose members can be mixed."""


@dataclass(frozen=True, slots=True)
class Mixture(Prior):
    r"""Finite mixture of priors for tau: several sources, or one with a robust part.

    Parameters
    ----------
    weights : tuple of float
        Probability of each component, above 0. They must sum to 1 within 0.00001; what rounding leaves is divided
        out.
    components : tuple of Prior
        Two or more of `HalfNormal`, `HalfStudentT`, `HalfCauchy`, `Exponential`, `LogNormal`, `InverseGamma`,
        published ones among them.

    Raises
    ------
    mutau.errors.ArgumentError
        A weight or a component breaks its rule, or there are not as many of each; every fault is named.

    Notes
    -----
    :math:`p(\tau) = \sum_j w_j p_j(\tau)`. The posterior under it is the mixture of the posteriors under its
    components, with weights :math:`w_j p_j(y)` made to sum to 1: the data choose between the components by their
    marginal likelihoods. For mu there is `NormalMixture`.

    References
    ----------
    Schmidli H, Gsteiger S, Roychoudhury S, O'Hagan A, Spiegelhalter D, Neuenschwander B (2014). Robust
    meta-analytic-predictive priors in clinical trials with historical control information. Biometrics
    70:1023-1032. doi:10.1111/biom.12242

    Examples
    --------
    >>> prior = Mixture((0.8, 0.2), (HalfNormal(0.25), HalfNormal(1)))
    >>> prior.label
    '0.8 half-normal(0.25) + 0.2 half-normal(1)'
    >>> str(prior)
    '0.8 * HalfNormal(0.25) + 0.2 * HalfNormal(1)'
    >>> round(prior.ppf(0.5), 3), round(prior.ppf(0.95), 3)
    (0.204, 1.15)
    """

    weights: tuple[float, ...]
    components: tuple[Prior, ...]

    def __post_init__(self) -> None:
        faults = [*self._weight_faults(), *self._component_faults()]
        if not faults and len(self.weights) != len(self.components):
            what = f"Mixture: {len(self.weights)} weights, {len(self.components)} components"
            faults.append(Fault(what, "Each component has one weight", "Give as many of each"))
        if not faults:
            faults += weight_faults("Mixture", self.weights)
        if faults:
            raise ArgumentError(faults)
        object.__setattr__(self, "weights", tuple(map(float, self.weights)))
        object.__setattr__(self, "components", tuple(self.components))

    def _weight_faults(self) -> list[Fault]:
        given: object = self.weights
        entries = given if isinstance(given, tuple | list) else ()
        numbers = [each for each in entries if isinstance(each, int | float) and not isinstance(each, bool)]
        if entries and len(numbers) == len(entries) and all(map(POSITIVE.holds, numbers)):
            return []
        rule = f"weights must be a tuple, each entry {POSITIVE.text}"
        return [Fault(f"Mixture: weights = {given!r}", rule, "Give one for each component")]

    def _component_faults(self) -> list[Fault]:
        given: object = self.components
        entries = given if isinstance(given, tuple | list) else ()
        families = ", ".join(family.__name__ for family in MIXED)
        if len(entries) < 2:
            rule = f"components must be two or more priors of {families}"
            return [Fault(f"Mixture: components = {given!r}", rule, "Give one for each weight")]
        rule = f"A component of a mixture for tau is one of {families}"
        return [
            Fault(f"Mixture: component {each}", rule, "Use one of these")
            for each in entries
            if type(each) not in MIXED
        ]

    @property
    def shares(self) -> FloatArray:
        """The weights, divided by their sum, shape (components,)."""
        return shares(self.weights)

    @property
    def mean(self) -> float:
        """Weighted mean of the components' means; NaN where one has none."""
        return float(sum(w * each.mean for w, each in zip(self.shares, self.components, strict=True)))

    @property
    def sd(self) -> float:
        """Root of the weighted mean of sd**2 + (mean of the component - mean)**2."""
        parts = zip(self.shares, self.components, strict=True)
        return math.sqrt(sum(w * (each.sd**2 + (each.mean - self.mean) ** 2) for w, each in parts))

    @property
    def support(self) -> tuple[float, float]:
        """0 and above."""
        return (0.0, math.inf)

    @property
    def tail_exponent(self) -> float:
        """That of the component with the heaviest tail."""
        return min(each.tail_exponent for each in self.components)

    def for_measure(self, measure: str, *, across_scales: bool = False) -> Self:
        """Give the prior for an effect measure: each of its components, see `Prior.for_measure`."""
        crossed = tuple(each.for_measure(measure, across_scales=across_scales) for each in self.components)
        own = replace(self, components=crossed)
        return own if own.origin is None else replace(own, origin=own.origin.crossed(measure, across_scales))

    @property
    def _label(self) -> str:
        """``"0.8 half-normal(0.25) + 0.2 half-normal(1)"``."""
        parts = zip(self.weights, self.components, strict=True)
        return " + ".join(f"{short_number(weight)} {each.label}" for weight, each in parts)

    def __str__(self) -> str:
        parts = zip(self.weights, self.components, strict=True)
        return " + ".join(f"{format_number(weight)} * {each}" for weight, each in parts)

    def _mixed(self, ask: Callable[[Prior], FloatArray]) -> FloatArray:
        """Weighted sum of what each component answers."""
        each = zip(self.shares, self.components, strict=True)
        return np.asarray(sum(weight * ask(component) for weight, component in each))

    def _logpdf(self, x: FloatArray) -> FloatArray:
        logs = [np.asarray(each.logpdf(x)) for each in self.components]
        constants = np.log(self.shares).reshape(-1, *[1] * np.ndim(x))
        log_density: FloatArray = np.logaddexp.reduce(constants + np.stack(logs), axis=0)
        return log_density

    def _cdf(self, x: FloatArray) -> FloatArray:
        return self._mixed(lambda each: np.asarray(each.cdf(x)))

    def _sf(self, x: FloatArray) -> FloatArray:
        return self._mixed(lambda each: np.asarray(each.sf(x)))

    def _ppf(self, p: FloatArray) -> FloatArray:
        roots = [self._quantile(float(each)) if 0.0 < each < 1.0 else math.nan for each in np.ravel(p)]
        return np.asarray(roots, dtype=np.float64).reshape(np.shape(p))

    def _quantile(self, p: float) -> float:
        ends = [float(each.ppf(p)) for each in self.components]
        return mixture_quantile(p, min(ends), max(ends), self.cdf, self.sf)

    def _sample(self, rng: np.random.Generator, size: int | tuple[int, ...]) -> FloatArray:
        chosen = rng.choice(len(self.weights), size=size, p=self.shares)
        draws = np.stack([each.sample(rng, np.shape(chosen)) for each in self.components])
        return np.asarray(np.take_along_axis(draws, np.asarray(chosen)[None], axis=0)[0])

    def _scaled(self, factor: float) -> Self:
        return type(self)(self.weights, tuple(each.scaled(factor) for each in self.components))


def parts_of(prior: Prior) -> tuple[Prior, ...]:
    """Give the components of a mixture for tau; any other prior is its own only one."""
    return prior.components if isinstance(prior, Mixture) else (prior,)
