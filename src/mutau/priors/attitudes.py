"""Priors of a sceptic, of an enthusiast and of those between, from one stated plausible effect."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from scipy.special import ndtri

from mutau.errors import ArgumentError, Fault
from mutau.priors.origin import Origin
from mutau.priors.real_line import Normal
from mutau.priors.scales import SCALE_OF, analysis_value, measure_faults, scale_faults

__all__ = ["enthusiastic", "neutral", "pessimistic", "sceptical"]

type Scale = Literal["natural", "analysis"]

_SOURCE = "Spiegelhalter, Freedman and Parmar (1994), doi:10.2307/2983527"


def sceptical(effect: float, *, measure: str, probability: float = 0.05, scale: Scale = "natural") -> Normal:
    r"""Give the prior of one who doubts that there is an effect worth having.

    Parameters
    ----------
    effect : float
        A plausible effect in the direction of benefit: what the trials hoped for, or what would matter to patients.
    measure : str
        Code of the effect measure it is stated for.
    probability : float
        Probability of an effect at least as large.
    scale : {"natural", "analysis"}
        Whether `effect` is stated as it is read or on the analysis scale.

    Returns
    -------
    Normal
        On the analysis scale, with what was stated as its `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        The effect is none, or impossible; the measure, scale or probability is not valid.

    Notes
    -----
    Centred at no effect, :math:`s = |\delta| / z_{1-p}` with :math:`\delta` the plausible effect on the analysis
    scale [1]_: the sceptic gives benefit and harm equal chances, and the plausible effect or more a chance of p = 5%.

    References
    ----------
    .. [1] Spiegelhalter DJ, Freedman LS, Parmar MKB (1994). Bayesian approaches to randomized trials. Journal of the
       Royal Statistical Society A 157:357-416. doi:10.2307/2983527

    Examples
    --------
    >>> import math
    >>> prior = sceptical(0.6, measure="RR")
    >>> prior.mean, round(prior.cdf(math.log(0.6)), 6)
    (0.0, 0.05)
    """
    return _made("sceptical", effect, measure, probability, scale, centre=0.0, sides=1)


def neutral(effect: float, *, measure: str, probability: float = 0.05, scale: Scale = "natural") -> Normal:
    r"""Give the prior of one who takes no side: no effect is likeliest, and benefit and harm are within `effect`.

    Parameters
    ----------
    effect, measure, scale
        As for `sceptical`.
    probability : float
        Probability of an effect or a harm larger than that, both together.

    Returns
    -------
    Normal
        On the analysis scale, with what was stated as its `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        As `sceptical`.

    Notes
    -----
    Centred at no effect, :math:`s = |\delta| / z_{1-p/2}`. With a ratio of 2 this is the usual "neutral" prior that
    holds the ratio between 1/2 and 2 with 95% probability. For one and the same effect it is narrower than
    `sceptical`, which counts one side only; a neutral prior is meant to be stated with a larger effect.

    References
    ----------
    Laptook AR et al. (2017). Effect of therapeutic hypothermia initiated after 6 hours of age on death or disability
    among newborns with hypoxic-ischemic encephalopathy. JAMA 318:1550-1560. doi:10.1001/jama.2017.14972, whose
    neutral prior is that one: SD 0.35

    Examples
    --------
    >>> round(neutral(2, measure="RR").sd, 2)
    0.35
    """
    return _made("neutral", effect, measure, probability, scale, centre=0.0, sides=2)


def enthusiastic(
    effect: float, *, measure: str, probability: float = 0.05, scale: Scale = "natural"
) -> Normal:
    r"""Give the prior of one who expects the plausible effect.

    Parameters
    ----------
    effect, measure, scale
        As for `sceptical`.
    probability : float
        Probability of no benefit.

    Returns
    -------
    Normal
        On the analysis scale, with what was stated as its `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        As `sceptical`.

    Notes
    -----
    Centred at the plausible effect, with the sceptic's SD: :math:`s = |\delta| / z_{1-p}`, so that the chance of no
    benefit is p = 5% [1]_.

    References
    ----------
    .. [1] Spiegelhalter DJ, Freedman LS, Parmar MKB (1994). Bayesian approaches to randomized trials. Journal of the
       Royal Statistical Society A 157:357-416. doi:10.2307/2983527

    Examples
    --------
    >>> import math
    >>> prior = enthusiastic(0.6, measure="RR")
    >>> round(math.exp(prior.mean), 6), round(prior.sf(0.0), 6)
    (0.6, 0.05)
    """
    return _made("enthusiastic", effect, measure, probability, scale, centre=1.0, sides=1)


def pessimistic(
    effect: float, *, measure: str, probability: float = 0.05, scale: Scale = "natural"
) -> Normal:
    r"""Give the prior of one who expects as much harm as the plausible effect would be benefit.

    Parameters
    ----------
    effect, measure, scale
        As for `sceptical`.
    probability : float
        Probability of any benefit.

    Returns
    -------
    Normal
        On the analysis scale, with what was stated as its `origin`.

    Raises
    ------
    mutau.errors.ArgumentError
        As `sceptical`.

    Notes
    -----
    The mirror image of `enthusiastic` about no effect: centred at :math:`-\delta`, :math:`s = |\delta| / z_{1-p}`.

    Examples
    --------
    >>> import math
    >>> prior = pessimistic(0.6, measure="RR")
    >>> round(math.exp(prior.mean), 6), round(prior.cdf(0.0), 6)
    (1.666667, 0.05)
    """
    return _made("pessimistic", effect, measure, probability, scale, centre=-1.0, sides=1)


def _made(
    name: str, effect: float, measure: str, probability: float, scale: str, *, centre: float, sides: int
) -> Normal:
    faults = [*measure_faults(measure), *scale_faults(scale)]
    known = isinstance(probability, int | float) and not isinstance(probability, bool)
    if not (known and 0 < probability < 0.5 * sides):
        rule = f"This probability lies between 0 and {0.5 * sides:g}"
        faults.append(Fault(f"probability = {probability!r}", rule, "Give 0.05 for 5%", key="probability"))
    delta = analysis_value(effect, "effect", measure, scale, faults)
    if delta == 0:
        rule = "The plausible effect is an effect, not the absence of one"
        faults.append(
            Fault(f"effect = {effect:g} for {measure}", rule, "Give what is hoped for", key="effect")
        )
    if faults:
        raise ArgumentError(faults)
    spread = abs(delta) / float(ndtri(1.0 - probability / sides))
    on_log = "log " if scale == "analysis" and SCALE_OF[measure] == "ratio" else ""
    words = f"{name} (plausible {on_log}{measure} {effect:g}, {100 * probability:g}%)"
    source = "" if name == "neutral" else _SOURCE
    origin = Origin(words, "mu", measure, measure, source=source, published=False)
    return replace(Normal(centre * delta, spread), origin=origin)
