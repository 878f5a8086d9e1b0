"""The summary of findings: every outcome in one row, with what the reviewers rated and what that means in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import pandas as pd

from mutau import tables
from mutau.decisions import absolute_effects
from mutau.grading.graded import NOT_RATED, as_graded, counted, participants, rating_words
from mutau.grading.statements import graded_statement
from mutau.outcomes.defaults import OWN
from mutau.summaries import events
from mutau.tables.columns import Column, Given, chance, interval_column, number_column, text
from mutau.tables.record import Table

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.grading.graded import Graded, Outcome
    from mutau.grading.statements import Statement

__all__ = ["IN_WORDS", "PerThousand", "conditions", "summary_of_findings"]

IN_WORDS = "In words"
"""Title of the column of statements."""

_CLASSIC = "Classic [95% confidence interval]"
_BAYESIAN = "Bayesian [95% credible interval]"
_IN_PEOPLE = (
    "Events per 1,000 are of the mean effect under the default priors, over the risks without treatment that the "
    "models state; an odds ratio from the same counts is quoted where the measure itself would lead "
    "past a risk of 1 in more than 1% of the posterior.",
)
_NOTES = (
    "P(benefit) is of the mean effect, under the prior for tau that the column names; P(beyond threshold) is of the "
    "mean effect lying beyond the first of the outcome's thresholds on the side of benefit, under the default "
    "priors.",
    "The certainty is what the reviewers rated, in GRADE's words. No probability here replaces it, and none was made "
    "from it.",
    "In words: GRADE's informative statements (Santesso et al. 2020, doi:10.1016/j.jclinepi.2019.10.014), from that "
    "certainty and from the size of the Bayesian estimate by the outcome's thresholds.",
)


@dataclass(frozen=True, slots=True)
class PerThousand:
    """What an effect means among 1,000 people over one baseline risk.

    Parameters
    ----------
    baseline : str
        The risk without the treatment, in words.
    without, treated : float
        Posterior medians of events per 1,000.
    difference, lower, upper : float
        Of the two, with its credible interval.
    """

    baseline: str
    without: float
    treated: float
    difference: float
    lower: float
    upper: float

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, measure: str) -> tuple[Self, ...]:
        """Take them from the frame of `mutau.decisions.AbsoluteEffects`: of the mean effect, one for each baseline.

        Parameters
        ----------
        frame : DataFrame
            Under the default priors; an odds ratio is quoted, and named, where it stands in for what was refused.
        measure : str
            The model's own.
        """
        found = []
        own = frame["prior_label"].eq(OWN) | frame["measure"].ne(measure)
        for _, rows in frame[frame["quantity"].eq("mu") & own].groupby("baseline", sort=False):
            known = rows[rows["difference"].notna()]
            row = (known if len(known) else rows).iloc[0]
            words = f"{row['baseline_label']}{'' if row['measure'] == measure else ', by an odds ratio'}"
            numbers = ("without", "with", "difference", "difference_lower", "difference_upper")
            found.append(cls(words, *(float(row[name]) for name in numbers)))
        return tuple(found)


def summary_of_findings(
    outcomes: Iterable[Outcome | Fit],
    *,
    absolute: Mapping[str, Sequence[PerThousand]] | None = None,
    language: str = "en",
) -> Table:
    """Set outcomes under one another as GRADE's summary of findings does.

    Parameters
    ----------
    outcomes : iterable
        Fits, or the outcomes of a run: ``mutau.run_review(...).outcomes``.
    absolute : mapping of str to sequence of PerThousand, optional
        Events per 1,000 by the name of the outcome's model; by default those over the baseline risks that the models
        state.
    language : str
        Of the statements; one of `mutau.grading.languages`.

    Returns
    -------
    Table
        Trials and participants, events per 1,000 where given, the classic effect beside the Bayesian one, P(benefit)
        under every prior for tau, the probability of an effect that matters, the certainty as it was rated, and the
        informative statement. Its ``numbers`` are unrounded: one row per outcome, with ``estimate``, ``lower``,
        ``upper``, ``p_benefit``, ``p_beyond``, ``size``, ``rating`` and ``statement`` among them.

    Raises
    ------
    ArgumentError
        There is no outcome, something is none, or there is no such language.

    Notes
    -----
    Certainty is never computed: an outcome that nobody rated says so, and has no statement.
    """
    graded = as_graded(outcomes)
    said = [graded_statement(each, language) for each in graded]
    models = [each.model for each in graded]
    people = [(absolute or {}).get(each.model.name, _stated(each)) for each in graded]
    laid_out = tables.review_table(models, pd.concat([each.compared for each in graded], ignore_index=True))
    chances = [name for name in laid_out if str(name).startswith("P(benefit)")]
    columns = (
        text("Outcome", laid_out["Outcome"]),
        number_column("Trials (participants)", [counted(each.fit) for each in graded]),
        *_per_thousand(people),
        text("Measure", laid_out["Measure"]),
        interval_column("Classic", laid_out[_CLASSIC], "95% confidence interval"),
        interval_column("Bayesian", laid_out[_BAYESIAN], "95% credible interval"),
        *(chance(str(name), laid_out[name]) for name in chances),
        chance("P(beyond threshold): default", [_beyond(each)[1] for each in graded]),
        text("Certainty, as rated", [each.rating or NOT_RATED for each in said]),
        text(IN_WORDS, [each.text for each in said]),
    )
    return Table(
        name="summary_of_findings",
        title="Summary of findings, classic beside Bayesian",
        columns=columns,
        numbers=pd.DataFrame([_numbers(*each) for each in zip(graded, said, people, strict=True)]),
        given=conditions(graded),
        notes=(*_NOTES, *_in_people(graded, people)),
        provenance=tuple(f"{each.model.title}: {each.provenance}" for each in graded),
    )


def conditions(graded: Sequence[Graded]) -> tuple[Given, ...]:
    """Say what the probabilities and credible intervals of each outcome are given."""
    default = "(default; or as the column says)"
    return tuple(
        Given(
            str(each.row["mu_prior"]),
            f"{each.row['tau_prior']} {default}",
            f"{each.model.likelihood} likelihood",
            each.model.title,
        )
        for each in graded
    )


def _stated(graded: Graded) -> Sequence[PerThousand]:
    """Events per 1,000 over the baselines that the model states."""
    frame, stakes = graded.absolute, graded.model.decision
    if frame is None and stakes is not None and stakes.baselines:
        frame = absolute_effects(graded.fit, stakes.baselines, instrument=stakes.instrument).to_frame()
    return () if frame is None else PerThousand.of_frame(frame, graded.model.measure)


def _in_people(graded: Sequence[Graded], people: Sequence[Sequence[PerThousand]]) -> tuple[str, ...]:
    """Say over which risks events are counted, in the order of the cells; nothing where none is."""
    named = [
        f"{each.model.title}: {', then '.join(one.baseline for one in found)}"
        for each, found in zip(graded, people, strict=True)
        if found
    ]
    return (*_IN_PEOPLE, f"The risks without treatment: {'; '.join(named)}.") if named else ()


def _per_thousand(found: Sequence[Sequence[PerThousand]]) -> tuple[Column, ...]:
    """Three columns of events per 1,000, a baseline after the other in a cell; none where nothing is given."""
    if not any(found):
        return ()

    def cells(written: Any) -> list[str]:
        return ["; ".join(map(written, each)) or tables.NOT_AVAILABLE for each in found]

    def effect(one: PerThousand) -> str:
        return f"{tables.number(one.difference, 0)} {tables.interval(one.lower, one.upper, 0)}"

    return (
        number_column("Per 1,000 without", cells(lambda one: tables.number(one.without, 0))),
        number_column("Per 1,000 with", cells(lambda one: tables.number(one.treated, 0))),
        interval_column("Difference per 1,000", cells(effect), "95% credible interval"),
    )


def _beyond(graded: Graded) -> tuple[float, str, str]:
    """Give the probability beyond the first threshold on the side of benefit: bare, written, and which one it is."""
    model = graded.model
    benefits = [event for event in events(model)[2:] if event.side == model.benefit_sign]
    if not benefits:
        return float("nan"), tables.NOT_AVAILABLE, ""
    event = benefits[0]
    value, ess = graded.chance(event)
    return value, f"{tables.probability(value, ess)}: {event.label}", event.label


def _numbers(graded: Graded, said: Statement, people: Sequence[PerThousand]) -> dict[str, Any]:
    row, model = graded.row, graded.model
    kept = ("model", "measure", "estimate", "lower", "upper", "prob", "kind", "tau", "p_benefit", "p_harm")
    value, _, label = _beyond(graded)
    return {
        **{name: row[name] for name in kept},
        "outcome": model.title,
        "k": graded.fit.k,
        "participants": participants(graded.fit),
        "p_beyond": value,
        "threshold": label,
        **{
            f"{name}_per_1000_{place}": value
            for place, each in enumerate(people, start=1)
            for name, value in asdict(each).items()
        },
        "size": said.size,
        "size_from": said.why,
        "rating": said.rating,
        "rating_said": rating_words(model),
        "statement": said.text,
        "statement_numbers": said.numbers,
        "mu_prior": row["mu_prior"],
        "tau_prior": row["tau_prior"],
        "likelihood": model.likelihood,
        "provenance": graded.provenance,
    }
