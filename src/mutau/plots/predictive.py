"""The effect to expect in a new setting: the predictive distribution, under each prior for tau."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.errors import ArgumentError, Fault
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
from mutau.plots.posterior import effect_window
from mutau.plots.scales import tick_text
from mutau.plots.style import plain
from mutau.summaries import events, interval
from mutau.tables import number

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["plot_predictive", "prepare_predictive", "why_no_predictive"]

_TAIL = 0.02
_LOOKS = (
    Curve("bayesian", width=1.8),
    Curve("classic", (5, 2)),
    Curve("new", (1, 1.2)),
    Curve("raw", (6, 2, 1, 2)),
)


def why_no_predictive(fit: Fit) -> str:
    """Say why a fit has no such plot; nothing if it has one."""
    if fit.model.tau_prior.is_point and fit.model.tau_prior.support[0] == 0:
        return "tau is fixed at 0 by its prior, so a new setting has the mean effect itself"
    return ""


def prepare_predictive(fit: Fit, alternatives: Mapping[str, Fit]) -> pd.DataFrame:
    """Compute the density of the effect in a new setting, under the model's own prior for tau and its others.

    Parameters
    ----------
    fit : Fit
        A fit whose tau is not fixed at 0.
    alternatives : mapping of str to Fit
        The same model under its other priors for tau, by label; one that fixes tau at 0 is its mean effect and is
        drawn too.

    Returns
    -------
    DataFrame
        One row per point of a curve, columns `DENSITY_COLUMNS`: ``curve`` is the label of the prior for tau, the
        model's own ("default") first. ``frame.attrs["labels"]`` holds `DensityLabels`.

    Raises
    ------
    ArgumentError
        There is no heterogeneity in the model, see `why_no_predictive`.
    """
    why = why_no_predictive(fit)
    if why:
        raise ArgumentError(Fault("predictive distribution", why, "Read the posterior of the mean effect"))
    fits = {"default": fit, **alternatives}
    marginals = {label: each.marginal("theta_new") for label, each in fits.items()}
    grid = effect_window(fit, [(marginals["default"], _TAIL)])
    frame = density_frame(fit, grid, {label: np.asarray(each.pdf(grid)) for label, each in marginals.items()})
    frame.attrs["labels"] = _labels(fit, fits)
    return frame


def _labels(fit: Fit, fits: Mapping[str, Fit]) -> DensityLabels:
    model, measure = fit.model, fit.model.measure_record
    left, right = direction_words(model)
    (_, benefit), _, *beyond = chance_texts(fit)
    statements = [
        f"Thin line at {tick_text(threshold.value)}, {plain(event.label)}: {equals('P', new)}"
        for threshold, event, (_, new) in zip(model.thresholds, events(model)[2:], beyond, strict=True)
    ]
    found = {label: interval(each, "theta_new") for label, each in fits.items()}
    names = {
        label: f"{label}: {each.model.tau_prior.short_label}, 95% {number(found[label].lower)} to "
        f"{number(found[label].upper)}"
        for label, each in fits.items()
    }
    own = found["default"]
    return DensityLabels(
        title=plain(model.title),
        axis=f"{measure.axis_label}, in a new setting",
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        left=left,
        right=right,
        chance=(
            f"Effect in a new setting: {equals('P(benefit)', benefit)}; 95% credible interval "
            f"{number(own.lower)} to {number(own.upper)}"
        ),
        curves=names,
        looks={label: _LOOKS[place % len(_LOOKS)] for place, label in enumerate(names)},
        shaded="benefit, default prior",
        thresholds=tuple(threshold.value for threshold in model.thresholds),
        notes=(
            given_sentence(model),
            *statements,
            "The key gives the prior for tau and the 95% credible interval of the effect in a new setting under it.",
            provenance_sentence(fit),
        ),
    )


def plot_predictive(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the predictive distribution of the effect in a new setting.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_predictive`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Effect on the natural scale (logarithmic for ratios) against density on the analysis scale; the part of the
        first curve that helps the patient is shaded.
    """
    return draw_densities(frame, ax)
