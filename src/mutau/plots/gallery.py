"""Every figure of one outcome, by name, in the order in which a reader meets them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mutau.living import cumulative
from mutau.plots.benefit_by_tau import plot_benefit_by_tau, prepare_benefit_by_tau, why_no_benefit_by_tau
from mutau.plots.chains import plot_ranks, plot_trace, prepare_chains
from mutau.plots.cumulative_steps import plot_cumulative, prepare_cumulative, why_no_cumulative
from mutau.plots.forest import plot_forest
from mutau.plots.forest_rows import prepare_forest
from mutau.plots.posterior import plot_posterior, prepare_posterior
from mutau.plots.predictive import plot_predictive, prepare_predictive, why_no_predictive
from mutau.plots.prior import plot_prior, prepare_prior, why_no_prior
from mutau.plots.tau import plot_tau, prepare_tau, why_no_tau

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mutau.fitting import Fit

__all__ = ["outcome_figures"]


def outcome_figures(
    fit: Fit, alternatives: Mapping[str, Fit], compared: pd.DataFrame, sampled: Fit | None = None
) -> dict[str, tuple[pd.DataFrame, Axes | Figure]]:
    """Prepare and draw every figure that an outcome has.

    Parameters
    ----------
    fit : Fit
        Under the model's own priors.
    alternatives : mapping of str to Fit
        Under its other priors for tau, by label.
    compared : DataFrame
        `mutau.compare` of these fits.
    sampled : Fit, optional
        The same model sampled; `fit` itself where it was sampled.

    Returns
    -------
    dict of str to (DataFrame, Axes or Figure)
        The frame and the picture: ``forest``, ``posterior``, ``benefit_by_tau``, ``tau``, ``predictive``, ``prior``,
        ``cumulative``, ``trace``, ``ranks``. One that does not exist is left out: its ``why_no_...`` says why.
    """
    forest = prepare_forest(fit, alternatives, compared)
    posterior = prepare_posterior(fit)
    figures: dict[str, tuple[pd.DataFrame, Axes | Figure]] = {
        "forest": (forest, plot_forest(forest)),
        "posterior": (posterior, plot_posterior(posterior)),
    }
    if not why_no_benefit_by_tau(fit):
        by_tau = prepare_benefit_by_tau(fit)
        figures["benefit_by_tau"] = by_tau, plot_benefit_by_tau(by_tau)
    if not why_no_tau(fit):
        tau = prepare_tau(fit, alternatives)
        figures["tau"] = tau, plot_tau(tau)
    if not why_no_predictive(fit):
        predictive = prepare_predictive(fit, alternatives)
        figures["predictive"] = predictive, plot_predictive(predictive)
    if not why_no_prior(fit.model):
        prior = prepare_prior(fit.model)
        figures["prior"] = prior, plot_prior(prior)[0]
    if not why_no_cumulative(fit):
        steps = prepare_cumulative(cumulative(fit))
        figures["cumulative"] = steps, plot_cumulative(steps)
    drawn = sampled if fit.engine.name == "exact" else fit
    if drawn is not None:
        chains = prepare_chains(drawn)
        figures |= {"trace": (chains, plot_trace(chains)), "ranks": (chains, plot_ranks(chains))}
    return figures
