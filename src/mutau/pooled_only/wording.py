"""Tables and sentences about these outcomes that people read; numbers are rounded as `mutau.tables` rounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import pandas as pd

from mutau import tables
from mutau.pooled_only.answers import CONDITIONAL, LIKELIHOOD, PROVENANCE
from mutau.pooled_only.frames import answers_frame, chances_frame
from mutau.priors.words import mu_in_words, tau_in_words
from mutau.tables.columns import credible

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.pooled_only.answers import PooledAnswer, PooledResult

__all__ = [
    "POOLED_CAPTIONS",
    "WHY_APART",
    "benefit_range",
    "described",
    "noted_apart",
    "overview",
    "pooled_table",
    "priors_table",
    "statement_table",
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


def pooled_table(result: PooledResult) -> tables.Table:
    """Make the table of a pooled result's answers, with the unrounded numbers behind it."""
    return _table(result, "pooled", _answer_columns(result), answers_frame(result))


def statement_table(result: PooledResult) -> tables.Table:
    """Make the table of every statement's probability; unrounded numbers behind it."""
    return _table(result, "probabilities", _statement_columns(result), chances_frame(result))


def _table(
    result: PooledResult, name: str, columns: tuple[tables.Column, ...], numbers: pd.DataFrame
) -> tables.Table:
    title = f"{result.model.title}: {POOLED_CAPTIONS[name]}"
    notes = (*result.notes, *result.reasons)
    return tables.Table(name, title, columns, numbers, (_given(result.model),), notes, result.provenance)


def _given(model: OutcomeModel, of: str = "") -> tables.Given:
    """What the probabilities of such an outcome are given: tau is taken as each answer says."""
    priors = "; ".join(
        f"{label}: {prior.label}" for label, prior in (("default", model.tau_prior), *model.tau_alternatives)
    )
    tau = f"what its answer says ({priors})"
    return tables.Given(model.mu_prior.label, tau, LIKELIHOOD, of)


def _answer_columns(result: PooledResult) -> tuple[tables.Column, ...]:
    answers, blank = result.answers, tables.NOT_AVAILABLE
    published = f"{_as_printed(result)} ({tables.percent(result.published.prob)} confidence interval)"
    before, new = tables.probability(result.prior_benefit), tables.probability(result.benefit_new)
    effects = [tables.effect_interval(answer.estimate, answer.lower, answer.upper) for answer in answers]
    code, kind = result.model.measure_record.code, credible(result.conditional.prob)
    return (
        tables.text("What is done with tau", ["as published", *map(_treatment, answers)]),
        tables.interval_column(code, [published, *effects], kind),
        tables.chance("P(benefit)", [blank, *(tables.probability(answer.benefit) for answer in answers)]),
        tables.chance("P(benefit) over rounding", [blank, *map(benefit_range, answers)]),
        tables.chance("P(harm)", [blank, *(tables.probability(answer.harm) for answer in answers)]),
        tables.chance("P(benefit) before data", [blank, *[before] * len(answers)]),
        tables.chance("P(benefit) in a new setting", [blank, *[new] * len(answers)]),
    )


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


def _statement_columns(result: PooledResult) -> tuple[tables.Column, ...]:
    before = [tables.probability(chance.probability) for chance in result.prior_chances]
    return (
        tables.text("Statement", [chance.label for chance in result.prior_chances]),
        *(
            tables.chance(
                _treatment(answer), [tables.probability(chance.probability) for chance in answer.chances]
            )
            for answer in result.answers
        ),
        tables.chance("Before data (prior)", before),
    )


def priors_table(result: PooledResult) -> pd.DataFrame:
    """Lay out the priors with what they say."""
    model, measure = result.model, result.model.measure_record
    rows = [("mu", model.mu_prior.label, mu_in_words(model.mu_prior, measure.scale_kind, measure.name))]
    for answer in result.integrated:
        if (prior := answer.tau_prior) is not None:
            words = tau_in_words(prior, measure.scale_kind, measure.name)
            rows.append((f"tau, {answer.label}", prior.label, words))
    return pd.DataFrame(rows, columns=["Quantity", "Prior", "What it says"])


def noted_apart(findings: tables.Table, results: Sequence[PooledResult]) -> tables.Table:
    """Let a summary of findings say which further outcomes stand in a table of their own, where there are any."""
    if not results:
        return findings
    titles = "; ".join(result.model.title for result in results)
    where = "of which only the pooled result is known, stand in a table of their own (pooled)"
    return replace(findings, notes=(*findings.notes, f"Further outcomes, {where}: {titles}."))


def overview(title: str, results: Sequence[PooledResult]) -> tables.Table:
    """Make the table of all such outcomes of a review; unrounded numbers behind it."""
    numbers = pd.concat([answers_frame(result) for result in results], ignore_index=True)
    given = tuple(_given(result.model, result.model.title) for result in results)
    return tables.Table(
        "pooled", title, _overview_columns(results), numbers, given, (WHY_APART,), (PROVENANCE,)
    )


def _overview_columns(results: Sequence[PooledResult]) -> tuple[tables.Column, ...]:
    published, blank = [result.published for result in results], tables.NOT_AVAILABLE
    labels = dict.fromkeys(answer.label for result in results for answer in result.answers)
    printed = [f"{_as_printed(result)} ({tables.percent(result.published.prob)})" for result in results]
    return (
        tables.text("Outcome", [result.model.title for result in results]),
        tables.text("k", [one.k for one in published]),
        tables.text("Participants", [one.participants or blank for one in published]),
        tables.text("Measure", [result.model.measure_record.code for result in results]),
        tables.interval_column("Published", printed, "confidence interval (its probability)"),
        tables.text("GRADE certainty", [one.certainty or blank for one in published]),
        *(
            tables.chance(
                f"P(benefit): {_overview_label(label)}", [_benefit_under(result, label) for result in results]
            )
            for label in labels
        ),
        tables.text("Provenance", [PROVENANCE for _ in results]),
    )


def _overview_label(label: str) -> str:
    return label if label == CONDITIONAL else f"{label} prior for tau"


def _benefit_under(result: PooledResult, label: str) -> str:
    found = [answer for answer in result.answers if answer.label == label]
    return tables.probability(found[0].benefit) if found else tables.NOT_AVAILABLE


def described(model: OutcomeModel) -> tuple[str, ...]:
    """Write the model of such an outcome in mathematics, line by line."""
    published = model.published
    assert published is not None
    tau2 = published.tau2_published
    said = "not known, taken as 0" if tau2 is None else f"{tau2:g}"
    interval = "Wald interval" if published.ci_method else "Wald interval, assumed"
    return (
        "Only the pooled result m of the review is known; the trials are not.",
        f"m ~ Normal(mu, se^2)           {CONDITIONAL}",
        f"m ~ Normal(mu, se^2 + max(0, tau^2 - tau2_published) / {published.k})",
        "                               with tau's prior: exact for trials of equal size",
        f"se = (upper - lower) / (2 z)   {interval}",
        f"tau2_published                 {said}",
        "There is no posterior of tau, and none of the effect in a new setting.",
    )
