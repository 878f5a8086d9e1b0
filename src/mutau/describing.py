"""An outcome model in mathematics and words, for people to check before anything is fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mutau.likelihoods import LIKELIHOODS
from mutau.outcomes.defaults import NO_HETEROGENEITY
from mutau.pooled_only.wording import described
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
        *(described(model) if model.is_pooled else _of_the_trials(model)),
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


def _of_the_trials(model: OutcomeModel) -> tuple[str, ...]:
    return (
        f"  {LIKELIHOODS[model.likelihood].mathematics}",
        "  theta_i ~ Normal(mu, tau^2)    the effect in study i",
        "  theta_new ~ Normal(mu, tau^2)  the effect in a new setting",
    )


def priors_in_words(model: OutcomeModel) -> tuple[str, ...]:
    """State each prior of a model and what it means: mu's, tau's own, then tau's alternatives."""
    measure = model.measure_record
    told = [f"mu ~ {model.mu_prior}: {mu_in_words(model.mu_prior, measure.scale_kind, measure.name)}"]
    for label, prior in (("default", model.tau_prior), *model.tau_alternatives):
        if (
            model.is_pooled and label == NO_HETEROGENEITY
        ):  # that is the form conditional on the published tau-hat
            continue
        told.append(f"tau ~ {prior} ({label}): {tau_in_words(prior, measure.scale_kind, measure.name)}")
    return tuple(told)
