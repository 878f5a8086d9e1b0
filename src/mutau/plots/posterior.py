"""The posterior of the mean effect against its prior, with the probability of benefit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.plots.density import (
    Curve,
    DensityLabels,
    chance_texts,
    density_frame,
    draw_densities,
    equals,
    given_sentence,
)
from mutau.plots.forest_words import direction_words, provenance_sentence
from mutau.plots.scales import tick_text
from mutau.plots.style import plain
from mutau.summaries import events

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.records import Marginal

__all__ = ["effect_window", "plot_posterior", "prepare_posterior"]

_POINTS = 384
_MU_TAIL = 0.001  # share of mu's posterior left out on either side
_NEW_TAIL = 0.025
_LOOKS = {
    "posterior": Curve("bayesian", width=1.8),
    "new": Curve("new", (1, 1.2)),
    "prior": Curve("prior", (5, 2)),
}


def prepare_posterior(fit: Fit) -> pd.DataFrame:
    """Compute the densities of the mean effect: posterior, prior, and the effect in a new setting.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.

    Returns
    -------
    DataFrame
        One row per point of a curve, columns `DENSITY_COLUMNS`: ``curve`` is posterior, prior or new;
        ``analysis`` and ``natural`` are the effect on both scales; ``density`` is per unit of the analysis scale
        (so that areas on a logarithmic axis are probabilities); ``benefit`` says whether the point helps the
        patient. An improper prior has no curve, a fixed tau no curve of its own for a new setting.
        ``frame.attrs["labels"]`` holds `DensityLabels`.

    Notes
    -----
    Sampled densities are ArviZ's kernel density estimates, scaled to the share of draws inside the window. The
    window holds 99.8% of mu's posterior, 95% of the effect in a new setting, no effect
    and every threshold.
    """
    model = fit.model
    mu, new = fit.marginal("mu"), fit.marginal("theta_new")
    grid = effect_window(fit, [(mu, _MU_TAIL), (new, _NEW_TAIL)])
    curves = {"posterior": np.asarray(mu.pdf(grid))}
    if model.mu_prior.is_proper and not model.mu_prior.is_point:
        curves["prior"] = np.asarray(model.mu_prior.pdf(grid))
    if not model.tau_prior.is_point:
        curves["new"] = np.asarray(new.pdf(grid))
    frame = density_frame(fit, grid, curves)
    frame.attrs["labels"] = _labels(fit, set(curves))
    return frame


def effect_window(
    fit: Fit, shown: list[tuple[Marginal, float]]
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Give the grid on the analysis scale that holds these marginals but for a share in each tail.

    No effect and every threshold lie inside it too.
    """
    model, measure = fit.model, fit.model.measure_record
    bounds = [float(measure.to_analysis(np.float64(threshold.value))) for threshold in model.thresholds]
    ends = [float(marginal.quantile(p)) for marginal, tail in shown for p in (tail, 1 - tail)]
    points = [*ends, measure.null, *bounds]
    room = 0.05 * (max(points) - min(points))
    return np.linspace(min(points) - room, max(points) + room, _POINTS)


def _labels(fit: Fit, drawn: set[str]) -> DensityLabels:
    model, measure = fit.model, fit.model.measure_record
    left, right = direction_words(model)
    (benefit, new_benefit), _, *beyond = chance_texts(fit)
    statements = [
        f"Thin line at {tick_text(threshold.value)}, {plain(event.label)}: {equals('P', mean)}; "
        f"in a new setting {new}"
        for threshold, event, (mean, new) in zip(model.thresholds, events(model)[2:], beyond, strict=True)
    ]
    return DensityLabels(
        title=plain(model.title),
        axis=measure.axis_label,
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        left=left,
        right=right,
        chance=f"{equals('P(benefit)', benefit)}; in a new setting {new_benefit}",
        curves={name: said for name, said in _curve_names(model).items() if name in drawn},
        looks=_LOOKS,
        shaded="benefit",
        thresholds=tuple(threshold.value for threshold in model.thresholds),
        notes=(given_sentence(model), *statements, *_prior_note(model), provenance_sentence(fit)),
    )


def _curve_names(model: OutcomeModel) -> dict[str, str]:
    names = {
        "posterior": "mean effect (mu), posterior",
        "new": "effect in a new setting, posterior",
        "prior": f"mean effect (mu), prior: {model.mu_prior.short_label}",
    }
    if model.tau_prior.is_point:
        names["posterior"] += "; a new setting has the same effect"
    return names


def _prior_note(model: OutcomeModel) -> tuple[str, ...]:
    if model.mu_prior.is_proper:
        return ()
    return (f"The prior for mu, {model.mu_prior.label}, is improper: it has no density to draw.",)


def plot_posterior(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the posterior of the mean effect against its prior.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_posterior`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Effect on the natural scale (logarithmic for ratios) against density on the analysis scale; the part of the
        posterior that helps the patient is shaded.
    """
    return draw_densities(frame, ax)
