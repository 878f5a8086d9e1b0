"""Tipping points: how far something has to go before P(benefit) falls under a stated level."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from mutau.errors import ArgumentError, Fault
from mutau.priors import Normal
from mutau.priors.words import ratio_in_words
from mutau.sensitivities.case import REFITS, Case
from mutau.sensitivities.proposals import NoDrawsError
from mutau.sensitivities.scales import location, moved, spread
from mutau.sensitivities.trials import SMALLEST, added_trial, events_of, null_trial, typical_size
from mutau.sensitivities.weights import FEWEST_DRAWS, WeightedMarginal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.records import Marginal

    type Array = NDArray[np.float64]
    type Gone = tuple[float, str, bool]
    type Way = Callable[[Case, float], Gone]

__all__ = ["TippingPoint", "sceptical_limit", "tipping_points", "tipping_table"]

FARTHEST = 1000.0
"""How many times the model's own scale is gone before it is said that no tipping point was found."""
MOST_PARTICIPANTS = 100_000
TOLERANCE = 1e-6
WALK = 20
"""Steps of a way with draws: the scale of a prior changes by at most 2.3 in each."""
STEPS = 24
"""In which one more trial's result is varied: one far off makes tau large, so that P(benefit) may rise again."""
PANELS = 64
"""Of the Gauss rule over the mean effect, 16 nodes each: for a bias of uncertain size."""


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """How far one thing has to go before P(benefit) falls under a level.

    Parameters
    ----------
    name : str
        What is moved: ``"scepticism"``, ``"location"``, ``"heterogeneity"``, ``"bias"``, ``"uncertain bias"``,
        ``"null participants"``, ``"one more trial"``.
    level : float
        The level.
    value : float
        Where P(benefit) equals it; NaN where it never does, with the reason in `sentence`.
    unit : str
        What `value` is measured in; effects are on the analysis scale.
    p_benefit : float
        P(benefit) of the fit itself.
    sentence : str
        The same in words.
    how : {"exact", "re-weighted"}
        Whether the probabilities behind it are exact or read from weighed draws.
    """

    name: str
    level: float
    value: float
    unit: str
    p_benefit: float
    sentence: str
    how: str = "exact"


def tipping_points(fit: Fit | Case, level: float = 0.95, *, refits: int = REFITS) -> tuple[TippingPoint, ...]:
    """Find how far each of seven things has to go before P(benefit) falls under a level.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    level : float
        In (0.5, 1); a convention of who asks.
    refits : int
        How many posteriors may be sampled anew, all points together, where the draws of a sampled fit that the exact
        engine cannot make do not reach.

    Returns
    -------
    tuple of TippingPoint
        The SD of a sceptical prior of mu (about no effect) and the location of mu's own prior; the scale of tau's
        prior; a bias that all trials share, of known and of uncertain size; participants in one more trial without
        any effect; what one more trial as large as the largest would have to show.

    Raises
    ------
    ArgumentError
        The level cannot be used.

    Notes
    -----
    A bias b is added to every study's effect on the analysis scale: the data then speak of mu + b. With b known this
    moves mu's prior; with b ~ Normal(0, s) and mu ~ Normal(m, S) the data update a prior Normal(m, S^2 + s^2) of
    mu + b, of which mu is the share S^2 / (S^2 + s^2).

    Every answer is a root, found to 1e-6 of P(benefit), of probabilities that carry no Monte Carlo error. Where only
    sampling fits the model they are read from weighed draws, on a walk in steps from the model itself, each of which
    rests on weights whose Pareto k can be relied on; where no draws lead further, the point is NaN and its sentence
    says so.
    """
    if not 0.5 < level < 1:
        rule = "A level is a probability between 0.5 and 1"
        raise ArgumentError(Fault(f"level = {level!r}", rule, "State one, such as 0.9"))
    case = Case.of(fit, refits)
    found = case.p_benefit()
    if found < level:
        already = f"P(benefit) is {found:.3f}, under {level:g} as it is."
        return (TippingPoint("none", level, math.nan, "", found, already),)
    return tuple(_tipping(case, name, unit, way, level, found) for name, (unit, way) in _WAYS.items())


