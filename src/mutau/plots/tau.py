"""Where the between-study standard deviation lies: posterior and prior, under each prior for tau."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.errors import ArgumentError, Fault
from mutau.plots.benefit_by_tau import tau_unit
from mutau.plots.density import Curve, DensityLabels, density_frame, draw_densities
from mutau.plots.forest_words import provenance_sentence
from mutau.plots.style import plain
from mutau.tables import number

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["plot_tau", "prepare_tau", "why_no_tau"]

_POINTS = 384
_TAIL = 0.01  # share of a posterior of tau that the axis leaves out
_REACH = 2.0  # the axis ends at this many times that end of the first posterior, where others reach further
_ROOM = 1.5  # the frame ends at this many times the height of the first pair, where others are higher
_COLOURS = ("bayesian", "classic", "new", "raw")
_LEVELS = np.array([0.025, 0.5, 0.975])


def why_no_tau(fit: Fit) -> str:
    """Say why a fit has no such plot; nothing if it has one."""
    if fit.model.tau_prior.is_point:
        return (
            f"tau is fixed at {fit.model.tau_prior.support[0]:g} by its prior, so it has no posterior density"
        )
    return ""


def prepare_tau(fit: Fit, alternatives: Mapping[str, Fit]) -> pd.DataFrame:
    """Compute the posterior and the prior of tau, under the model's own prior and its others.

    Parameters
    ----------
    fit : Fit
        A fit whose tau is not fixed.
    alternatives : mapping of str to Fit
        The same model under its other priors for tau, by label; one that fixes tau has no curve.

    Returns
    -------
    DataFrame
        One row per point of a curve, columns `DENSITY_COLUMNS`: ``curve`` is posterior or prior, a colon and the
        label of the prior; ``analysis`` and ``natural`` are both tau, which lives on the analysis scale alone;
        nothing is a ``benefit``. An improper prior has no curve. ``frame.attrs["labels"]`` holds `DensityLabels`.

    Raises
    ------
    ArgumentError
        tau is fixed, see `why_no_tau`.
    """
    why = why_no_tau(fit)
    if why:
        raise ArgumentError(Fault("figure of tau", why, "Give a fit whose prior for tau has a density"))
    fits = {"default": fit, **alternatives}
    fits = {label: each for label, each in fits.items() if not each.model.tau_prior.is_point}
    ends = [float(each.marginal("tau").quantile(1 - _TAIL)) for each in fits.values()]
    own = ends[0]
    grid = np.linspace(0.0, min(max(ends), _REACH * own), _POINTS)
    curves = {
        f"posterior: {label}": np.asarray(each.marginal("tau").pdf(grid)) for label, each in fits.items()
    }
    curves |= {
        f"prior: {label}": np.asarray(each.model.tau_prior.pdf(grid))
        for label, each in fits.items()
        if each.model.tau_prior.is_proper
    }
    frame = density_frame(fit, grid, curves, of_effect=False)
    heights = {name: float(np.max(density)) for name, density in curves.items()}
    first = max(height for name, height in heights.items() if name.endswith(": default"))
    frame.attrs["labels"] = _labels(fit, fits, heights, min(max(heights.values()), _ROOM * first))
    return frame


def _labels(fit: Fit, fits: Mapping[str, Fit], heights: Mapping[str, float], top: float) -> DensityLabels:
    names, looks, notes = {}, {}, []
    for (label, each), colour in zip(fits.items(), _cycle(len(fits)), strict=True):
        prior, own = each.model.tau_prior, label == "default"
        names[f"posterior: {label}"] = f"posterior, {label}: {prior.short_label}"
        names[f"prior: {label}"] = f"prior, {label}"
        looks[f"posterior: {label}"] = Curve(colour, width=1.8 if own else 1.1)
        looks[f"prior: {label}"] = Curve(colour, (5, 2), 1.0)
        notes.append(f"{label[:1].upper()}{label[1:]}, {prior.short_label}: {_moved(each)}.")
        if not prior.is_proper:
            notes.append(f"The prior {prior.label} is improper: it has no density to draw.")
    if max(heights.values()) > top:
        notes.append("A curve that is much higher than those of the default prior leaves the frame.")
    lower, median, upper = (float(point) for point in fit.marginal("tau").quantile(_LEVELS))
    return DensityLabels(
        title=plain(fit.model.title),
        axis=f"tau, the between-study SD{tau_unit(fit.model)}",
        log=False,
        null=float("nan"),
        left="",
        right="",
        chance=(
            f"tau under {fit.model.tau_prior.short_label}: median {number(median)}, 95% credible interval "
            f"{number(lower)} to {number(upper)}"
        ),
        curves={name: said for name, said in names.items() if name in heights},
        looks=looks,
        shaded="",
        thresholds=(),
        notes=(
            *notes,
            f"{fit.model.likelihood.capitalize()} likelihood, mu ~ {fit.model.mu_prior.label}. Where posterior and "
            f"prior lie together, the {fit.k} {'study says' if fit.k == 1 else 'studies say'} little of tau.",
            provenance_sentence(fit),
        ),
        top=top,
    )


def _moved(fit: Fit) -> str:
    """Say where the posterior of tau lies and where its prior lay."""
    lower, median, upper = (number(float(point)) for point in fit.marginal("tau").quantile(_LEVELS))
    said = f"posterior median {median}, 95% credible interval {lower} to {upper}"
    if not fit.model.tau_prior.is_proper:
        return said
    before = [number(float(point)) for point in fit.model.tau_prior.ppf(_LEVELS)]
    return f"{said}; prior median {before[1]}, 95% of it {before[0]} to {before[2]}"


def _cycle(count: int) -> list[str]:
    return [_COLOURS[place % len(_COLOURS)] for place in range(count)]


def plot_tau(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the posterior of tau beside its prior.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_tau`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        tau on the analysis scale against density; posteriors solid, priors dashed, one colour for each prior.
    """
    return draw_densities(frame, ax)
