"""An outcome model, or a published prior, in mathematics and words: to check before anything is fitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pandas as pd

from mutau.errors import ArgumentError, Fault, nearest
from mutau.likelihoods import LIKELIHOODS
from mutau.measures import get_measure
from mutau.outcomes.defaults import NO_HETEROGENEITY
from mutau.pooled_only.wording import described
from mutau.priors import (
    effective_sample_size,
    mu_in_words,
    parse_prior,
    prediction_in_words,
    spread_in_words,
    tau_in_words,
    tau_prior_faults,
    weight_in_words,
)
from mutau.priors.published import origin_in_words
from mutau.priors.unit_information import UNIT_MEASURES
from mutau.tables import Table, number, percent, text

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel, PublishedResult
    from mutau.priors import Prior, PublishedPrior

__all__ = [
    "describe_model",
    "describe_prior",
    "describe_published",
    "describe_written",
    "implications_in_words",
    "mathematics",
    "model_table",
    "priors_in_words",
]


def describe_model(model: OutcomeModel) -> tuple[str, ...]:
    """Describe an outcome model, line by line: question, mathematics, priors and thresholds with what they mean.

    Parameters
    ----------
    model : OutcomeModel
        Any outcome model.

    Returns
    -------
    tuple of str
        Plain text, one line each; empty lines separate the parts.
    """
    title, *parts = _parts(model)
    told = (line for heading, lines in parts for line in (heading, *(f"  {line}" for line in lines), ""))
    return (f"{title[0]} ({model.name})", *title[1], "", *told)


def model_table(model: OutcomeModel) -> Table:
    """Set an outcome model out as a table: what `describe_model` says, in rows.

    Parameters
    ----------
    model : OutcomeModel
        Any outcome model.
    """
    title, *parts = _parts(model)
    rows = [(heading, line.strip()) for heading, lines in [("Question", title[1]), *parts] for line in lines]
    frame = pd.DataFrame(rows, columns=["part", "text"])
    heads = frame["part"].where(frame["part"].ne(frame["part"].shift()), "")
    return Table(
        "model", f"{title[0]} ({model.name})", (text("Part", heads), text("In words", frame["text"])), frame
    )


def _parts(model: OutcomeModel) -> list[tuple[str, tuple[str, ...]]]:
    """The title with the question, then each part's heading and lines."""
    measure = model.measure_record
    helps = "higher" if model.benefit_sign > 0 else "lower"
    scale = measure.analysis_words
    question = f"{model.contrast('against')}; {measure.name}; {helps} is better."
    scaled = f"{'m, se' if model.is_pooled else 'theta'}, mu and tau are on the scale of the {scale}."
    parts = [
        (model.title, (question,)),
        ("Model", (*(described(model) if model.is_pooled else mathematics(model)), scaled)),
        ("Priors", (*priors_in_words(model), *implications_in_words(model))),
    ]
    if model.thresholds:
        lines = (
            f"{measure.code} {number(threshold.value)}: {threshold.label}" for threshold in model.thresholds
        )
        parts.append(("Thresholds", tuple(lines)))
    if model.decision is not None:
        parts.append(("Decision", model.decision.lines))
    if model.published is not None:
        parts.append(("Published", _published(model.published, measure.code)))
    return parts


def _published(published: PublishedResult, code: str) -> tuple[str, ...]:
    limits = f"{number(published.estimate)} [{number(published.lower)}, {number(published.upper)}]"
    printed = f"{code} {limits}, {percent(published.prob)} confidence interval"
    return (printed, published.source) if published.source else (printed,)


def mathematics(model: OutcomeModel) -> tuple[str, ...]:
    """Write the sampling model, the baselines where there are some, and the random effects, line by line.

    Two or more blanks stand between the mathematics of a line and what they mean in words.
    """
    likelihood = LIKELIHOODS[model.likelihood]
    lines = list(likelihood.sampling_model(model.measure))
    if likelihood.has_baseline:
        lines.append(
            f"eta_i ~ Normal(0, {model.baseline_sd:g}^2)       the baseline of study i, independent of others"
        )
    if likelihood.of_counts:
        lines.append("Counts are taken as they are: no zero-cell correction.")
    effects = "Normal(mu, tau^2)"
    if math.isfinite(model.effects_df):
        effects = f"StudentT(mu, tau, df = {model.effects_df:g})"
    return (
        *lines,
        f"theta_i ~ {effects}    the effect in study i",
        f"theta_new ~ {effects}  the effect in a new setting",
    )


def priors_in_words(model: OutcomeModel) -> tuple[str, ...]:
    """State each prior of a model and what it means: mu's, tau's own, tau's alternatives; then where each is from."""
    measure = model.measure_record
    told = [f"mu ~ {model.mu_prior.stated}: {mu_in_words(model.mu_prior, measure.scale_kind, measure.name)}"]
    for label, prior in (("default", model.tau_prior), *model.tau_alternatives):
        if model.is_pooled and label == NO_HETEROGENEITY:
            continue  # that is the form conditional on the published tau-hat
        told.append(
            f"tau ~ {prior.stated} ({label}): {tau_in_words(prior, measure.scale_kind, measure.name)}"
        )
    used = (model.mu_prior, model.tau_prior, *(prior for _, prior in model.tau_alternatives))
    told += dict.fromkeys(
        f"{prior.origin.name}: {origin_in_words(prior.origin)}" for prior in used if prior.origin
    )
    return tuple(told)


