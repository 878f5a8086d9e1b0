"""The probability of benefit given each value of tau, over where tau lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from matplotlib.axes import Axes

from mutau.errors import ArgumentError, Fault
from mutau.plots.forest_words import provenance_sentence
from mutau.plots.scales import tick_text
from mutau.plots.style import COLOURS, inches_from, new_figure, plain, quiet_glyphs, style, wrap
from mutau.summaries import benefit_by_tau
from mutau.tables import number, probability

if TYPE_CHECKING:
    import pandas as pd

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = [
    "BENEFIT_BY_TAU_COLUMNS",
    "BenefitByTauLabels",
    "TauRow",
    "plot_benefit_by_tau",
    "prepare_benefit_by_tau",
    "tau_unit",
    "why_no_benefit_by_tau",
]

BENEFIT_BY_TAU_COLUMNS = ("tau", "p_benefit", "p_benefit_new", "tau_quantile", "prior_quantile")
"""Columns of `prepare_benefit_by_tau`, in order."""

_SIZE = (6.4, 3.4)  # inches, of the axes
_LEFT, _RIGHT, _ABOVE, _BELOW = 0.7, 0.25, 0.62, 0.62
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145
_ROW = 0.17  # of the axis of probabilities: height of a row under 0
_TOP = 1.02
_REACH = 2.0  # the axis ends at this many times the largest end of an interval of tau


@dataclass(frozen=True, slots=True)
class TauRow:
    """Where tau lies: 2.5% quantile, median, 97.5% quantile, and what they are of."""

    name: str
    text: str
    lower: float
    median: float
    upper: float


@dataclass(frozen=True, slots=True)
class BenefitByTauLabels:
    """The words around the plot, and where tau lies. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, axis : str
        Above and below.
    chance : str
        P(benefit) at three values of tau, in words.
    curves : dict
        Name of each curve, by its column.
    rows : tuple of TauRow
        Posterior, then prior (not an improper one) of tau.
    end : float
        Where the axis of tau ends.
    notes : tuple of str
        What the probabilities are given.
    """

    title: str
    axis: str
    chance: str
    curves: dict[str, str]
    rows: tuple[TauRow, ...]
    end: float
    notes: tuple[str, ...]


def why_no_benefit_by_tau(fit: Fit) -> str:
    """Say why a fit has no such plot; nothing if it has one."""
    if fit.model.tau_prior.is_point:
        return (
            f"tau is fixed at {fit.model.tau_prior.support[0]:g} by its prior, so there is no curve over tau"
        )
    if fit.engine.name != "exact":
        return "The answers were sampled; P(benefit) given one value of tau needs the exact posterior"
    return ""


def prepare_benefit_by_tau(fit: Fit) -> pd.DataFrame:
    """Compute P(benefit) given each value of tau, for the mean effect and a new setting.

    Parameters
    ----------
    fit : Fit
        An exact fit whose tau is not fixed.

    Returns
    -------
    DataFrame
        `mutau.benefit_by_tau` on its default grid; ``frame.attrs["labels"]`` holds `BenefitByTauLabels`.

    Raises
    ------
    ArgumentError
        There is no curve, see `why_no_benefit_by_tau`.
    """
    why = why_no_benefit_by_tau(fit)
    if why:
        raise ArgumentError(
            Fault("benefit by tau", why, 'Fit with engine="exact" and a prior for tau that has a density')
        )
    frame = benefit_by_tau(fit)
    rows = _rows(fit)
    end = min(float(frame["tau"].iloc[-1]), _REACH * max(row.upper for row in rows))
    frame.attrs["labels"] = _labels(fit, rows, end)
    return frame


def _rows(fit: Fit) -> tuple[TauRow, ...]:
    levels, prior = np.array([0.025, 0.5, 0.975]), fit.model.tau_prior
    found = [("posterior", f"tau, posterior under {prior.label}", fit.marginal("tau").quantile(levels))]
    if prior.is_proper:
        found.append(("prior", f"tau, prior {prior.label}", prior.ppf(levels)))
    rows = []
    for name, text, points in found:
        lower, median, upper = (float(point) for point in np.asarray(points))
        said = f"{text}: median {number(median)}, 95% interval {number(lower)} to {number(upper)}"
        rows.append(TauRow(name, said, lower, median, upper))
    return tuple(rows)


def _labels(fit: Fit, rows: tuple[TauRow, ...], end: float) -> BenefitByTauLabels:
    model = fit.model
    posterior = rows[0]
    at = benefit_by_tau(fit, [0.0, posterior.median, posterior.upper])
    zero, middle, far = (probability(float(p)) for p in at["p_benefit"])
    chance = (
        f"P(benefit given tau): {zero} at tau = 0, {middle} at {number(posterior.median)} (its posterior median), "
        f"{far} at {number(posterior.upper)} (97.5% quantile)"
    )
    return BenefitByTauLabels(
        title=plain(model.title),
        axis=f"tau, the between-study SD{tau_unit(model)}",
        chance=chance,
        curves={"p_benefit": "mean effect (mu)", "p_benefit_new": "effect in a new setting"},
        rows=rows,
        end=end,
        notes=(*_notes(model), provenance_sentence(fit)),
    )


def tau_unit(model: OutcomeModel) -> str:
    """Say what tau is the standard deviation of: `` of the log risk ratio``."""
    measure = model.measure_record
    return " (analysis scale)" if measure.analysis_scale == "atanh" else f" of the {measure.analysis_words}"


def _notes(model: OutcomeModel) -> tuple[str, ...]:
    given = (
        f"Probabilities are given unbiased trials, mu ~ {model.mu_prior.label}, {model.likelihood} likelihood and "
        "that value of tau; no prior for tau enters the curves."
    )
    lines = "Lines under the curves: medians (dots) and 95% intervals of tau, which do depend on its prior."
    if model.tau_prior.is_proper:
        return (given, lines)
    return (given, lines, f"The prior for tau, {model.tau_prior.label}, is improper: it has no interval.")


def plot_benefit_by_tau(frame: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw P(benefit) given tau over tau, and under it where tau's posterior and prior lie.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_benefit_by_tau`.
    ax : Axes, optional
        Where to draw. Without one, a figure is made (no pyplot state is touched).

    Returns
    -------
    Axes
        tau on the analysis scale against a probability from 0 to 1; no value of it is marked.
    """
    labels = cast("BenefitByTauLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        notes = tuple(wrap(note, _SIZE[0], size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, _SIZE[0], lines=2, size=12, bold=True)
        chance = wrap(labels.chance, _SIZE[0], lines=3, bold=True)
        ax = _new_axes(title, chance, notes) if ax is None else ax
        _set_axes(ax, labels)
        _draw_curves(ax, frame, labels)
        _draw_rows(ax, labels)
        _draw_words(ax, labels, title, chance, notes)
    return ax


def _new_axes(title: str, chance: str, notes: tuple[str, ...]) -> Axes:
    below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.12
    above = _ABOVE + 0.17 * (1 + chance.count("\n")) + 0.25 * (1 + title.count("\n"))
    width, height = _LEFT + _SIZE[0] + _RIGHT, below + _SIZE[1] + above
    figure = new_figure(width, height)
    return figure.add_axes((_LEFT / width, below / height, _SIZE[0] / width, _SIZE[1] / height))


def _set_axes(ax: Axes, labels: BenefitByTauLabels) -> None:
    """Probabilities from 0 to 1, and room under 0 for the rows of tau."""
    ax.set_xlim(0.0, labels.end)
    ax.set_ylim(-_ROW * len(labels.rows) - 0.04, _TOP)
    ticks = [0.0, 0.25, 0.5, 0.75, 1.0]
    ax.set_yticks(ticks, labels=[tick_text(tick) for tick in ticks])
    ax.set_ylabel("P(benefit given tau)")
    ax.yaxis.set_label_coords(-0.07, (0.5 - ax.get_ylim()[0]) / (_TOP - ax.get_ylim()[0]))
    places = [float(tick) for tick in ax.get_xticks() if 0.0 <= tick <= labels.end]
    ax.set_xticks(places, labels=[tick_text(round(place, 10)) for place in places])
    ax.spines["left"].set_bounds(0.0, 1.0)
    for side in ("right", "top"):
        ax.spines[side].set_visible(False)
    for tick in ticks:
        ax.axhline(tick, color=COLOURS["faint"], linewidth=0.6, zorder=0)


def _draw_curves(ax: Axes, frame: pd.DataFrame, labels: BenefitByTauLabels) -> None:
    looks: dict[str, dict[str, Any]] = {
        "p_benefit": {"color": COLOURS["bayesian"], "linewidth": 1.8, "zorder": 4},
        "p_benefit_new": {
            "color": COLOURS["new"],
            "linewidth": 1.4,
            "linestyle": (0, (1, 1.2)),
            "zorder": 3,
        },
    }
    for name, look in looks.items():
        ax.plot(frame["tau"], frame[name], label=labels.curves[name], **look)


def _draw_rows(ax: Axes, labels: BenefitByTauLabels) -> None:
    """Median and 95% interval of tau, each under its words."""
    for place, row in enumerate(labels.rows):
        y = -_ROW * (place + 1)
        colour = COLOURS["bayesian" if row.name == "posterior" else "prior"]
        dashes: Any = "solid" if row.name == "posterior" else (0, (5, 2))
        ax.plot([row.lower, row.upper], [y, y], color=colour, linewidth=1.4, linestyle=dashes, zorder=4)
        ends = [row.lower, row.upper]
        ax.plot(ends, [y, y], color=colour, linestyle="none", marker="|", markersize=7, zorder=4)
        ax.plot([row.median], [y], color=colour, linestyle="none", marker="o", markersize=4.5, zorder=5)
        said = wrap(row.text, _SIZE[0] - 0.1, lines=1, size=_NOTE_SIZE)
        ax.text(
            0.008 * labels.end,
            y + 0.03,
            said,
            fontsize=_NOTE_SIZE,
            color=colour,
            va="bottom",
            parse_math=False,
        )


def _draw_words(
    ax: Axes, labels: BenefitByTauLabels, title: str, chance: str, notes: tuple[str, ...]
) -> None:
    """Title, P(benefit) at three values of tau, key, axis name, notes."""
    top_left, bottom_left = (inches_from(ax, 0, y) for y in (1, 0))
    high = 0.42 + 0.17 * (1 + chance.count("\n"))
    _text(ax, 0, high, title, transform=top_left, fontsize=12, weight="bold", va="bottom")
    _text(ax, 0, 0.36, chance, transform=top_left, weight="bold", va="bottom", color=COLOURS["bayesian"])
    ax.legend(
        loc="upper left",
        bbox_to_anchor=(0, 0.28),
        bbox_transform=top_left,
        ncols=2,
        fontsize=_NOTE_SIZE,
        frameon=False,
        borderpad=0,
        borderaxespad=0,
        columnspacing=2,
    )
    _text(ax, _SIZE[0] / 2, -0.28, labels.axis, transform=bottom_left, ha="center", va="top")
    y = -_BELOW
    for note in notes:
        _text(ax, 0, y, note, transform=bottom_left, va="top", fontsize=_NOTE_SIZE, linespacing=1.15)
        y -= _NOTE_LINE * (1 + note.count("\n"))


def _text(ax: Axes, x: float, y: float, text: str, **how: Any) -> None:
    ax.text(x, y, text, parse_math=False, clip_on=False, **how)
