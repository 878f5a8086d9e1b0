"""Densities over one axis, with what is read from them in words: the drawing behind several figures."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.plots.scales import set_effect_axis, tick_text
from mutau.plots.style import COLOURS, inches_from, new_figure, quiet_glyphs, style, text_width, wrap
from mutau.summaries import probabilities
from mutau.tables import probability

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = [
    "DENSITY_COLUMNS",
    "Curve",
    "DensityLabels",
    "chance_texts",
    "density_frame",
    "draw_densities",
    "equals",
    "given_sentence",
]

DENSITY_COLUMNS = ("curve", "analysis", "natural", "density", "benefit")
"""Columns of `prepare_posterior`, `prepare_tau` and `prepare_predictive`, in order."""

_SIZE = (6.4, 3.1)  # inches, of the axes
_LEFT, _RIGHT = 0.25, 0.25
_ABOVE, _AXIS_WORDS = 0.7, 0.82  # inches
_CHANCE_LINE, _TITLE_LINE, _KEY_LINE = 0.17, 0.23, 0.18
_CURVES_TOP, _LINES_TOP = 0.86, 0.9  # shares of the height of the axes
_LEVELS = 3
_NOTE_SIZE = 7.5
_NOTE_LINE = 0.145


@dataclass(frozen=True, slots=True)
class Curve:
    """How one curve looks: a key of `mutau.plots.style.COLOURS`, dashes (none: solid), points of width."""

    colour: str
    dashes: tuple[float, ...] = ()
    width: float = 1.2

    @property
    def drawn(self) -> dict[str, Any]:
        """The same as matplotlib takes it."""
        dashes = (0, self.dashes) if self.dashes else "solid"
        return {"color": COLOURS[self.colour], "linestyle": dashes, "linewidth": self.width}


@dataclass(frozen=True, slots=True)
class DensityLabels:
    """The words around a figure of densities, and its scale. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, axis : str
        Above and below.
    log : bool
        Whether the axis is logarithmic.
    null : float
        No effect, on the natural scale; NaN where there is no such value.
    left, right : str
        Which arm effects on either side of no effect favour; empty where there is no such side.
    chance : str
        What the figure is read for, in words.
    curves : dict
        Name of each curve as the key prints it, the first drawn on top.
    looks : dict
        How each of them looks.
    shaded : str
        What the shaded part of the first curve is; empty where nothing is shaded.
    thresholds : tuple of float
        Thin lines, on the natural scale.
    notes : tuple of str
        What the probabilities are given, and what else is read from the figure.
    top : float
        Density at which the frame ends; NaN for the highest of all. A curve that is higher leaves the frame.
    """

    title: str
    axis: str
    log: bool
    null: float
    left: str
    right: str
    chance: str
    curves: dict[str, str]
    looks: dict[str, Curve]
    shaded: str
    thresholds: tuple[float, ...]
    notes: tuple[str, ...]
    top: float = math.nan


def density_frame(
    fit: Fit, grid: NDArray[np.float64], curves: dict[str, NDArray[np.float64]], *, of_effect: bool = True
) -> pd.DataFrame:
    """Put curves over one grid of the analysis scale under one another, columns `DENSITY_COLUMNS`.

    Where the curves are not of an effect (tau), the natural scale is the analysis scale and nothing is a benefit.
    """
    measure, sign = fit.model.measure_record, fit.model.benefit_sign if of_effect else 0
    natural = np.asarray(measure.to_natural(grid)) if of_effect else grid
    frames = [
        pd.DataFrame(
            {
                "curve": name,
                "analysis": grid,
                "natural": natural,
                "density": density,
                "benefit": sign * (grid - measure.null) > 0,
            }
        )
        for name, density in curves.items()
    ]
    return pd.concat(frames, ignore_index=True)[list(DENSITY_COLUMNS)]


def given_sentence(model: OutcomeModel, tau: str = "") -> str:
    """Say what probabilities are given; `tau` stands in for the model's own prior of tau."""
    return (
        f"Probabilities are given unbiased trials, mu ~ {model.mu_prior.label}, "
        f"{tau or f'tau ~ {model.tau_prior.label}'}, {model.likelihood} likelihood."
    )


def equals(name: str, text: str) -> str:
    """Write ``P(benefit) = 0.938`` or, where the probability is written as a bound, ``P(benefit) < 0.0002``."""
    return f"{name} {text}" if text[:1] in "<>" else f"{name} = {text}"


def chance_texts(fit: Fit) -> list[tuple[str, str]]:
    """Write the probability of each event of the model, for the mean effect and for a new setting."""
    table = probabilities(fit)
    columns = (
        [
            probability(row["probability"], row["ess"])
            for row in table[table["quantity"] == name].to_dict("records")
        ]
        for name in ("mu", "theta_new")
    )
    return list(zip(*columns, strict=True))


