"""An outcome model, or a published prior, in mathematics and words: to check before anything is fitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mutau.likelihoods import LIKELIHOODS
from mutau.measures import get_measure
from mutau.outcomes.defaults import NO_HETEROGENEITY
from mutau.pooled_only.wording import described
from mutau.priors.published import origin_in_words
from mutau.priors.words import mu_in_words, tau_in_words
from mutau.tables import number, percent

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.priors import PublishedPrior

__all__ = ["describe_model", "describe_published", "priors_in_words"]

_BACK = {"log": "log {name}", "identity": "{name}", "atanh": "atanh of the {name}"}


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
    measure = model.measure_record
    helps = "higher" if model.benefit_sign > 0 else "lower"
    scale = _BACK[measure.analysis_scale].format(name=measure.name)
    lines = [
        f"{model.title} ({model.name})",
        f"{model.treatment_label} against {model.control_label}; {measure.name}; {helps} is better.",
        "",
        "Model",
        *(described(model) if model.is_pooled else (f"  {line}" for line in _mathematics(model))),
        f"  {'m, se' if model.is_pooled else 'theta'}, mu and tau are on the scale of the {scale}.",
        "",
        "Priors",
        *(f"  {line}" for line in priors_in_words(model)),
    ]
    if model.thresholds:
        lines += ["", "Thresholds"]
        lines += [
            f"  {measure.code} {number(threshold.value)}: {threshold.label}" for threshold in model.thresholds
        ]
    if model.published is not None:
        published = model.published
        interval = f"{number(published.estimate)} [{number(published.lower)}, {number(published.upper)}]"
        lines += [
            "",
            "Published",
            f"  {measure.code} {interval}, {percent(published.prob)} confidence interval",
        ]
        lines += [f"  {published.source}"] if published.source else []
    return (*lines, "")


def _mathematics(model: OutcomeModel) -> tuple[str, ...]:
    """The sampling model, the baselines where there are some, and the random effects."""
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
    scale = _BACK[measure.analysis_scale].format(name=measure.name)
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
    words = mu_in_words if published.parameter == "mu" else tau_in_words
    return f"{published.parameter} ~ {published.prior}: {words(published.prior, measure.scale_kind, measure.name)}"
