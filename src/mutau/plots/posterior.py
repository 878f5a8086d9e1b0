"""The posterior of the mean effect against its prior, with the probability of benefit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.plots.forest_rows import provenance_sentence
from mutau.plots.scales import set_effect_axis, tick_text
from mutau.plots.style import COLOURS, inches_from, new_figure, plain, quiet_glyphs, style, text_width, wrap
from mutau.summaries import events, probabilities
from mutau.tables import probability

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.records import Marginal

__all__ = ["POSTERIOR_COLUMNS", "PosteriorLabels", "plot_posterior", "prepare_posterior"]

POSTERIOR_COLUMNS = ("curve", "analysis", "natural", "density", "benefit")
"""Columns of `prepare_posterior`, in order."""

_POINTS = 512
_MU_TAIL = 0.001  # share of mu's posterior left out on either side
_NEW_TAIL = 0.025
_SIZE = (6.4, 3.1)  # inches, of the axes
_LEFT, _RIGHT = 0.25, 0.25
_ABOVE, _AXIS_WORDS = 1.05, 0.82  # inches
_CURVES_TOP, _LINES_TOP = 0.86, 0.9  # shares of the height of the axes
_LEVELS = 3
_NOTE_SIZE = 7.5
_NOTE_LINE = 0.145


@dataclass(frozen=True, slots=True)
class PosteriorLabels:
    """The words around the plot, and its scale. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, axis : str
        Above and below.
    log : bool
        Whether the axis is logarithmic.
    null : float
        No effect, on the natural scale.
    left, right : str
        Which arm effects on either side of no effect favour.
    chance : str
        P(benefit) for the mean effect and for a new setting, in words.
    curves : dict
        Name of each curve as the key prints it; a prior that is not drawn says why.
    thresholds : tuple of float
        Thin lines, on the natural scale.
    notes : tuple of str
        What the probabilities are given, and those beyond the thresholds.
    """

    title: str
    axis: str
    log: bool
    null: float
    left: str
    right: str
    chance: str
    curves: dict[str, str]
    thresholds: tuple[float, ...]
    notes: tuple[str, ...]


def prepare_posterior(fit: Fit) -> pd.DataFrame:
    """Compute the densities of the mean effect: posterior, prior, and the effect in a new setting.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.

    Returns
    -------
    DataFrame
        One row per point of a curve, columns `POSTERIOR_COLUMNS`: ``curve`` is posterior, prior or new;
        ``analysis`` and ``natural`` are the effect on both scales; ``density`` is per unit of the analysis scale
        (so that areas on a logarithmic axis are probabilities); ``benefit`` says whether the point helps the
        patient. An improper prior has no curve, a fixed tau no curve of its own for a new setting.
        ``frame.attrs["labels"]`` holds `PosteriorLabels`.

    Notes
    -----
    Sampled densities are ArviZ's kernel density estimates, scaled to the share of draws inside the window. The
    window holds 99.8% of mu's posterior, 95% of the effect in a new setting, no effect
    and every threshold.
    """
    model, measure = fit.model, fit.model.measure_record
    mu, new = fit.marginal("mu"), fit.marginal("theta_new")
    bounds = [float(measure.to_analysis(np.float64(threshold.value))) for threshold in model.thresholds]
    grid = np.linspace(*_window(mu, new, [measure.null, *bounds]), _POINTS)
    curves = {"posterior": np.asarray(mu.pdf(grid))}
    if model.mu_prior.is_proper and not model.mu_prior.is_point:
        curves["prior"] = np.asarray(model.mu_prior.pdf(grid))
    if not model.tau_prior.is_point:
        curves["new"] = np.asarray(new.pdf(grid))
    frames = [
        pd.DataFrame(
            {
                "curve": name,
                "analysis": grid,
                "natural": np.asarray(measure.to_natural(grid)),
                "density": density,
                "benefit": model.benefit_sign * (grid - measure.null) > 0,
            }
        )
        for name, density in curves.items()
    ]
    frame = pd.concat(frames, ignore_index=True)[list(POSTERIOR_COLUMNS)]
    frame.attrs["labels"] = _labels(fit)
    return frame


def _window(mu: Marginal, new: Marginal, shown: list[float]) -> tuple[float, float]:
    ends = [
        mu.quantile(_MU_TAIL),
        mu.quantile(1 - _MU_TAIL),
        new.quantile(_NEW_TAIL),
        new.quantile(1 - _NEW_TAIL),
    ]
    low, high = min(*map(float, ends), *shown), max(*map(float, ends), *shown)
    room = 0.05 * (high - low)
    return low - room, high + room


def _labels(fit: Fit) -> PosteriorLabels:
    model, measure = fit.model, fit.model.measure_record
    treatment, control = plain(model.treatment_label), plain(model.control_label)
    sides = (control, treatment) if model.benefit_sign > 0 else (treatment, control)
    (benefit, new_benefit), _, *beyond = _chances(fit)
    given = (
        f"Probabilities are given unbiased trials, mu ~ {model.mu_prior.label}, tau ~ {model.tau_prior.label}, "
        f"{model.likelihood} likelihood."
    )
    statements = [
        f"Thin line at {tick_text(threshold.value)}, {plain(event.label)}: {_chance(mean)}; in a new setting {new}"
        for threshold, event, (mean, new) in zip(model.thresholds, events(model)[2:], beyond, strict=True)
    ]
    return PosteriorLabels(
        title=plain(model.title),
        axis=measure.axis_label,
        log=measure.analysis_scale == "log",
        null=measure.null_natural,
        left=f"Favours {sides[0]}",
        right=f"Favours {sides[1]}",
        chance=f"{_chance(benefit, 'P(benefit)')}; in a new setting {new_benefit}",
        curves=_curve_names(model),
        thresholds=tuple(threshold.value for threshold in model.thresholds),
        notes=(given, *statements, *_prior_note(model), provenance_sentence(fit)),
    )


def _chance(text: str, name: str = "P") -> str:
    """Write ``P = 0.938`` or, where the probability is written as a bound, ``P < 0.0002``."""
    return f"{name} {text}" if text[:1] in "<>" else f"{name} = {text}"


def _chances(fit: Fit) -> list[tuple[str, str]]:
    """Probability of each event of the model for the mean effect and for a new setting, in words."""
    table = probabilities(fit)
    columns = (
        [
            probability(row["probability"], row["ess"])
            for row in table[table["quantity"] == name].to_dict("records")
        ]
        for name in ("mu", "theta_new")
    )
    return list(zip(*columns, strict=True))


def _curve_names(model: OutcomeModel) -> dict[str, str]:
    names = {
        "posterior": "mean effect (mu), posterior",
        "prior": f"mean effect (mu), prior: {model.mu_prior.short_label}",
        "new": "effect in a new setting, posterior",
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
    labels = cast("PosteriorLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        notes = tuple(wrap(note, _SIZE[0], size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, _SIZE[0], lines=2, size=12, bold=True)
        ax = _new_axes(title, notes) if ax is None else ax
        curves = {str(name): curve for name, curve in frame.groupby("curve", sort=False)}
        set_effect_axis(ax, frame["natural"].min(), frame["natural"].max(), log=labels.log)
        ax.set_ylim(0, frame["density"].max() / _CURVES_TOP)
        ax.yaxis.set_visible(False)
        for side in ("left", "right", "top"):
            ax.spines[side].set_visible(False)
        _draw_curves(ax, curves, labels)
        _draw_lines(ax, labels)
        _draw_words(ax, labels, title, notes)
    return ax


def _new_axes(title: str, notes: tuple[str, ...]) -> Axes:
    below = _AXIS_WORDS + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.12
    width, height = _LEFT + _SIZE[0] + _RIGHT, below + _SIZE[1] + _ABOVE + 0.23 * title.count("\n")
    figure = new_figure(width, height)
    return figure.add_axes((_LEFT / width, below / height, _SIZE[0] / width, _SIZE[1] / height))


def _draw_curves(ax: Axes, curves: dict[str, pd.DataFrame], labels: PosteriorLabels) -> None:
    looks: dict[str, dict[str, Any]] = {
        "prior": {"color": COLOURS["prior"], "linestyle": (0, (5, 2)), "linewidth": 1.2, "zorder": 2},
        "new": {"color": COLOURS["new"], "linewidth": 1.2, "linestyle": (0, (1, 1.2)), "zorder": 3},
        "posterior": {"color": COLOURS["bayesian"], "linewidth": 1.8, "zorder": 4},
    }
    posterior = curves["posterior"]
    ax.fill_between(
        posterior["natural"].to_numpy(),
        posterior["density"].to_numpy(),
        where=posterior["benefit"].to_list(),
        color=COLOURS["bayesian"],
        alpha=0.25,
        linewidth=0,
        label="benefit",
        zorder=1,
    )
    for name in ("posterior", "new", "prior"):
        if name in curves:
            ax.plot(
                curves[name]["natural"], curves[name]["density"], label=labels.curves[name], **looks[name]
            )


def _draw_lines(ax: Axes, labels: PosteriorLabels) -> None:
    """No effect and the thresholds; a threshold's number moves up where it would run into the one before."""
    ax.axvline(labels.null, color=COLOURS["raw"], linewidth=0.9, zorder=5, ymax=_LINES_TOP)
    to_axes = ax.transData + ax.transAxes.inverted()
    taken = [-1.0] * _LEVELS
    for value in sorted(labels.thresholds):
        ax.axvline(
            value, color=COLOURS["rule"], linewidth=0.8, linestyle=(0, (2, 2)), zorder=1, ymax=_LINES_TOP
        )
        text = tick_text(value)
        x, half = (
            float(to_axes.transform((value, 0))[0]),
            text_width(text, size=_NOTE_SIZE) / _SIZE[0] / 2 + 0.01,
        )
        level = next((level for level, end in enumerate(taken) if x - half > end), _LEVELS - 1)
        taken[level] = x + half
        y = _LINES_TOP + 0.01 + 0.045 * level
        ax.text(
            value,
            y,
            text,
            transform=ax.get_xaxis_transform(),
            ha="center",
            va="bottom",
            fontsize=_NOTE_SIZE,
            color=COLOURS["prior"],
            parse_math=False,
        )


