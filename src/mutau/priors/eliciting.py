"""A prior from two statements: "most likely 0.8, and 95% sure that it is above 0.5"."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from scipy.special import ndtri

from mutau.errors import ArgumentError, Fault
from mutau.priors import student
from mutau.priors.log_scale import LogNormal
from mutau.priors.origin import Origin
from mutau.priors.real_line import Normal, StudentT
from mutau.priors.scales import SCALE_OF, analysis_value, measure_faults, scale_faults

if TYPE_CHECKING:
    from collections.abc import Callable

    from mutau.priors.base import Prior

    P = TypeVar("P", bound=Prior)

__all__ = ["elicit_log_normal", "elicit_normal", "elicit_t"]

type Scale = Literal["natural", "analysis"]
type Range = tuple[float, float]

_Z = 1.959963984540054  # 95% of true effects lie within this many tau of their average
_TWO = "A distribution of two parameters follows from two statements, no fewer and no more"
_HOW = "State most_likely with above or below, above with below, or between"


def elicit_normal(
    most_likely: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
    between: Range | None = None,
    sure: float = 0.95,
    measure: str,
    scale: Scale = "natural",
) -> Normal:
    r"""Make a normal prior of the mean effect from two statements.

    Parameters
    ----------
    most_likely : float, optional
        The likeliest effect: the centre.
    above, below : float, optional
        An effect that the true one is, with probability `sure`, above or below.
    between : (float, float), optional
        The central interval with probability `sure`; it is two statements by itself.
    sure : float
        Probability behind `above`, `below` or `between`; for the first two above 0.5.
    measure : str
        Code of the effect measure the statements are about: ``"RR"``.
    scale : {"natural", "analysis"}
        Whether effects are stated as they are read (a ratio as a ratio) or on the analysis scale (its logarithm).

    Returns
    -------
    Normal
        On the analysis scale, with the statements as its `origin`: a model for another measure refuses it.

    Raises
    ------
    mutau.errors.ArgumentError
        The statements are too few, too many, impossible or contradict each other; every fault is named.

    Notes
    -----
    Most likely m and P(above a) = p give :math:`s = (m - a)/z_p`; an interval (a, b) gives its middle and
    :math:`s = (b - a)/(2 z_{(1+p)/2})`; P(above a) = P(below b) = p give the middle and
    :math:`s = (b - a)/(2 z_p)`; all on the analysis scale, on which a ratio's "most likely" is the median ratio.

    References
    ----------
    O'Hagan A, Buck CE, Daneshkhah A, Eiser JR, Garthwaite PH, Jenkinson DJ, Oakley JE, Rakow T (2006). Uncertain
    Judgements: Eliciting Experts' Probabilities. Wiley. doi:10.1002/0470033312

    Examples
    --------
    >>> prior = elicit_normal(most_likely=0.8, above=0.5, sure=0.95, measure="RR")
    >>> round(math.exp(prior.ppf(0.5)), 6), round(math.exp(prior.ppf(0.05)), 6)
    (0.8, 0.5)
    >>> prior.origin.name
    'elicited (RR most likely 0.8, 95% sure above 0.5)'

    Laptook et al. (2017, doi:10.1001/jama.2017.14972): an interval for the risk ratio from 0.5 to 2 is SD 0.35:

    >>> round(elicit_normal(between=(0.5, 2), measure="RR").sd, 2)
    0.35
    """
    said = _Statements("mu", most_likely, None, above, below, between, sure, measure, scale)
    centre, spread = said.location_and_scale(lambda p: float(ndtri(p)))
    return said.named(Normal(centre, spread))


def elicit_t(
    most_likely: float | None = None,
    *,
    above: float | None = None,
    below: float | None = None,
    between: Range | None = None,
    sure: float = 0.95,
    df: float = 4.0,
    measure: str,
    scale: Scale = "natural",
) -> StudentT:
    """Make a t prior of the mean effect from two statements: as `elicit_normal`, but open to surprises.

    Parameters
    ----------
    most_likely, above, below, between, sure, measure, scale
        As for `elicit_normal`.
    df : float
        Degrees of freedom: the fewer, the likelier an effect far from what was stated.

    Returns
    -------
    StudentT
        On the analysis scale, with the statements as its `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        As `elicit_normal`; or `df` is not above 0.

    Examples
    --------
    >>> prior = elicit_t(between=(-0.2, 0.6), sure=0.9, df=4, measure="SMD")
    >>> prior.ppf([0.05, 0.5, 0.95]).round(6)
    array([-0.2,  0.2,  0.6])
    """
    said = _Statements("mu", most_likely, None, above, below, between, sure, measure, scale)
    StudentT(0.0, 1.0, df)  # says what is wrong with df
    centre, spread = said.location_and_scale(lambda p: float(student.quantile(np.array([p]), df)[0]))
    return said.named(StudentT(centre, spread, df))


def elicit_log_normal(
    most_likely: float | None = None,
    *,
    median: float | None = None,
    above: float | None = None,
    below: float | None = None,
    between: Range | None = None,
    sure: float = 0.95,
    measure: str,
    scale: Scale = "analysis",
) -> LogNormal:
    r"""Make a log-normal prior of the between-study SD tau from two statements.

    Parameters
    ----------
    most_likely : float, optional
        The likeliest tau: the mode of the density.
    median : float, optional
        The tau that the true one is as likely below as above; instead of `most_likely`.
    above, below, between, sure
        As for `elicit_normal`, about tau.
    measure : str
        Code of the effect measure on whose analysis scale tau is.
    scale : {"analysis", "natural"}
        Analysis: tau itself. Natural: how far from their average 95% of true effects lie, for a ratio as a factor
        (1.5: from 1/1.5 to 1.5 times the average ratio), else as a difference. That is 1.96 tau.

    Returns
    -------
    LogNormal
        Of tau, with the statements as its `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        The statements are too few, too many, impossible or contradict each other; every fault is named.

    Notes
    -----
    The mode of a log-normal is :math:`\exp(m - \sigma^2)`. With P(tau < b) = p this is a quadratic equation,
    :math:`\sigma^2 + z_p\sigma = \log(b/\mathrm{mode})`. With P(tau > a) = p it is
    :math:`\sigma^2 - z_p\sigma + \log(\mathrm{mode}/a) = 0`, whose smaller root is meant; it has none where `a` is
    too far below the mode, and the statements are then refused.

    Examples
    --------
    >>> prior = elicit_log_normal(median=0.2, below=0.6, sure=0.95, measure="RR")
    >>> prior.ppf([0.5, 0.95]).round(6)
    array([0.2, 0.6])
    >>> wide = elicit_log_normal(between=(1.1, 3), measure="OR", scale="natural")
    >>> np.exp(1.959964 * wide.ppf([0.025, 0.975])).round(4)
    array([1.1, 3. ])
    """
    said = _Statements("tau", most_likely, median, above, below, between, sure, measure, scale)
    return said.named(LogNormal(*said.log_scale()))


@dataclass(frozen=True, slots=True)
class _Statements:
    """What was said, checked when it is used."""

    parameter: str
    most_likely: float | None
    median: float | None
    above: float | None
    below: float | None
    between: Range | None
    sure: float
    measure: str
    scale: str

    def named(self, prior: P) -> P:
        """Write the statements on the prior."""
        origin = Origin(
            f"elicited ({self._words()})", self.parameter, self.measure, self.measure, published=False
        )
        return replace(prior, origin=origin)

    def _words(self) -> str:
        parts = [
            f"{text} {value:g}"
            for text, value in (("most likely", self.most_likely), ("as likely above as below", self.median))
            if value is not None
        ]
        sure = f"{100 * self.sure:g}% sure"
        parts += [f"{sure} above {self.above:g}"] if self.above is not None else []
        parts += [f"{sure} below {self.below:g}"] if self.below is not None else []
        parts += (
            [f"{sure} between {self.between[0]:g} and {self.between[1]:g}"]
            if self.between is not None
            else []
        )
        subject = "tau" if self.parameter == "tau" else self.measure
        if self.parameter == "tau" and self.scale == "natural":
            subject = (
                "95% of true effects within a factor" if self._is_ratio else "95% of true effects within"
            )
        elif self.parameter == "mu" and self.scale == "analysis" and self._is_ratio:
            subject = f"log {self.measure}"
        return f"{subject} {', '.join(parts)}"

    @property
    def _has_interval(self) -> bool:
        return isinstance(self.between, tuple | list) and len(self.between) == 2

    @property
    def _is_ratio(self) -> bool:
        return SCALE_OF.get(self.measure) == "ratio"

    def location_and_scale(self, quantile: Callable[[float], float]) -> tuple[float, float]:
        """Solve for a family with a centre and a scale, from the quantiles of its standard form."""
        centre, points = self._checked()
        if len(points) == 2:
            (p, x), (q, y) = points
            spread = (y - x) / (quantile(q) - quantile(p))
            return x - spread * quantile(p), spread
        ((p, x),) = points
        assert centre is not None
        return centre, (x - centre) / quantile(p)

    def log_scale(self) -> tuple[float, float]:
        """Solve for the logarithm's mean and SD, from its quantiles, or from a mode and a quantile."""
        if self.most_likely is None:
            return self.location_and_scale(lambda p: float(ndtri(p)))
        mode, ((p, x),) = self._checked()
        assert mode is not None
        z, gap = float(ndtri(p)), x - mode
        inside = 0.25 * z * z + gap
        if inside < 0:
            least = math.exp(mode - 0.25 * z * z)
            what = f"most likely {self.most_likely:g}, and {100 * self.sure:g}% sure above {self.above:g}"
            rule = (
                f"No log-normal distribution with this mode has a {100 * self.sure:g}% bound as low; the lowest is, "
                f"on the scale of tau, {least:.3g}"
            )
            raise ArgumentError(Fault(what, rule, "State the median instead of the most likely value"))
        spread = -0.5 * z - math.sqrt(inside) if z < 0 and gap < 0 else -0.5 * z + math.sqrt(inside)
        return mode + spread * spread, spread

    def _checked(self) -> tuple[float | None, list[tuple[float, float]]]:
        """Centre, and points (probability below, value), on the scale of the location; raises with every fault."""
        faults = [*measure_faults(self.measure), *scale_faults(self.scale), *self._count_faults()]
        faults += self._sure_faults()
        centres = [
            self._value(value, name, faults)
            for name, value in (("most_likely", self.most_likely), ("median", self.median))
            if value is not None
        ]
        points = []
        if self.above is not None:
            points.append((1.0 - self.sure, self._value(self.above, "above", faults)))
        if self.below is not None:
            points.append((self.sure, self._value(self.below, "below", faults)))
        if self._has_interval:
            assert self.between is not None
            half = 0.5 * (1.0 - self.sure)
            ends = [self._value(value, "between", faults) for value in self.between]
            points += [(half, ends[0]), (1.0 - half, ends[1])]
        if not faults:
            faults = self._contradictions(centres, points)
        if faults:
            raise ArgumentError(faults)
        return (centres[0] if centres else None), points

    def _value(self, value: float, name: str, faults: list[Fault]) -> float:
        """Put a statement onto the scale of the location: of tau the logarithm."""
        if self.parameter == "mu":
            return analysis_value(value, name, self.measure, self.scale, faults)
        least = 1.0 if self.scale == "natural" and self._is_ratio else 0.0
        given = analysis_value(value, name, "GEN", "analysis", faults)
        if given <= least:
            rule = (
                "A factor by which ratios differ is above 1"
                if least
                else "tau, and what it spreads, is above 0"
            )
            faults.append(Fault(f"{name} = {value:g}", rule, "Give a positive one", key=name))
        if math.isnan(given) or given <= least:
            return math.nan
        if self.scale == "natural":
            given = (math.log(given) if self._is_ratio else given) / _Z
        return math.log(given)

    def _count_faults(self) -> list[Fault]:
        central = [value for value in (self.most_likely, self.median) if value is not None]
        sided = [value for value in (self.above, self.below) if value is not None]
        if self.between is not None and not self._has_interval:
            return [
                Fault(
                    f"between = {self.between!r}",
                    "An interval has two ends",
                    "Give (lower, upper)",
                    key="between",
                )
            ]
        count = len(central) + len(sided) + (0 if self.between is None else 2)
        if count == 2 and len(central) < 2:
            return []
        what = "statements: " + (", ".join(self._given()) or "none")
        return [Fault(what, _TWO, _HOW)]

    def _given(self) -> list[str]:
        names = ("most_likely", "median", "above", "below", "between")
        return [f"{name} = {getattr(self, name)!r}" for name in names if getattr(self, name) is not None]

    def _sure_faults(self) -> list[Fault]:
        least = 0.0 if self.between is not None else 0.5
        known = isinstance(self.sure, int | float) and not isinstance(self.sure, bool)
        if known and least < self.sure < 1:
            return []
        rule = f"How sure one is lies between {least:g} and 1" + (
            "; one who is less sure says it of the other side" if least else ""
        )
        return [Fault(f"sure = {self.sure!r}", rule, "Give 0.95 for 95%", key="sure")]

    def _contradictions(self, centres: list[float], points: list[tuple[float, float]]) -> list[Fault]:
        ends = sorted((*points, *((0.5, x) for x in centres)))
        if all(lower[1] < upper[1] for lower, upper in itertools.pairwise(ends)):
            return []
        rule = "What is sure to be exceeded lies below what is likely, and that below what is sure not to be"
        return [
            Fault(self._words(), f"{rule}; these statements contradict each other", "Check the two numbers")
        ]