def draw_densities(frame: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw prepared densities, into `ax` or a figure of the right size.

    Parameters
    ----------
    frame : DataFrame
        Columns `DENSITY_COLUMNS`; ``frame.attrs["labels"]`` holds `DensityLabels`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        Natural scale (logarithmic for ratios) against density on the analysis scale.
    """
    labels = cast("DensityLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        notes = tuple(wrap(note, _SIZE[0], size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, _SIZE[0], lines=2, size=12, bold=True)
        chance = wrap(labels.chance, _SIZE[0], lines=3, bold=True)
        ax = _new_axes(title, chance, notes, labels) if ax is None else ax
        curves = {str(name): curve for name, curve in frame.groupby("curve", sort=False)}
        set_effect_axis(ax, frame["natural"].min(), frame["natural"].max(), log=labels.log)
        top = frame["density"].max() if math.isnan(labels.top) else labels.top
        ax.set_ylim(0, top / _CURVES_TOP)
        ax.yaxis.set_visible(False)
        for side in ("left", "right", "top"):
            ax.spines[side].set_visible(False)
        _draw_curves(ax, curves, labels)
        _draw_lines(ax, labels)
        _draw_words(ax, labels, title, chance, notes)
    return ax


def _key_height(labels: DensityLabels) -> float:
    entries = len(labels.curves) + bool(labels.shaded)
    return _KEY_LINE * ((entries + 1) // 2)


def _new_axes(title: str, chance: str, notes: tuple[str, ...], labels: DensityLabels) -> Axes:
    below = _AXIS_WORDS + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.12
    above = _ABOVE + _key_height(labels) + _CHANCE_LINE * chance.count("\n") + _TITLE_LINE * title.count("\n")
    width, height = _LEFT + _SIZE[0] + _RIGHT, below + _SIZE[1] + above
    figure = new_figure(width, height)
    return figure.add_axes((_LEFT / width, below / height, _SIZE[0] / width, _SIZE[1] / height))


def _draw_curves(ax: Axes, curves: dict[str, pd.DataFrame], labels: DensityLabels) -> None:
    """Draw every curve of the key, the first on top; shade the first one's side of benefit."""
    first = curves[next(iter(labels.curves))]
    if labels.shaded:
        ax.fill_between(
            first["natural"].to_numpy(),
            first["density"].to_numpy(),
            where=first["benefit"].to_list(),
            color=COLOURS["bayesian"],
            alpha=0.25,
            linewidth=0,
            label=labels.shaded,
            zorder=1,
        )
    for place, (name, said) in enumerate(labels.curves.items()):
        if name in curves:
            order = 4 - place / len(labels.curves)
            look = labels.looks[name].drawn
            ax.plot(curves[name]["natural"], curves[name]["density"], label=said, zorder=order, **look)


def _draw_lines(ax: Axes, labels: DensityLabels) -> None:
    """No effect and the thresholds; a threshold's number moves up where it would run into the one before."""
    if np.isfinite(labels.null):
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


def _draw_words(ax: Axes, labels: DensityLabels, title: str, chance: str, notes: tuple[str, ...]) -> None:
    """Title, what is read, key, direction labels, axis name, notes."""
    top_left, bottom_left = (inches_from(ax, 0, y) for y in (1, 0))
    key = _key_height(labels) + 0.02
    high = key + 0.34 + _CHANCE_LINE * chance.count("\n")
    _text(ax, 0, high, title, transform=top_left, fontsize=12, weight="bold", va="bottom")
    _text(ax, 0, key + 0.1, chance, transform=top_left, weight="bold", va="bottom", color=COLOURS["bayesian"])
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(0, key),
        bbox_transform=top_left,
        ncols=2,
        fontsize=_NOTE_SIZE,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        columnspacing=2,
        labelspacing=0.4,
    )
    for text, x, align in ((labels.left, 0.0, "left"), (labels.right, _SIZE[0], "right")):
        if text:
            shown = wrap(f"← {text}" if align == "left" else f"{text} →", _SIZE[0] / 2 - 0.1, lines=1)
            _text(ax, x, -0.29, shown, transform=bottom_left, ha=align, va="top")
    lower = -0.5 if labels.left or labels.right else -0.32
    _text(ax, _SIZE[0] / 2, lower, labels.axis, transform=bottom_left, ha="center", va="top")
    y = -_AXIS_WORDS
    for note in notes:
        _text(ax, 0, y, note, transform=bottom_left, va="top", fontsize=_NOTE_SIZE, linespacing=1.15)
        y -= _NOTE_LINE * (1 + note.count("\n"))


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
