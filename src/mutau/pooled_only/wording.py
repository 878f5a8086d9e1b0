"""Tables and sentences about these outcomes that people read; numbers are rounded as `mutau.tables` rounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from mutau import tables
from mutau.pooled_only.answers import CONDITIONAL, PROVENANCE
from mutau.priors.words import mu_in_words, tau_in_words

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.pooled_only.answers import PooledAnswer, PooledResult

__all__ = [
    "POOLED_CAPTIONS",
    "WHY_APART",
    "answers_table",
    "benefit_range",
    "described",
    "overview_table",
    "priors_table",
    "statements_table",
]

POOLED_CAPTIONS = {
    "pooled": "what the pooled result alone says",
    "probabilities": "probabilities of the mean effect",
    "priors": "priors, and what they mean",
}
"""What each table of such an outcome is called."""
WHY_APART = (
    "Of these outcomes only the pooled result is known, not the trials. Their numbers stand apart: the trials have "
    "had no say in tau, so they cannot be ranked with outcomes whose tau the trials inform."
)


def answers_table(result: PooledResult) -> pd.DataFrame:
    """Lay out the published result, the conditional answer and the integrated ones, for reading."""
    published, code = result.published, result.model.measure_record.code
    before = tables.probability(result.prior_benefit)
    blank = tables.NOT_AVAILABLE
    interval = f"{code} [{tables.percent(result.conditional.prob)} credible interval]"
    first = {
        "What is done with tau": "as published",
        interval: f"{_as_printed(result)} ({tables.percent(published.prob)} confidence interval)",
        "P(benefit)": blank,
        "P(benefit) over rounding": blank,
        "P(harm)": blank,
        "P(benefit) before data": blank,
        "P(benefit) in a new setting": blank,
    }
    rows = [first]
    for answer in result.answers:
        shown = (
            _treatment(answer),
            tables.effect_interval(answer.estimate, answer.lower, answer.upper),
            tables.probability(answer.benefit),
            benefit_range(answer),
            tables.probability(answer.harm),
            before,
            tables.probability(result.benefit_new),
        )
        rows.append(dict(zip(first, shown, strict=True)))
    return pd.DataFrame(rows)


def _as_printed(result: PooledResult) -> str:
    published, decimals = result.published, result.printed.decimals
    estimate, lower, upper = (
        f"{value:.{decimals}f}" for value in (published.estimate, published.lower, published.upper)
    )
    return f"{estimate} [{lower}, {upper}]"


def _treatment(answer: PooledAnswer) -> str:
    if answer.tau_prior is None:
        return CONDITIONAL
    return f"{answer.label}: tau ~ {answer.tau_prior.label}"


def benefit_range(answer: PooledAnswer) -> str:
    """Write the range of P(benefit) over rounding."""
    low, high = answer.benefit_range
    return f"{tables.probability(low)} to {tables.probability(high)}"


def statements_table(result: PooledResult) -> pd.DataFrame:
    """Lay out every statement's probability: answers across, then before the data."""
    frame = pd.DataFrame({"Statement": [chance.label for chance in result.prior_chances]})
    for answer in result.answers:
        frame[_treatment(answer)] = [tables.probability(chance.probability) for chance in answer.chances]
    frame["Before data (prior)"] = [tables.probability(chance.probability) for chance in result.prior_chances]
    return frame


def priors_table(result: PooledResult) -> pd.DataFrame:
    """Lay out the priors with what they say."""
    model, measure = result.model, result.model.measure_record
    rows = [("mu", model.mu_prior.label, mu_in_words(model.mu_prior, measure.scale_kind, measure.name))]
    for answer in result.integrated:
        if (prior := answer.tau_prior) is not None:
            words = tau_in_words(prior, measure.scale_kind, measure.name)
            rows.append((f"tau, {answer.label}", prior.label, words))
    return pd.DataFrame(rows, columns=["Quantity", "Prior", "What it says"])


def overview_table(results: Sequence[PooledResult]) -> pd.DataFrame:
    """Lay out all such outcomes of a review, one row each."""
    rows = []
    for result in results:
        published = result.published
        row = {
            "Outcome": result.model.title,
            "k": f"{published.k}",
            "Participants": f"{published.participants or tables.NOT_AVAILABLE}",
            "Measure": result.model.measure_record.code,
            "Published [confidence interval]": _as_printed(result),
            "GRADE certainty": published.certainty or tables.NOT_AVAILABLE,
        }
        for answer in result.answers:
            what = answer.label if answer.tau_prior is None else f"{answer.label} prior for tau"
            row[f"P(benefit): {what}"] = tables.probability(answer.benefit)
        rows.append(row | {"Provenance": PROVENANCE})
    return pd.DataFrame(rows).fillna(tables.NOT_AVAILABLE)


def described(model: OutcomeModel) -> tuple[str, ...]:
    """Write the model of such an outcome in mathematics, line by line."""
    published = model.published
    assert published is not None
    tau2 = published.tau2_published
    said = "not known, taken as 0" if tau2 is None else f"{tau2:g}"
    interval = "Wald interval" if published.ci_method else "Wald interval, assumed"
    return (
        "  Only the pooled result m of the review is known; the trials are not.",
        f"  m ~ Normal(mu, se^2)           {CONDITIONAL}",
        f"  m ~ Normal(mu, se^2 + max(0, tau^2 - tau2_published) / {published.k})",
        "                                 with tau's prior: exact for trials of equal size",
        f"  se = (upper - lower) / (2 z)   {interval}",
        f"  tau2_published                 {said}",
        "  There is no posterior of tau, and none of the effect in a new setting.",
    )