def _tipping(case: Case, name: str, unit: str, way: Way, level: float, found: float) -> TippingPoint:
    """Go one way; where draws end before P(benefit) falls, say so."""
    try:
        value, sentence, asked = way(case, level)
    except NoDrawsError as error:
        value, sentence, asked = math.nan, f"Not known: weighed draws lead no further. {_why(error)}", False
    if case.is_exact:
        return TippingPoint(name, level, value, unit, found, sentence)
    within = math.sqrt(level * (1.0 - level) / FEWEST_DRAWS)
    said = f" By weighed draws, which give P(benefit) there to within about {within:.2g}." if asked else ""
    return TippingPoint(name, level, value, unit, found, sentence + said, "re-weighted")


def _why(error: NoDrawsError) -> str:
    fault = error.faults[0]
    return f"{fault.rule} (at {fault.what})."


def tipping_table(points: Sequence[TippingPoint]) -> pd.DataFrame:
    """Give one row per tipping point."""
    names = TippingPoint.__dataclass_fields__
    return pd.DataFrame([{name: getattr(point, name) for name in names} for point in points])


def sceptical_limit(estimate: float, sei: float, prob: float = 0.95) -> float:
    r"""Give the scepticism limit of a normal estimate in closed form.

    The interval :math:`[-L, L]` that holds a proportion `prob` of the normal prior about 0 under which the posterior
    interval just touches 0,

    .. math:: L = \frac{(U - B)^2}{4 \sqrt{U B}}

    for an estimate with interval :math:`[B, U]`.

    Parameters
    ----------
    estimate, sei : float
        A normal estimate, on the analysis scale, and its standard error: one effect, tau fixed.
    prob : float
        Probability content of both intervals.

    Returns
    -------
    float
        The limit on the analysis scale; NaN where the interval does not exclude 0, where there is none.

    References
    ----------
    Matthews RAJ (2018). Beyond 'significance': principles and practice of the Analysis of Credibility. Royal Society
    Open Science 5:171047. doi:10.1098/rsos.171047

    Held L, Matthews R, Ott M, Pawel S (2022). Reverse-Bayes methods for evidence assessment and research synthesis.
    Research Synthesis Methods 13:295-314. doi:10.1002/jrsm.1538

    Examples
    --------
    >>> round(sceptical_limit(-0.5, 0.2), 3)
    0.495
    """
    half = float(ndtri(0.5 + 0.5 * prob)) * sei
    low, high = abs(estimate) - half, abs(estimate) + half
    return math.nan if low <= 0 else (high - low) ** 2 / (4 * math.sqrt(high * low))


# Each way: P(benefit) as a function of how far it is gone, and words for where it tips


def _root(chance: Callable[[float], float], level: float, start: float, end: float, steps: int = 1) -> float:
    """Where a chance first falls under the level on the way from `start` to `end`; NaN where it does not.

    A chance that may rise again is looked at in `steps` steps. Each point is asked once: asked again after more draws
    were made it would be another by their Monte Carlo error.
    """
    chance = cache(chance)
    points = np.linspace(start, end, steps + 1)
    if chance(points[0]) < level:
        return start
    for before, after in itertools.pairwise(points):
        if chance(after) < level:
            return float(
                brentq(lambda x: chance(x) - level, before, after, xtol=1e-12 * abs(end), rtol=TOLERANCE)
            )
    return math.nan


def _on_log_scale(
    chance: Callable[[float], float], level: float, start: float, factor: float, steps: int
) -> float:
    """The same over multiples of `start`, on the log scale."""
    found = _root(lambda x: chance(start * math.exp(x)), level, 0.0, math.log(factor), steps)
    return start * math.exp(found)


def _walk(case: Case) -> int:
    """In how many steps a way is gone: draws cover only what lies near, an exact answer is one anywhere."""
    return 1 if case.is_exact else WALK


def _told(value: float, yes: str, no: str) -> Gone:
    """What was found, in words; no number where the way was gone to its end."""
    return value, no if math.isnan(value) else yes, True


def _undefined(reason: str) -> Gone:
    return math.nan, reason, False


def _scepticism(case: Case, level: float) -> Gone:
    null = case.benefit.bound

    def chance(sd: float) -> float:
        return case.p_benefit(mu=Normal(null, sd))

    widest = max(spread(case.request.mu_prior), 1e-6)
    value = math.nan
    if chance(widest) >= level:
        value = _on_log_scale(chance, level, widest, 1.0 / FARTHEST, _walk(case))
    limits = [_natural(case, null + sign * 1.959964 * value) for sign in (-1, 1)]
    yes = (
        f"P(benefit) falls under {level:g} for a sceptic whose prior of the mean effect, centred at no effect, has "
        f"an SD below {value:.3g}: one who is 95% sure that {_code(case)} lies between {limits[0]} and {limits[1]}."
    )
    no = f"A prior centred at no effect gives a P(benefit) under {level:g} even if it is as wide as the model's own."
    return _told(value, yes, no)