def _draw_words(ax: Axes, labels: PosteriorLabels, title: str, notes: tuple[str, ...]) -> None:
    """Title, P(benefit), key, direction labels, axis name, notes."""
    top_left, bottom_left = (inches_from(ax, 0, y) for y in (1, 0))
    _text(ax, 0, 0.72, title, transform=top_left, fontsize=12, weight="bold", va="bottom")
    _text(
        ax, 0, 0.48, labels.chance, transform=top_left, weight="bold", va="bottom", color=COLOURS["bayesian"]
    )
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(0, 0.38),
        bbox_transform=top_left,
        ncols=2,
        fontsize=_NOTE_SIZE,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        columnspacing=2,
        labelspacing=0.4,
    )
    for text, x, align in ((f"← {labels.left}", 0.0, "left"), (f"{labels.right} →", _SIZE[0], "right")):
        shown = wrap(text, _SIZE[0] / 2 - 0.1, lines=1)
        _text(ax, x, -0.29, shown, transform=bottom_left, ha=align, va="top")
    _text(ax, _SIZE[0] / 2, -0.5, labels.axis, transform=bottom_left, ha="center", va="top")
    y = -_AXIS_WORDS
    for note in notes:
        _text(ax, 0, y, note, transform=bottom_left, va="top", fontsize=_NOTE_SIZE, linespacing=1.15)
        y -= _NOTE_LINE * (1 + note.count("\n"))


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
