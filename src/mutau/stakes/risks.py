"""The risk without the treatment as it is stated: a number, a distribution, or that the control arms shall say it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import brentq
from scipy.special import betainc, betaincinv, expit, logit, ndtri

from mutau.errors import ArgumentError, Fault
from mutau.priors import HalfNormal, Normal, Prior

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    type Array = NDArray[np.float64]

__all__ = ["BetaRisk", "ControlArms", "FixedRisk", "LogitNormalRisk", "StatedRisk"]


@dataclass(frozen=True, slots=True)
class FixedRisk:
    """A baseline risk that is one number.

    Parameters
    ----------
    risk : float
        In [0, 1].
    source : str
        Where it comes from; printed with every result.
    """

    risk: float
    source: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.risk <= 1:
            rule = "A risk lies between 0 and 1"
            raise ArgumentError(Fault(f"baseline {self.risk!r}", rule, "Give 0.17 for 17%", key="risk"))

    def quantile(self, p: ArrayLike) -> Array:
        """The number, for every p."""
        return np.full(np.shape(p), self.risk)

    @property
    def label(self) -> str:
        """The baseline in a word, for a cell of a table."""
        return f"{100 * self.risk:g}%"

    def __str__(self) -> str:
        return f"a baseline risk of {self.risk:g}" + (f" ({self.source})" if self.source else "")


@dataclass(frozen=True, slots=True)
class BetaRisk:
    """A baseline risk with a beta distribution.

    Parameters
    ----------
    a, b : float
        Parameters, above 0; with a uniform distribution before, as after a - 1 events and b - 1 people without one.
    source : str
        Where it comes from; printed with every result.

    Examples
    --------
    Half a chance of at most 10%, 19 in 20 of at most 20%:

    >>> BetaRisk.from_quantiles((0.5, 0.10), (0.95, 0.20)).quantile([0.5, 0.95]).round(6)
    array([0.1, 0.2])
    """

    a: float
    b: float
    source: str = ""

    def __post_init__(self) -> None:
        _require_positive(a=self.a, b=self.b)

    @classmethod
    def from_quantiles(
        cls, first: tuple[float, float], second: tuple[float, float], source: str = ""
    ) -> BetaRisk:
        """Find the distribution with two stated quantiles, each (probability, risk).

        Raises
        ------
        ArgumentError
            The two are not two quantiles of one distribution of a risk, or no beta distribution that can be
            represented has them.
        """
        (p, x), (q, y) = _ordered(first, second)

        def b_for(log_a: float) -> float:
            """Log b that puts the first quantile right."""
            a = math.exp(log_a)
            return float(
                brentq(lambda log_b: float(betainc(a, math.exp(log_b), x)) - p, -16.0, 24.0, xtol=1e-13)
            )

        def miss(log_a: float) -> float:
            return float(betainc(math.exp(log_a), math.exp(b_for(log_a)), y)) - q

        try:
            log_a = float(brentq(miss, -7.0, 14.0, xtol=1e-13))
        except ValueError as found:
            rule = "No beta distribution within reach has these two quantiles"
            fault = Fault(f"quantiles {first} and {second}", rule, "Use LogitNormalRisk.from_quantiles")
            raise ArgumentError(fault) from found
        return cls(math.exp(log_a), math.exp(b_for(log_a)), source)

    def quantile(self, p: ArrayLike) -> Array:
        """Risks with probabilities p below them."""
        return np.asarray(betaincinv(self.a, self.b, np.asarray(p, dtype=np.float64)))

    @property
    def label(self) -> str:
        """The baseline in a word, for a cell of a table."""
        return f"Beta({self.a:.4g}, {self.b:.4g})"

    def __str__(self) -> str:
        return f"a baseline risk ~ Beta({self.a:.4g}, {self.b:.4g})" + (
            f" ({self.source})" if self.source else ""
        )


@dataclass(frozen=True, slots=True)
class LogitNormalRisk:
    """A baseline risk whose log odds are normal.

    Parameters
    ----------
    mean, sd : float
        Of the log odds; sd above 0.
    source : str
        Where it comes from; printed with every result.

    Examples
    --------
    >>> risk = LogitNormalRisk.from_quantiles((0.025, 0.1), (0.975, 0.3))
    >>> risk.quantile([0.025, 0.5, 0.975]).round(3)
    array([0.1  , 0.179, 0.3  ])
    """

    mean: float
    sd: float
    source: str = ""

    def __post_init__(self) -> None:
        _require_positive(sd=self.sd)

    @classmethod
    def from_quantiles(
        cls, first: tuple[float, float], second: tuple[float, float], source: str = ""
    ) -> LogitNormalRisk:
        """Find the distribution with two stated quantiles, each (probability, risk).

        Raises
        ------
        ArgumentError
            The two are not two quantiles of one distribution of a risk.
        """
        (p, x), (q, y) = _ordered(first, second)
        sd = float((logit(y) - logit(x)) / (ndtri(q) - ndtri(p)))
        return cls(float(logit(x) - sd * ndtri(p)), sd, source)

    def quantile(self, p: ArrayLike) -> Array:
        """Risks with probabilities p below them."""
        return np.asarray(expit(self.mean + self.sd * ndtri(np.asarray(p, dtype=np.float64))))

    @property
    def label(self) -> str:
        """The baseline in a word, for a cell of a table."""
        return f"logit-normal({self.mean:.4g}, {self.sd:.4g})"

    def __str__(self) -> str:
        return f"a baseline risk with log odds ~ normal({self.mean:.4g}, {self.sd:.4g})" + (
            f" ({self.source})" if self.source else ""
        )


@dataclass(frozen=True, slots=True)
class ControlArms:
    """That the baseline risk shall be learnt from the control arms of the trials.

    Parameters
    ----------
    mean_prior, sd_prior : Prior
        Proper priors of the mean log odds of the control risk, and of their SD between trials.
    """

    mean_prior: Prior = field(default_factory=lambda: Normal(0, 2))
    sd_prior: Prior = field(default_factory=lambda: HalfNormal(1))

    @property
    def label(self) -> str:
        """The baseline in a word."""
        return "control arms"

    def __str__(self) -> str:
        priors = f"m ~ {self.mean_prior.label}, s ~ {self.sd_prior.label}"
        return f"a baseline risk learnt from the control arms: log odds ~ normal(m, s), {priors}"


type StatedRisk = FixedRisk | BetaRisk | LogitNormalRisk | ControlArms
"""Every kind of baseline risk that can be stated without a fit."""


def _require_positive(**values: float) -> None:
    faults = [
        Fault(f"{name} = {value!r}", "It is a number above 0", "Give one", key=name)
        for name, value in values.items()
        if not (math.isfinite(value) and value > 0)
    ]
    if faults:
        raise ArgumentError(faults)


def _ordered(first: tuple[float, float], second: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    pair = tuple(sorted((first, second)))
    (p, x), (q, y) = pair
    if not (0 < p < q < 1 and 0 < x < y < 1):
        rule = "Two quantiles are (probability, risk) with both between 0 and 1, and the greater risk goes with the "
        fault = Fault(
            f"quantiles {first} and {second}", rule + "greater probability", "Give (0.5, 0.1), (0.95, 0.2)"
        )
        raise ArgumentError(fault)
    return pair