def implications_in_words(model: OutcomeModel) -> tuple[str, ...]:
    """Say what a model's priors imply: what mu's is worth, how far trials lie apart, what is predicted without data.

    Parameters
    ----------
    model : OutcomeModel
        Any outcome model.

    Returns
    -------
    tuple of str
        A sentence each, without a full stop.

    Notes
    -----
    What mu's prior is worth is stated in participants at a baseline risk of 50% (OR, RR, RD), or in events (IRR, HR);
    see `mutau.priors.effective_sample_size`. A prior of tau has no such number.
    """
    measure, mu, tau = model.measure_record, model.mu_prior, model.tau_prior
    kind, name = measure.scale_kind, measure.name
    lines = [f"The prior of mu is {_weight(mu, model.measure, model.reference_sd)}"]
    spread = spread_in_words(tau, kind, name)
    lines += [f"Under {tau.label} for tau, {spread}"] if spread else []
    predicted = prediction_in_words(mu, tau, kind, name, model.benefit_sign, measure.null)
    lines += [sentence[:1].upper() + sentence[1:] for sentence in predicted]
    return tuple(lines)


def _weight(prior: Prior, measure: str, reference_sd: float | None) -> str:
    if measure == "GEN" or (measure == "MD" and reference_sd is None):
        return "not counted in participants: the unit of the effect is not known"
    if measure not in UNIT_MEASURES:
        return f"not counted in participants: what one tells of {measure} is not known"
    told = weight_in_words(effective_sample_size(prior, measure, reference_sd=reference_sd))
    return (
        f"{told} (risks of 50%)" if measure in ("OR", "RR", "RD") and told.startswith("worth about") else told
    )


def describe_prior(
    prior: Prior, measure: str, parameter: str = "mu", *, reference_sd: float | None = None
) -> tuple[str, ...]:
    """Describe any prior, line by line: what it is, what it claims, what it is worth, where it is from.

    Parameters
    ----------
    prior : Prior
        On the analysis scale.
    measure : str
        Code of the effect measure.
    parameter : {"mu", "tau"}
        What it is a prior of.
    reference_sd : float, optional
        Of the outcome, where the measure is MD: without it the prior's worth is not counted.

    Returns
    -------
    tuple of str
        Plain text, one line each; empty lines separate the parts.
    """
    record = get_measure(measure)
    kind, name = record.scale_kind, record.name
    of = "mean effect mu" if parameter == "mu" else "between-study SD tau"
    scale = record.analysis_words
    words = (mu_in_words if parameter == "mu" else tau_in_words)(prior, kind, name)
    lines = [
        prior.stated,
        f"Prior of the {of} for the {name} ({measure}), on the scale of the {scale}.",
        "",
        "Says",
    ]
    lines.append(f"  {words}")
    if parameter == "mu":
        lines.append(f"  {_weight(prior, measure, reference_sd)}")
    else:
        spread = spread_in_words(prior, kind, name)
        lines += [f"  {spread}"] if spread else []
        lines.append(
            f"  {weight_in_words(effective_sample_size(prior, measure, parameter='tau', unit_sd=1.0))}"
        )
    if prior.origin is not None:
        lines += ["", "Source", f"  {origin_in_words(prior.origin)}"]
    return (*lines, "")


def describe_written(text: str, measure: str, parameter: str | None = None) -> tuple[str, ...]:
    """Describe a prior that is written as text; see `describe_prior`.

    Parameters
    ----------
    text : str
        As in a model file: ``"HalfNormal(0.5)"``.
    measure : str
        Code of the effect measure.
    parameter : {"mu", "tau"}, optional
        Left out: of tau where the prior has no negative values.

    Raises
    ------
    mutau.errors.ArgumentError
        The text is no prior, there is no such measure, or the parameter cannot have this prior.
    """
    prior = parse_prior(text)
    get_measure(measure)
    chosen = parameter or ("tau" if prior.support[0] >= 0 else "mu")
    if chosen not in ("mu", "tau"):
        rule = "A prior is of mu or of tau"
        raise ArgumentError(Fault(f"parameter = {chosen!r}", rule, nearest(chosen, ("mu", "tau"))))
    if chosen == "tau" and (faults := tau_prior_faults(prior)):
        raise ArgumentError(faults)
    return describe_prior(prior, measure, chosen)


def describe_published(published: PublishedPrior) -> tuple[str, ...]:
    """Describe a published prior, line by line: what it is for, what it claims, what to know, how to use it.

    Parameters
    ----------
    published : PublishedPrior
        As `mutau.priors.published_prior` gives it.

    Returns
    -------
    tuple of str
        Plain text, one line each; empty lines separate the parts.
    """
    measure, parameter = get_measure(published.measure), published.parameter
    of = "mean effect mu" if parameter == "mu" else "between-study SD tau"
    scale = measure.analysis_words
    lines = [
        published.name,
        f"Prior of the {of}, published for the {measure.name} ({measure.code}), on the scale of the {scale}.",
        "",
        "Setting",
        *(f"  {key}: {value}" for key, value in published.setting.items()),
        "",
        "Prior",
        f"  {_in_words(published)}",
        f"  printed as {published.printed}",
    ]
    if published.twin is not None:
        other = "The table's pattern" if published.suspected else "As printed"
        lines += ["", f"{other} ({published.twin.name})", f"  {_in_words(published.twin)}"]
    lines += ["", "To know", *(f"  {caveat}" for caveat in published.caveats)]
    lines += ["", "In a model file, under [priors]", f'  {parameter} = {{ published = "{published.name}" }}']
    return (*lines, "", "Source", f"  {published.source.citation} doi:{published.source.doi}", "")


def _in_words(published: PublishedPrior) -> str:
    measure = get_measure(published.measure)
    kind, name, prior = measure.scale_kind, measure.name, published.prior
    words = mu_in_words if published.parameter == "mu" else tau_in_words
    told = f"{published.parameter} ~ {prior}: {words(prior, kind, name)}"
    further = spread_in_words(prior, kind, name) if published.parameter == "tau" else ""
    return f"{told}\n  {further}" if further else told
