"""Unit information: what one participant tells of an effect, the prior that knows as much, what a prior is worth."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault, nearest
from mutau.priors.mixture import NormalMixture
from mutau.priors.origin import Origin
from mutau.priors.real_line import Normal
from mutau.priors.scales import analysis_value, measure_faults

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mutau.priors.base import Prior

__all__ = [
    "UNIT_MEASURES",
    "SampleSize",
    "effective_sample_size",
    "estimated_unit_information_sd",
    "unit_information",
    "unit_information_sd",
]

_EVENTS = ("HR", "IRR")
_RISKS = ("OR", "RR", "RD")
UNIT_MEASURES = ("OR", "RR", "RD", "PETO", "SMD", "SMD1", "SMD1T", "SMDH", "MD", "HR", "IRR", "ZCOR")
"""Measures of which it is known what one participant, or event, tells."""

_SOURCE = (
    "Kass and Wasserman (1995), doi:10.1080/01621459.1995.10476592; unit information standard deviation as in Röver "
    "et al. (2021), doi:10.1002/jrsm.1475"
)
_REACH = 12.0  # SDs of a component beyond which its density is nothing
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_PIECES = 8  # of each interval between the components' own


@dataclass(frozen=True, slots=True)
class SampleSize:
    """What a prior of the mean effect is worth, in participants or events.

    Parameters
    ----------
    value : float
        How many; NaN where it has no meaning.
    unit : str
        ``"participants"`` or ``"events"``.
    unit_sd : float
        Standard deviation of one unit's information, on the analysis scale.
    reason : str
        Why `value` is NaN; empty otherwise.
    formula : str
        How it was computed, in words.
    """

    value: float
    unit: str
    unit_sd: float
    reason: str = ""
    formula: str = "(unit information SD / prior SD)^2"

    def __float__(self) -> float:
        return self.value


def unit_information_sd(
    measure: str, *, baseline_risk: float = 0.5, reference_sd: float | None = None
) -> float:
    r"""Give the unit information standard deviation of an effect measure, on its analysis scale.

    Parameters
    ----------
    measure : str
        Effect measure, one of ``mutau.priors.unit_information.UNIT_MEASURES``.
    baseline_risk : float
        Risk of the event in both arms, for OR, PETO, RR and RD.
    reference_sd : float, optional
        Standard deviation of the outcome between participants, in its unit: needed for MD, and for MD only.

    Returns
    -------
    float
        The standard error would be this over the root of the number of participants; for HR and IRR, of events.

    Raises
    ------
    mutau.errors.ArgumentError
        The measure is unknown or generic, the risk not between 0 and 1, the SD missing or not above 0.

    Notes
    -----
    From the large-sample variance of a trial with two arms of N/2 where there is no effect [1]_:

    ====== ============================== ==========================================
    OR     :math:`2/\sqrt{p(1-p)}`        4 at p = 1/2
    RR     :math:`2\sqrt{(1-p)/p}`        2 at p = 1/2
    RD     :math:`2\sqrt{p(1-p)}`         1 at p = 1/2
    SMD    2
    MD     :math:`2\sigma`                sigma the reference SD
    HR,IRR 2                              per event, not per participant
    ZCOR   1                              one sample, :math:`1/(n - 3)`
    ====== ============================== ==========================================

    For example a log odds ratio has the variance :math:`2 \cdot (2/N) / (p(1-p))`. The unit depends on the balance
    of the arms and on the risk; a prior said to be worth n participants is so for the risk stated.

    References
    ----------
    .. [1] Röver C, Bender R, Dias S, Schmid CH, Schmidli H, Sturtz S, Weber S, Friede T (2021). On weakly informative
       prior distributions for the heterogeneity parameter in Bayesian random-effects meta-analysis. Research
       Synthesis Methods 12:448-474. doi:10.1002/jrsm.1475

    Examples
    --------
    >>> [unit_information_sd(measure) for measure in ("OR", "SMD", "HR")]
    [4.0, 2.0, 2.0]
    >>> round(unit_information_sd("RR", baseline_risk=0.2), 6)
    4.0
    """
    faults = measure_faults(measure)
    if not faults and measure not in UNIT_MEASURES:
        rule = "An effect of unknown unit has no unit information"
        rule = rule if measure == "GEN" else f"What one participant tells of {measure} is not known"
        faults.append(Fault(f"measure = {measure!r}", rule, nearest("", UNIT_MEASURES), key="measure"))
    if not (_number(baseline_risk) and 0 < baseline_risk < 1):
        rule = "A risk lies between 0 and 1"
        faults.append(
            Fault(f"baseline_risk = {baseline_risk!r}", rule, "Give a proportion", key="baseline_risk")
        )
    if measure == "MD" and not (_number(reference_sd) and float(reference_sd or 0) > 0):
        rule = "The unit information of a mean difference is the outcome's SD between participants, above 0"
        faults.append(Fault(f"reference_sd = {reference_sd!r}", rule, "Give it in the outcome's unit"))
    if faults:
        raise ArgumentError(faults)
    spread = math.sqrt(baseline_risk * (1.0 - baseline_risk))
    per_unit = {
        "OR": 1.0 / spread,
        "PETO": 1.0 / spread,
        "RR": spread / baseline_risk,
        "RD": spread,
        "ZCOR": 0.5,
    }
    per_unit |= {"MD": float(reference_sd or math.nan)}
    return 2.0 * per_unit.get(measure, 1.0)


def estimated_unit_information_sd(sei: ArrayLike, n: ArrayLike) -> float:
    r"""Estimate the unit information standard deviation from studies.

    Parameters
    ----------
    sei : array_like, shape (k,)
        Standard errors, analysis scale.
    n : array_like, shape (k,)
        Sizes of the studies, in participants or events.

    Returns
    -------
    float

    Raises
    ------
    mutau.errors.ArgumentError
        The two are not of one length, or an entry is not above 0.

    Notes
    -----
    :math:`\sqrt{\sum n_i / \sum s_i^{-2}}`, equation 6 of [1]_: what makes complete pooling of the studies as precise
    as that many units.

    References
    ----------
    .. [1] Röver C et al. (2021), doi:10.1002/jrsm.1475

    Examples
    --------
    >>> round(estimated_unit_information_sd([0.2, 0.3, 0.25, 0.15], [50, 30, 40, 80]), 4)
    1.4392
    """
    errors, sizes = np.asarray(sei, dtype=np.float64), np.asarray(n, dtype=np.float64)
    usable = errors.ndim == 1 and errors.shape == sizes.shape and errors.size > 0
    if not usable or not (np.isfinite(errors) & (errors > 0) & np.isfinite(sizes) & (sizes > 0)).all():
        what, rule = f"sei = {sei!r}, n = {n!r}", "They are one positive number each for every study"
        raise ArgumentError(Fault(what, rule, "Give as many sizes as standard errors"))
    return math.sqrt(float(sizes.sum() / np.sum(errors**-2.0)))


def unit_information(
    measure: str,
    *,
    n: float = 1.0,
    mean: float | None = None,
    baseline_risk: float = 0.5,
    reference_sd: float | None = None,
) -> Normal:
    """Give the unit-information prior of the mean effect: normal, worth one participant (for HR and IRR, one event).

    Parameters
    ----------
    measure, baseline_risk, reference_sd
        See `unit_information_sd`.
    n : float
        How many participants (events) it is worth.
    mean : float, optional
        Its centre on the natural scale; no effect if left out.

    Returns
    -------
    Normal
        On the analysis scale, with its unit as `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        As `unit_information_sd`; or `n` is not above 0, or `mean` cannot be an effect.

    Notes
    -----
    Normal with the SD of `unit_information_sd` over the root of n [1]_.

    References
    ----------
    .. [1] Kass RE, Wasserman L (1995). A reference Bayesian test for nested hypotheses and its relationship to the
       Schwarz criterion. Journal of the American Statistical Association 90:928-934.
       doi:10.1080/01621459.1995.10476592

    Examples
    --------
    >>> print(unit_information("OR"), unit_information("RR", baseline_risk=0.2, n=4))
    Normal(0, 4) Normal(0, 2)
    """
    spread = unit_information_sd(measure, baseline_risk=baseline_risk, reference_sd=reference_sd)
    faults: list[Fault] = []
    centre = 0.0 if mean is None else analysis_value(mean, "mean", measure, "natural", faults)
    if not (_number(n) and n > 0):
        rule = "What it is worth is a finite number above 0"
        faults.append(Fault(f"n = {n!r}", rule, "Give 1 for unit information", key="n"))
    if faults:
        raise ArgumentError(faults)
    unit = _unit(measure)
    worth = f"worth {n:g} {unit if n != 1 else unit.removesuffix('s')}"
    risk = f", baseline risk {baseline_risk:g}" if measure in _RISKS else ""
    risk = f", reference SD {reference_sd:g}" if measure == "MD" else risk
    origin = Origin(
        f"unit information ({worth}{risk})", "mu", measure, measure, source=_SOURCE, published=False
    )
    return replace(Normal(centre, spread / math.sqrt(n)), origin=origin)


def effective_sample_size(
    prior: Prior,
    measure: str,
    *,
    parameter: str = "mu",
    baseline_risk: float = 0.5,
    reference_sd: float | None = None,
    unit_sd: float | None = None,
) -> SampleSize:
    r"""Say how many participants (for HR and IRR, events) a prior of the mean effect is worth.

    Parameters
    ----------
    prior : Prior
        Of mu, on the analysis scale.
    measure, baseline_risk, reference_sd
        See `unit_information_sd`.
    parameter : {"mu", "tau"}
        A prior of tau has none: the answer is NaN with the reason.
    unit_sd : float, optional
        Unit information standard deviation to be used instead, such as `estimated_unit_information_sd`.

    Returns
    -------
    SampleSize

    Raises
    ------
    mutau.errors.ArgumentError
        As `unit_information_sd`, or `unit_sd` is not above 0.

    Notes
    -----
    The expected local-information ratio of [1]_, :math:`\sigma_u^2 \int p'(\mu)^2 / p(\mu)\, d\mu`, with
    :math:`\sigma_u` the unit information SD. That is :math:`\sigma_u^2/s^2` for a normal prior, :math:`\sigma_u^2
    (\nu+1)/((\nu+3)s^2)` for a t prior, 0 for a flat one, infinite for a fixed value; a mixture's integral is done
    numerically. It counts participants in balanced arms of trials without heterogeneity: with heterogeneity tau, even
    endless trials of one setting tell less of the mean effect than that.

    References
    ----------
    .. [1] Neuenschwander B, Weber S, Schmidli H, O'Hagan A (2020). Predictively consistent prior effective sample
       sizes. Biometrics 76:578-587. doi:10.1111/biom.13252

    Examples
    --------
    >>> from mutau.priors import HalfNormal
    >>> round(effective_sample_size(Normal(0, 2.82), "OR").value, 2)
    2.01
    >>> effective_sample_size(HalfNormal(0.5), "OR", parameter="tau").reason
    'no number of participants in one trial tells of tau'
    """
    if unit_sd is not None and not (_number(unit_sd) and unit_sd > 0):
        rule = "A unit information SD is a finite number above 0"
        raise ArgumentError(Fault(f"unit_sd = {unit_sd!r}", rule, "Leave it out for the measure's own"))
    if unit_sd is None:
        unit_sd = unit_information_sd(measure, baseline_risk=baseline_risk, reference_sd=reference_sd)
    information, reason = (math.nan, _NONE_FOR_TAU) if parameter == "tau" else _information(prior)
    formula = "(unit information SD / prior SD)^2" if prior.family == "Normal" else _RATIO
    return SampleSize(unit_sd**2 * information, _unit(measure), unit_sd, reason, formula)


_RATIO = "the expected local-information ratio"
_NONE_FOR_TAU = "no number of participants in one trial tells of tau"


def _information(prior: Prior) -> tuple[float, str]:
    """Fisher information of a prior's location, or why it has none."""
    numbers = prior.parameters
    if prior.family == "Normal":
        return numbers["sd"] ** -2.0, ""
    if prior.family in ("StudentT", "Cauchy"):
        df = numbers.get("df", 1.0)
        return (df + 1.0) / ((df + 3.0) * numbers["scale"] ** 2), ""
    if isinstance(prior, NormalMixture):
        return _mixture_information(prior), ""
    if prior.is_point:
        return math.inf, ""
    if prior.family == "Flat":
        return 0.0, ""
    return math.nan, f"{prior.of('mu')} has edges, at which its local information is not defined"


def _mixture_information(prior: NormalMixture) -> float:
    means, sds = np.asarray(prior.means), np.asarray(prior.sds)
    grid = np.linspace(-_REACH, _REACH, 2 * _PIECES + 1)
    edges = np.unique((means[:, None] + sds[:, None] * grid).ravel())
    total = 0.0
    for low, high in itertools.pairwise(edges):
        x = low + 0.5 * (high - low) * (1.0 + _POINTS)
        z = (x[:, None] - means) / sds
        parts = prior.shares / sds * np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
        density, slope = parts.sum(axis=1), (-parts * z / sds).sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            ratio = np.where(density > 0, slope**2 / density, 0.0)
        total += 0.5 * (high - low) * float(_WEIGHTS @ ratio)
    return total


def _unit(measure: str) -> str:
    return "events" if measure in _EVENTS else "participants"


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
