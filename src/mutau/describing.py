"""An outcome model in mathematics and words, for people to check before anything is fitted."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from mutau.likelihoods import LIKELIHOODS
from mutau.priors.words import mu_in_words, tau_in_words
from mutau.tables import number, percent

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel

__all__ = ["describe_model", "priors_in_words"]

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
        *(f"  {line}" for line in _mathematics(model)),
        f"  theta, mu and tau are on the scale of the {scale}.",
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
    """State each prior of a model and what it means: mu's, tau's own, then tau's alternatives."""
    measure = model.measure_record
    told = [f"mu ~ {model.mu_prior}: {mu_in_words(model.mu_prior, measure.scale_kind, measure.name)}"]
    for label, prior in (("default", model.tau_prior), *model.tau_alternatives):
        told.append(f"tau ~ {prior} ({label}): {tau_in_words(prior, measure.scale_kind, measure.name)}")
    return tuple(told)