def _location(case: Case, level: float) -> Gone:
    prior, side = case.request.mu_prior, case.benefit.side
    if prior.is_point or not prior.is_proper:
        no = f"The {prior.label} prior of mu has no location to move."
        return _undefined(no)
    middle, reach = location(prior), 10.0 * spread(prior)
    away = _root(lambda x: case.p_benefit(mu=moved(prior, -side * x)), level, 0.0, reach, _walk(case))
    value = middle - side * away
    yes = (
        f"With mu's prior as wide as it is, P(benefit) falls under {level:g} when it is centred at {_code(case)} "
        f"{_natural(case, value)}."
    )
    no = f"No location within 10 SDs of the model's own takes P(benefit) under {level:g}."
    return _told(value, yes, no)


def _heterogeneity(case: Case, level: float) -> Gone:
    prior = case.request.tau_prior
    if prior.is_point or not prior.is_proper:
        no = f"The {prior.label} prior of tau has no scale to widen."
        return _undefined(no)
    value = _on_log_scale(lambda x: case.p_benefit(tau=prior.scaled(x)), level, 1.0, FARTHEST, _walk(case))
    wide = "" if math.isnan(value) else f"{prior.scaled(float(f'{value:.4g}')).label}"
    yes = f"P(benefit) falls under {level:g} when tau's prior is {value:.3g} times as wide: {wide}."
    no = f"No prior of tau up to {FARTHEST:g} times as wide takes P(benefit) under {level:g}."
    return _told(value, yes, no)


def _bias(case: Case, level: float) -> Gone:
    prior, side, null = case.request.mu_prior, case.benefit.side, case.benefit.bound

    def chance(bias: float) -> float:
        shifted = moved(prior, side * bias) if prior.is_proper else prior
        of_sum = case.posterior(mu=shifted).mu
        return float(of_sum.sf(null + bias) if side > 0 else of_sum.cdf(null - bias))

    of_mu = case.posterior().mu
    reach = 10.0 * abs(float(of_mu.quantile(0.999)) - float(of_mu.quantile(0.001)))
    size = _root(chance, level, 0.0, reach, _walk(case))
    value = side * size
    yes = (
        f"P(benefit) falls under {level:g} if all trials share a bias {_towards(case)} that multiplies the "
        f"{_code(case)} by {_natural(case, null + value)}."
        if case.measure.analysis_scale == "log"
        else f"P(benefit) falls under {level:g} if all trials share a bias {_towards(case)} of "
        f"{abs(value):.3g} (analysis scale)."
    )
    return _told(value, yes, "No shared bias was found that does so.")


def _uncertain_bias(case: Case, level: float) -> Gone:
    prior = case.request.mu_prior
    if not isinstance(prior, Normal):
        only = "A bias of uncertain size has a simple form under a normal prior of mu only"
        no = f"{only}, not under {prior.of('mu')}."
        return _undefined(no)

    def chance(sd: float) -> float:
        total = math.hypot(prior.sd, sd)
        of_sum = case.posterior(mu=Normal(prior.mean, total)).mu
        share = (prior.sd / total) ** 2
        left = prior.sd * sd / total
        return _expected(of_sum, lambda x: _beyond(case, prior.mean + share * (x - prior.mean), left))

    of_mu = case.posterior().mu
    wide = abs(float(of_mu.quantile(0.999)) - float(of_mu.quantile(0.001)))
    value = _on_log_scale(chance, level, 1e-4 * wide, 1e4 * FARTHEST, _walk(case))
    yes = (
        f"P(benefit) falls under {level:g} if all trials share a bias that is as likely {_either_way(case)} "
        f"and has an SD of {value:.3g} (analysis scale)."
    )
    no = f"No shared bias centred at 0 takes P(benefit) under {level:g}."
    return _told(value, yes, no)


def _towards(case: Case) -> str:
    """Say in words which way a bias goes that makes benefit more probable."""
    return "in favour of the treatment" if case.measure.has_sides else "towards benefit"


def _either_way(case: Case) -> str:
    return "for as against the treatment" if case.measure.has_sides else "one way as the other"


