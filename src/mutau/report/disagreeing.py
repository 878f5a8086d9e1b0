"""Why the classic and the Bayesian answer to one outcome differ, or do not, said from its numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtri
from scipy.stats import t as student_t

from mutau import tables
from mutau.outcomes.defaults import NO_HETEROGENEITY, OWN

if TYPE_CHECKING:
    import pandas as pd

    from mutau.outcomes import OutcomeModel
    from mutau.report.record import OutcomePage

__all__ = ["why_they_differ"]

_ALIKE = 0.1  # of the width of intervals, and
_CLOSE = 0.25  # in classic standard errors, of estimates: less than that is called alike
_FEW = 5  # trials
_HARTUNG_KNAPP = "REML, Hartung-Knapp"
_RARE = 0.05  # prior probability under which an estimate of tau is called far out in the prior
_LITTLE = 0.02  # share of the posterior's precision that a prior may have and be called weak


def why_they_differ(page: OutcomePage) -> tuple[str, ...]:
    """Explain the difference between an outcome's classic and its Bayesian answer.

    Parameters
    ----------
    page : OutcomePage
        What was computed. Read are its frames only; nothing is fitted.

    Returns
    -------
    tuple of str
        Sentences: how the intervals and estimates compare, then each reason that the numbers show. Empty where
        there is no classic interval.
    """
    classic = _classic(page.compared)
    bayesian = _bayesian(page.compared, OWN)
    if classic is None or bayesian is None or math.isnan(classic["lower"]):
        return ()
    k = int(bayesian["k"])
    reasons = [
        _one_trial(page) if k == 1 else _tau(page, float(classic["tau"]), k),
        _common(page) if k > 1 else "",
        _hartung_knapp(page, classic, k) if k > 1 else "",
        _prior_of_mu(page),
        _likelihood(page),
    ]
    return (_comparison(page.model, classic, bayesian), *filter(None, reasons))


type _Row = dict[str, Any]


def _classic(compared: pd.DataFrame) -> _Row | None:
    """The classic row that heads the review's table."""
    for method in tables.HEADLINE_METHODS:
        rows = compared[compared["method"] == method]
        if len(rows):
            return {str(name): value for name, value in rows.iloc[0].items()}
    return None


def _bayesian(compared: pd.DataFrame, label: str) -> _Row | None:
    rows = compared[compared["engine"].isin(tables.BAYESIAN) & (compared["quantity"] == "mu")]
    rows = rows[rows["prior_label"] == label]
    return {str(name): value for name, value in rows.iloc[0].items()} if len(rows) else None


def _written(row: _Row) -> str:
    return tables.effect_interval(row["estimate"], row["lower"], row["upper"])


def _analysis(model: OutcomeModel, row: _Row) -> tuple[float, float]:
    """Estimate and width of the interval, on the scale on which classic pooling works."""
    values = np.array([row["estimate"], row["lower"], row["upper"]])
    estimate, lower, upper = np.asarray(model.effects_record.to_analysis(values))
    return float(estimate), float(upper - lower)


def _comparison(model: OutcomeModel, classic: _Row, bayesian: _Row) -> str:
    (one, wide), (other, wider) = _analysis(model, classic), _analysis(model, bayesian)
    ratio = wider / wide if wide > 0 else math.inf
    moved = (other - one) / (wide / (2 * float(ndtri(0.5 + classic["prob"] / 2)))) if wide > 0 else math.nan
    null = model.effects_record.null
    toward = "nearer to" if abs(other - null) < abs(one - null) else "further from"
    width = (
        "about as wide as"
        if abs(ratio - 1) <= _ALIKE
        else f"{ratio:.1f} times as wide as"
        if ratio > 1
        else f"{100 * ratio:.0f}% as wide as"
    )
    place = (
        "and the estimates lie close together"
        if not abs(moved) > _CLOSE
        else f"and its estimate lies {abs(moved):.1f} classic standard errors {toward} no effect"
    )
    scale = " (on the scale of the logarithm)" if model.effects_record.analysis_scale == "log" else ""
    return (
        f"The Bayesian answer, {model.measure_record.code} {_written(bayesian)}, has a credible interval "
        f"{width} the "
        f"confidence interval of the classic one, {_written(classic)}{scale}, {place}."
    )


def _of_tau(page: OutcomePage) -> tuple[float, float, float]:
    row = page.summarised[page.summarised["quantity"] == "tau"].iloc[0]
    return float(row["estimate"]), float(row["lower"]), float(row["upper"])


def _one_trial(page: OutcomePage) -> str:
    median, _, _ = _of_tau(page)
    prior = page.model.tau_prior
    own = page.compared[page.compared["quantity"] == "theta"]
    effect = "" if own.empty else f" The effect in that trial itself is {_written(dict(own.iloc[0]))}."
    return (
        "One trial says nothing of tau. The classic interval holds that trial's own sampling error alone; the "
        f"Bayesian mean effect is of settings like it, and adds the spread between them that {prior.label} allows "
        f"(median {tables.number(median)}).{effect}"
    )


