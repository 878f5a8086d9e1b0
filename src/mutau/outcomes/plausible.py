"""Parts of a model that may be meant but look like a slip: said in notes, never refused."""

from __future__ import annotations

from collections.abc import Iterator

from mutau.measures import MEASURES
from mutau.outcomes.defaults import RESERVED_LABELS
from mutau.outcomes.model import OutcomeModel
from mutau.priors import LogNormal, Normal, Prior, published_priors
from mutau.priors.from_studies import StudyErrorPrior

__all__ = ["model_notes"]

WIDE_TAU = 2.0
"""Prior median of tau, on a scale without a unit, beyond which it is asked whether the scale is right."""


def model_notes(model: OutcomeModel) -> tuple[str, ...]:
    """Say which priors of a model look like those of another scale.

    Parameters
    ----------
    model : OutcomeModel

    Returns
    -------
    tuple of str
        Each with what is given, why it is odd, and what then to do.

    Examples
    --------
    >>> from mutau.priors import Normal
    >>> model_notes(OutcomeModel(name="falls", measure="RR", benefit="lower", mu_prior=Normal(1, 0.5)))
    ('priors.mu: Normal(1, 0.5) is centred at a risk ratio of 2.72, ... Normal(0, 0.5) is centred at no effect',)
    """
    return (*_centred_at_one(model), *_for_tau_squared(model), *_wide(model))


def _centred_at_one(model: OutcomeModel) -> Iterator[str]:
    prior, measure = model.mu_prior, MEASURES[model.measure]
    if measure.is_ratio and isinstance(prior, Normal) and prior.mean == 1:
        yield (
            f"priors.mu: {prior} is centred at a {measure.name} of 2.72, because a ratio is analysed as its "
            f"logarithm; Normal(0, {prior.sd:g}) is centred at no effect"
        )


def _for_tau_squared(model: OutcomeModel) -> Iterator[str]:
    for prior in _of_tau(model):
        if not isinstance(prior, LogNormal) or prior.origin is not None:
            continue
        for published in published_priors(parameter="tau"):
            meant = published.prior
            if isinstance(meant, LogNormal) and prior == LogNormal(2 * meant.meanlog, 2 * meant.sdlog):
                yield (
                    f"priors.tau: {prior} has the numbers that {published.name} gives for tau squared; of tau it is "
                    f'LogNormal.on_tau2({prior.meanlog:g}, {prior.sdlog:g}), or {{ published = "{published.name}" }}'
                )
                break


def _wide(model: OutcomeModel) -> Iterator[str]:
    kind = MEASURES[model.measure].scale_kind
    if kind not in ("ratio", "smd", "rd"):
        return
    for prior in _of_tau(model):
        if isinstance(prior, StudyErrorPrior) or not prior.is_proper:  # as wide as the studies make it
            continue
        median = float(prior.ppf(0.5))
        if median > WIDE_TAU:
            scale = "the log scale" if kind == "ratio" else "its scale"
            yield (
                f"priors.tau: {prior} expects effects to differ more between studies than is ever seen (tau above "
                f"{median:.2g} with probability 50%, on {scale}); check that it was not meant for a percentage or "
                "another unit"
            )


def _of_tau(model: OutcomeModel) -> tuple[Prior, ...]:
    return (
        model.tau_prior,
        *(prior for label, prior in model.tau_alternatives if label not in RESERVED_LABELS),
    )