def _expected(marginal: Marginal, function: Callable[[Array], Array]) -> float:
    """Posterior expectation of a smooth function of the mean effect."""
    if isinstance(marginal, WeightedMarginal):
        return float(marginal.weights @ function(marginal.draws))
    ends = np.asarray(marginal.quantile(np.array([1e-12, 1.0 - 1e-12])))
    edges = np.linspace(ends[0], ends[1], PANELS + 1)
    nodes, weights = np.polynomial.legendre.leggauss(16)
    half = 0.5 * np.diff(edges)[:, None]
    x = (edges[:-1, None] + half * (1.0 + nodes)).ravel()
    mass = (half * weights).ravel() * np.asarray(marginal.pdf(x))
    return float((mass * function(x)).sum() / mass.sum())


def _beyond(case: Case, mean: Array, sd: float) -> Array:
    """P(benefit) of normal distributions of the mean effect."""
    side = case.benefit.side
    return np.asarray(ndtr(side * (mean - case.benefit.bound) / sd))


def _null_participants(case: Case, level: float) -> Gone:
    most = MOST_PARTICIPANTS
    if typical_size(case) is None:
        no = (
            "How large the trials are is not known, so what a null trial of some size would do is not either."
        )
        return _undefined(no)

    def chance(n: float) -> float:
        return case.p_benefit(data=null_trial(case, n))

    value = _whole_root(chance, level, SMALLEST, most)
    yes = (
        f"One more trial without any effect takes P(benefit) under {level:g} if it has {value:,.0f} participants or "
        "more, half in each arm."
    )
    no = f"One more trial without any effect, of {most:,} participants, leaves P(benefit) at {level:g} or above."
    return _told(value, yes, no)


def _whole_root(chance: Callable[[float], float], level: float, first: int, most: int) -> float:
    """Smallest even number at which a falling chance is under the level, to 2%; NaN if it is at none up to `most`."""
    low, high = first, first
    while chance(high) >= level:
        if high >= most:
            return math.nan
        low, high = high, min(4 * high, most)
    while high - low > max(2, 0.02 * high):
        middle = 2 * round(math.sqrt(low * high) / 2)
        if middle in (low, high):
            break
        low, high = (middle, high) if chance(middle) >= level else (low, middle)
    return float(high)


def _one_more_trial(case: Case, level: float) -> Gone:
    size = typical_size(case)
    if size is None:
        no = "How large the trials are is not known, so what one more would have to show is not either."
        return _undefined(no)
    null, side = case.benefit.bound, case.benefit.side
    of_mu = case.posterior().mu
    reach = 5.0 * abs(float(of_mu.quantile(0.9)) - float(of_mu.quantile(0.1)))
    start = null + side * reach if case.is_exact else float(of_mu.quantile(0.5))

    def chance(gone: float) -> float:
        return case.p_benefit(data=added_trial(case, start - side * gone, size))

    if chance(0.0) < level:
        no = f"No result of one more trial of {size:,.0f} participants takes P(benefit) to {level:g}."
        if not case.is_exact:  # where the walk starts, not where the best result is
            no = f"One more trial that shows what there is already takes P(benefit) under {level:g}."
        return math.nan, no, True
    gone = _root(chance, level, 0.0, 2.0 * reach, STEPS)
    value = start - side * gone
    kind = events_of(case, value, size)
    yes = (
        f"One more trial as large as the largest, {size:,.0f} participants, takes P(benefit) under {level:g} if it "
        f"shows an {_code(case)} {'below' if side > 0 else 'above'} {_natural(case, value)}{kind}."
    )
    no = f"No result of one more trial of {size:,.0f} participants takes P(benefit) under {level:g}."
    return _told(value, yes, no)


def _code(case: Case) -> str:
    return case.measure.code


def _natural(case: Case, value: float) -> str:
    if case.measure.analysis_scale == "log":
        return ratio_in_words(value)
    return f"{float(case.measure.to_natural(np.float64(value))):.3g}"


_WAYS: Mapping[str, tuple[str, Way]] = MappingProxyType(
    {
        "scepticism": ("SD of mu's prior", _scepticism),
        "location": ("location of mu's prior", _location),
        "heterogeneity": ("times as wide", _heterogeneity),
        "bias": ("analysis scale", _bias),
        "uncertain bias": ("SD of the bias", _uncertain_bias),
        "null participants": ("participants", _null_participants),
        "one more trial": ("analysis scale", _one_more_trial),
    }
)