def _tau(page: OutcomePage, classic: float, k: int) -> str:
    """Set the classic estimate of tau beside its posterior and its prior."""
    median, lower, upper = _of_tau(page)
    prior = page.model.tau_prior
    posterior = (
        f"Its posterior has median {tables.number(median)} and 95% credible interval {tables.number(lower)} to "
        f"{tables.number(upper)}, and the Bayesian interval averages over it."
    )
    if prior.is_point:
        return (
            f"The model fixes tau at {prior.support[0]:g}; the classic estimate is {tables.number(classic)}."
        )
    few = f"{k} trials say little of it. " if k <= _FEW else ""
    if classic < 1e-6:
        return (
            "The classic estimate of tau is 0, and the classic interval takes that as the truth: no variation "
            f"between trials. {few}{posterior}"
        )
    beyond = float(prior.sf(classic)) if prior.is_proper else math.nan
    held = (
        f" The prior, {prior.label}, gives values as large as that a probability of "
        f"{tables.probability(beyond)}: it "
        "holds tau, and with it the width of the interval, below what classic pooling takes."
        if beyond < _RARE and median < classic
        else ""
    )
    return (
        f"The classic interval takes its estimate of tau, {tables.number(classic)}, as if it were known. "
        f"{few}{posterior}{held}"
    )


def _common(page: OutcomePage) -> str:
    """Say what the Bayesian answer is without heterogeneity: what then differs does not come from tau."""
    fixed = _bayesian(page.compared, NO_HETEROGENEITY)
    rows = page.compared[page.compared["method"] == "common effect, inverse variance"]
    if fixed is None or rows.empty or page.model.tau_prior.is_point:
        return ""
    common = {str(name): value for name, value in rows.iloc[0].items()}
    return (
        f"With tau = 0 the two give {_written(fixed)} and {_written(common)} (common effect, inverse "
        f"variance): what "
        "differs more than this comes from how each treats tau."
    )


def _hartung_knapp(page: OutcomePage, classic: _Row, k: int) -> str:
    rows = page.compared[page.compared["method"] == _HARTUNG_KNAPP]
    if rows.empty:
        return ""
    found = {str(name): value for name, value in rows.iloc[0].items()}
    if math.isnan(found["lower"]):
        return "The Hartung-Knapp interval does not exist here; its row says why."
    factor = float(student_t.ppf(0.5 + found["prob"] / 2, k - 1))
    usual = float(ndtri(0.5 + found["prob"] / 2))
    ratio = _analysis(page.model, found)[1] / _analysis(page.model, classic)[1]
    said = f"Hartung and Knapp's interval, {_written(found)},"
    if ratio < 1 - _ALIKE:
        return (
            f"{said} is only {100 * ratio:.0f}% as wide as the classic one although it allows for an "
            f"uncertain tau: "
            f"the {k} trials happen to agree more closely than their standard errors lead one to expect, "
            f"which with "
            "few trials is luck rather than knowledge."
        )
    if ratio > 1 + _ALIKE:
        return (
            f"{said} is {ratio:.1f} times as wide as the classic one: with {k} trials it multiplies its standard "
            f"error by {factor:.1f} where the usual interval takes {usual:.2f}, because it leans on no "
            f"prior at all."
        )
    return ""


def _prior_of_mu(page: OutcomePage) -> str:
    """Say how much the prior of mu weighs: its share of the posterior's precision."""
    prior = page.model.mu_prior
    rows = page.summarised[(page.summarised["quantity"] == "mu")]
    analysis = rows[rows["scale"] == "analysis"]
    row = (analysis if len(analysis) else rows).iloc[0]
    spread = (float(row["upper"]) - float(row["lower"])) / (2 * float(ndtri(0.5 + row["prob"] / 2)))
    sd = float(prior.sd) if prior.is_proper and not prior.is_point else math.nan
    if not math.isfinite(sd) or not spread > 0:
        return ""
    share = min((spread / sd) ** 2, 1.0)
    words = f"The prior for mu, {prior.label}, holds about {100 * share:.2g}% of the posterior's precision"
    return (
        f"{words}: it hardly matters."
        if share < _LITTLE
        else f"{words}, and draws the estimate towards its centre."
    )


def _likelihood(page: OutcomePage) -> str:
    if page.likelihoods is None:
        return ""
    by_label = page.likelihoods.set_index("likelihood_label")
    if "normal" not in by_label.index:
        return ""
    own, normal = (dict(by_label.loc[label]) for label in (page.model.likelihood, "normal"))
    corrected = "corrected" in page.fit.effects and bool(page.fit.effects["corrected"].any())
    why = ", and corrects cells without events" if corrected else ""
    return (
        f"The Bayesian answer takes the counts as they are ({page.model.likelihood} likelihood); by the "
        f"approximation "
        f"that classic pooling makes, a normal effect with a known standard error{why}, it would be "
        f"{_written(normal)} instead of {_written(own)}."
    )
