"""What a prior says, in words for a reader who does not think in densities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mutau.errors import ArgumentError, Fault, nearest
from mutau.priors.defaults import SCALE_KINDS
from mutau.priors.predictive import PREDICTABLE, prior_predictive

if TYPE_CHECKING:
    from mutau.priors.base import Prior
    from mutau.priors.unit_information import SampleSize

__all__ = ["mu_in_words", "prediction_in_words", "spread_in_words", "tau_in_words", "weight_in_words"]

_HUGE = 1_000_000.0
_Z = 1.959963984540054  # 97.5% point of the standard normal: 95% of true effects lie within this many tau


def mu_in_words(prior: Prior, scale_kind: str, name: str) -> str:
    """Say what a prior of the mean effect claims: its central 95% range on the scale that is read.

    Parameters
    ----------
    prior : Prior
        Prior of mu, on the analysis scale.
    scale_kind : {"ratio", "smd", "rd", "md", "generic"}
        What the analysis scale is; ratios are turned back from the logarithm, risk differences into
        percentage points.
    name : str
        The effect in words: ``"risk ratio"``.

    Returns
    -------
    str
        A clause without a capital and without a full stop.

    Raises
    ------
    mutau.errors.ArgumentError
        The scale is not known.

    Notes
    -----
    The range runs from the 2.5% to the 97.5% quantile. Limits of more than a million are not spelled
    out. Ratios below 1 are written as 1 over a number where the range is symmetric about 1, or where they are
    below 0.1.

    References
    ----------
    Günhan BK, Röver C, Friede T (2020). Random-effects meta-analysis of few studies involving rare
    events. Research Synthesis Methods 11:74-90. doi:10.1002/jrsm.1370 (which rounds this range to 1/250 to
    250)

    Examples
    --------
    >>> from mutau import priors
    >>> mu_in_words(priors.Normal(0, 2.82), "ratio", "risk ratio")
    'average risk ratio between 1/252 and 252 with probability 95%'
    """
    _require_scale(scale_kind)
    if not prior.is_proper:
        return _flat("", scale_kind)
    if prior.is_point:
        return f"average {name} fixed at {_one_value(prior.mean, scale_kind)}: no other value is considered"
    low, high = prior.ppf(0.025), prior.ppf(0.975)
    caveat = _caveat(low, high, scale_kind)
    return f"average {name} between {_range(low, high, scale_kind)} with probability 95%{caveat}"


def tau_in_words(prior: Prior, scale_kind: str, name: str) -> str:
    """Say what a prior of the between-study standard deviation claims about how far true effects lie apart.

    Parameters
    ----------
    prior : Prior
        Prior of tau, on the analysis scale.
    scale_kind : {"ratio", "smd", "rd", "md", "generic"}
        What the analysis scale is.
    name : str
        The effect in words: ``"risk ratio"``.

    Returns
    -------
    str
        The prior's median and 95% point of tau, each with what that tau means on the scale that is read. A
        clause without a capital and without a full stop.

    Raises
    ------
    mutau.errors.ArgumentError
        The scale is not known.

    Notes
    -----
    Given tau, true effects follow Normal(mu, tau squared), so 95% of them lie within 1.96 tau of the
    average; for a ratio, within a factor of exp(1.96 tau). The "average" is mu, for ratios exp(mu), the
    median of the true ratios.

    References
    ----------
    Röver C, Bender R, Dias S, Schmid CH, Schmidli H, Sturtz S, Weber S, Friede T (2021). On weakly
    informative prior distributions for the heterogeneity parameter in Bayesian random-effects meta-analysis.
    Research Synthesis Methods 12:448-474. doi:10.1002/jrsm.1475

    Examples
    --------
    >>> from mutau import priors
    >>> tau_in_words(priors.PointMass(0), "ratio", "risk ratio")
    'no heterogeneity: every study estimates the same effect'
    >>> print(tau_in_words(priors.HalfNormal(0.5), "ratio", "risk ratio"))
    tau below 0.337 with probability 50% and below 0.98 with probability 95%; at tau = 0.337, 95% of true risk
    ratios lie within a factor of 1.94 of their average, at tau = 0.98 within a factor of 6.83
    """
    _require_scale(scale_kind)
    if not prior.is_proper or prior.is_pending:
        return _no_probabilities(prior, scale_kind)
    if prior.is_point:
        if prior.mean == 0:
            return "no heterogeneity: every study estimates the same effect"
        return f"tau fixed at {_number(prior.mean)}: {_meaning(prior.mean, scale_kind, name)}"
    middle, high = prior.ppf(0.5), prior.ppf(0.95)
    if middle > _HUGE:
        return "tau above 1,000,000 with probability more than 50%"
    claim = f"tau below {_number(middle)} with probability 50%"
    meaning = f"at tau = {_number(middle)}, {_meaning(middle, scale_kind, name)}"
    if high > _HUGE:
        return f"{claim}, but above 1,000,000 with probability more than 5%; {meaning}"
    further = f"at tau = {_number(high)} within {_spread(high, scale_kind)}"
    return f"{claim} and below {_number(high)} with probability 95%; {meaning}, {further}"


def spread_in_words(prior: Prior, scale_kind: str, name: str) -> str:
    """Say how far the true effects of similar trials lie apart under a prior of tau, half of the time and at most.

    Parameters
    ----------
    prior, scale_kind, name
        As for `tau_in_words`.

    Returns
    -------
    str
        A clause without a capital and without a full stop; empty where the prior gives no probabilities, or where
        tau is fixed.

    Raises
    ------
    mutau.errors.ArgumentError
        The scale is not known.

    Notes
    -----
    Given tau, 95% of true effects span 2 x 1.96 tau, so the ratio of the highest of them to the lowest is
    exp(3.92 tau) (Spiegelhalter, Abrams and Myles 2004, section 5.7.3).

    References
    ----------
    Spiegelhalter DJ, Abrams KR, Myles JP (2004). Bayesian Approaches to Clinical Trials and Health-Care Evaluation.
    Wiley. doi:10.1002/0470092602

    Examples
    --------
    >>> from mutau import priors
    >>> print(spread_in_words(priors.HalfNormal(0.5), "ratio", "risk ratio"))
    half of such reviews have tau below 0.337: there, risk ratios of similar trials (95% of them) differ by a factor
    of up to 3.75; one in twenty has tau above 0.98, and a factor of 46.6 or more
    """
    _require_scale(scale_kind)
    if not prior.is_proper or prior.is_pending or prior.is_point:
        return ""
    middle, high = prior.ppf(0.5), prior.ppf(0.95)
    unit = f" ({_unit(scale_kind).strip()})" if scale_kind in ("md", "generic") else ""
    by = "a factor of " if scale_kind == "ratio" else ""
    return (
        f"half of such reviews have tau below {_number(middle)}: there, {name}s of similar trials (95% of them) "
        f"differ by {by}up to {_span(middle, scale_kind)}{unit}; one in twenty has tau above {_number(high)}, "
        f"and {by}{_span(high, scale_kind)} or more"
    )


def weight_in_words(worth: SampleSize) -> str:
    """Say what a prior of the mean effect is worth, in participants or events.

    Parameters
    ----------
    worth : SampleSize
        From `mutau.priors.effective_sample_size`.

    Returns
    -------
    str
        A clause without a capital and without a full stop.

    Examples
    --------
    >>> from mutau import priors
    >>> weight_in_words(priors.effective_sample_size(priors.Normal(0, 2.82), "OR"))
    'worth about 2.01 participants, by (unit information SD / prior SD)^2 with a unit information SD of 4'
    """
    if worth.reason:
        return f"no effective sample size: {worth.reason}"
    if math.isinf(worth.value):
        return f"worth more {worth.unit} than any trial has"
    return (
        f"worth about {_number(worth.value)} {worth.unit}, by {worth.formula} with a unit information SD of "
        f"{_number(worth.unit_sd)}"
    )


def prediction_in_words(
    mu: Prior, tau: Prior, scale_kind: str, name: str, sign: int, null: float = 0.0
) -> tuple[str, ...]:
    """Say what priors of mu and tau together predict: benefit on average and in one setting, and how effects differ.

    Parameters
    ----------
    mu, tau : Prior
        On the analysis scale.
    scale_kind, name
        As for `mu_in_words`.
    sign : {1, -1}
        1 where a higher effect helps, -1 where a lower one does.
    null : float
        From where on it helps, on the analysis scale.

    Returns
    -------
    tuple of str
        Clauses; one that says why where nothing can be predicted.

    Raises
    ------
    mutau.errors.ArgumentError
        The scale is not known.

    Examples
    --------
    >>> from mutau import priors
    >>> told = prediction_in_words(priors.Normal(0, 2.82), priors.HalfNormal(0.5), "ratio", "risk ratio", -1)
    >>> print("; ".join(told))
    before any trial is seen, P(benefit) is 0.5 on average and 0.5 in one setting; the risk ratio in one setting lies
    between 1/275 and 275 with probability 95%; risk ratios of two similar trials differ by a factor of less than 1.29
    half of the time, and of 4.68 or more one time in twenty
    """
    _require_scale(scale_kind)
    lacking = [
        each.of(name) for name, each in (("mu", mu), ("tau", tau)) if not each.is_proper or each.is_pending
    ]
    if lacking:
        which = f"{' and '.join(lacking)} {'gives' if len(lacking) == 1 else 'give'}"
        return (f"nothing can be predicted before the data: {which} no probabilities alone",)
    if mu.family not in PREDICTABLE:
        return (f"what {mu.of('mu')} predicts for one setting is not computed",)
    both = prior_predictive(mu, tau)
    benefit, new = ((each.sf if sign > 0 else each.cdf)(null) for each in (mu, both.theta_new))
    low, high = (float(both.theta_new.ppf(p)) for p in (0.025, 0.975))
    told = [
        f"before any trial is seen, P(benefit) is {_number(benefit)} on average and {_number(new)} in one setting",
        f"the {name} in one setting lies between {_range(low, high, scale_kind)} with probability 95%"
        f"{_caveat(low, high, scale_kind)}",
    ]
    if not tau.is_point or tau.mean > 0:
        half, most = (float(both.difference.ppf(p)) for p in (0.75, 0.975))
        by = "a factor of " if scale_kind == "ratio" else ""
        told.append(
            f"{name}s of two similar trials differ by {by}less than {_step(half, scale_kind)} half of the time, and "
            f"{'of' if by else 'by'} {_step(most, scale_kind)} or more one time in twenty"
        )
    return tuple(told)


def _require_scale(scale_kind: str) -> None:
    if scale_kind not in SCALE_KINDS:
        what = f"scale_kind = {scale_kind!r}"
        raise ArgumentError(Fault(what, "The scale is not known", nearest(str(scale_kind), SCALE_KINDS)))


def _flat(of_what: str, scale_kind: str) -> str:
    on_log = " on the log scale" if scale_kind == "ratio" else ""
    what = f"every value{of_what}{on_log} equally likely"
    return f"flat: {what}; no probability statement can be made from it alone"


def _no_probabilities(prior: Prior, scale_kind: str) -> str:
    """Say why a prior of tau gives no probabilities."""
    if prior.is_pending:
        made = "made from the studies' standard errors, which are not known yet"
        return f"{made}; {'half of it lies below their mean' if prior.is_proper else 'improper'}"
    if prior.family != "Uniform":
        return "improper: it falls like 1 / tau for large tau; no probability statement can be made from it alone"
    return _flat(" of tau", scale_kind)


def _span(tau: float, scale_kind: str) -> str:
    """How far the ends of what 95% of true effects span lie apart, given tau."""
    return _step(2.0 * _Z * tau, scale_kind)


def _step(difference: float, scale_kind: str) -> str:
    """A difference on the analysis scale as it is read: a factor between ratios, else a difference."""
    if scale_kind == "ratio":
        return ratio_in_words(difference, as_fraction=False)
    if scale_kind == "rd":
        return f"{_number(100.0 * difference)} percentage points"
    return _number(difference)


def _number(value: float) -> str:
    """Three significant digits; whole above 100, with commas above 1,000; at most a million in full."""
    size = abs(value)
    if size > _HUGE:
        return "more than 1,000,000" if value > 0 else "less than -1,000,000"
    if size >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if size >= 1e-4 or size == 0 else f"{value:.8f}".rstrip("0")


def ratio_in_words(log_value: float, as_fraction: bool = False) -> str:
    """The ratio behind its logarithm, written so that it neither overflows nor loses its digits."""
    if abs(log_value) > math.log(_HUGE):
        return "more than 1,000,000" if log_value > 0 else "less than 1/1,000,000"
    value = math.exp(log_value)
    if value < 0.1 or (value < 1 and as_fraction):
        return f"1/{_number(1 / value)}"
    return _number(value)


def _range(low: float, high: float, scale_kind: str) -> str:
    """The two limits with "and" between them, and the unit."""
    if scale_kind == "ratio":
        symmetric = math.isclose(low, -high, rel_tol=1e-9)
        if symmetric and math.log(100) < high < math.log(
            _HUGE
        ):  # outwards, so that it holds the 95% it claims
            low, high = -math.log(math.ceil(math.exp(high))), math.log(math.ceil(math.exp(high)))
        return f"{ratio_in_words(low, symmetric)} and {ratio_in_words(high, symmetric)}"
    factor = 100.0 if scale_kind == "rd" else 1.0
    return f"{_number(factor * low)} and {_number(factor * high)}{_unit(scale_kind)}"


def _one_value(value: float, scale_kind: str) -> str:
    if scale_kind == "ratio":
        return ratio_in_words(value, as_fraction=False)
    return f"{_number((100.0 if scale_kind == 'rd' else 1.0) * value)}{_unit(scale_kind)}"


def _unit(scale_kind: str) -> str:
    units = {
        "rd": " percentage points",
        "md": " in the outcome's own units",
        "generic": " on the analysis scale",
    }
    return units.get(scale_kind, "")


def _caveat(low: float, high: float, scale_kind: str) -> str:
    """A normal prior of a risk difference can reach past what is possible; say so."""
    beyond = scale_kind == "rd" and (low < -1 or high > 1)
    return " (beyond the 100 percentage points that are possible)" if beyond else ""


def _spread(tau: float, scale_kind: str) -> str:
    """How far from their average 95% of true effects lie, given tau (without the unit of md and generic)."""
    if scale_kind == "ratio":
        return f"a factor of {ratio_in_words(_Z * tau, as_fraction=False)}"
    if scale_kind == "rd":
        return f"{_number(100.0 * _Z * tau)} percentage points"
    return _number(_Z * tau)


def _meaning(tau: float, scale_kind: str, name: str) -> str:
    """What one value of tau means, as a clause."""
    unit = f" ({_unit(scale_kind).strip()})" if scale_kind in ("md", "generic") else ""
    return f"95% of true {name}s lie within {_spread(tau, scale_kind)} of their average{unit}"
