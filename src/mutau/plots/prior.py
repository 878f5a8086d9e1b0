"""What priors say before any study: the mean effect and one setting's effect, and the between-study SD."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mutau.errors import ArgumentError, Fault
from mutau.outcomes.defaults import OWN
from mutau.plots.scales import set_effect_axis, tick_text
from mutau.plots.style import COLOURS, inches_from, new_figure, plain, quiet_glyphs, style, wrap
from mutau.priors import Prior, prior_predictive
from mutau.priors.predictive import PREDICTABLE
from mutau.tables import number

if TYPE_CHECKING:
    from mutau.measures import Measure
    from mutau.outcomes import OutcomeModel
    from mutau.priors.predictive import Predicted

__all__ = ["PRIOR_COLUMNS", "PriorLabels", "plot_prior", "prepare_prior", "why_no_prior"]

PRIOR_COLUMNS = ("parameter", "curve", "analysis", "natural", "density")
"""Columns of `prepare_prior`, in order."""

_POINTS = 401
_MINUS = "\N{MINUS SIGN}"
_Z95 = 1.959963984540054
_MU_TAIL, _TAU_TAIL = 0.005, 0.975
_MARKS = {"mu": (0.025, 0.5, 0.975), "tau": (0.5, 0.95)}
_SIZE = (3.6, 2.4)  # inches, of each Axes
_LEFT, _RIGHT, _BETWEEN = 0.25, 0.25, 0.45
_ABOVE, _BELOW = 1.12, 0.62
_NOTE_SIZE, _NOTE_LINE = 7.5, 0.145
_TURN = 0.6  # of tau's axis: from there on text stands left of its line
_TOP = 0.82  # of the Axes: where the highest curve ends
_TAU_CURVES = ("bayesian", "classic", "new", "published")


@dataclass(frozen=True, slots=True)
class PriorLabels:
    """The words around the plot, and its scale. Kept in ``frame.attrs["labels"]``.

    Parameters
    ----------
    title, mu_axis, tau_axis : str
        Above and below.
    log : bool
        Whether the effect axis is logarithmic.
    null : float
        No effect, on the natural scale.
    curves : dict
        Name of each curve as the key prints it.
    marks : dict
        By parameter the quantiles of its first curve: probability, place on the axis, text.
    notes : tuple of str
        What is not drawn and why; what tau means on the scale that is read.
    chance : str
        What the picture says, for those who do not see it.
    """

    title: str
    mu_axis: str
    tau_axis: str
    log: bool
    null: float
    curves: dict[str, str]
    marks: dict[str, tuple[tuple[float, float, str], ...]]
    notes: tuple[str, ...]
    chance: str


def why_no_prior(model: OutcomeModel) -> str:
    """Say why there is no picture of a model's priors; nothing where there is one."""
    named = (("mu", model.mu_prior), ("tau", model.tau_prior), *model.tau_alternatives)
    if any(_drawable(prior) for _, prior in named):
        return ""
    told = "; ".join(f"{label}, {prior.label}, {_why(prior)}" for label, prior in named)
    return f"No prior of the model has a density to draw: {told}"


def prepare_prior(model: OutcomeModel) -> pd.DataFrame:
    """Compute the densities that a model's priors give: of mu, of the effect in one setting, of tau and alternatives.

    Parameters
    ----------
    model : OutcomeModel
        Any outcome model; nothing is fitted.

    Returns
    -------
    DataFrame
        One row per point of a curve, columns `PRIOR_COLUMNS`. ``parameter`` is mu or tau; ``curve`` is mu, new,
        or the label of a prior of tau. ``analysis`` is the effect or tau on the analysis scale; ``natural`` the
        effect as it is read, for tau how far apart 95% of true effects lie (for ratios the factor exp(3.92
        tau)). ``density`` is per unit of the analysis scale. ``frame.attrs["labels"]`` holds `PriorLabels`. A
        prior that has no density is left out, and the notes say so.

    Raises
    ------
    mutau.errors.ArgumentError
        No prior of the model has a density.
    """
    if why_no_prior(model):
        rule = "A picture of priors needs one that is proper and not a fixed value"
        raise ArgumentError(Fault(f"priors of {model.name}", rule, "State a proper prior"))
    mu, tau = _mu_curves(model), _tau_curves(model)
    measure = model.measure_record
    frames = []
    if mu:
        low, high = _window(list(mu.values()), _MU_TAIL, 1.0 - _MU_TAIL)
        grid = np.linspace(low, high, _POINTS)
        frames += [
            _frame("mu", name, grid, np.asarray(measure.to_natural(grid)), each) for name, each in mu.items()
        ]
    if tau:
        grid = np.linspace(0.0, _window(list(tau.values()), 0.0, _TAU_TAIL)[1], _POINTS)
        frames += [_frame("tau", name, grid, _span(grid, measure), each) for name, each in tau.items()]
    frame = pd.concat(frames, ignore_index=True)[list(PRIOR_COLUMNS)]
    frame.attrs["labels"] = _labels(model, mu, tau)
    return frame


def _frame(parameter: str, name: str, grid: Any, natural: Any, curve: Any) -> pd.DataFrame:
    density = np.asarray(curve.pdf(grid))
    columns = {
        "parameter": parameter,
        "curve": name,
        "analysis": grid,
        "natural": natural,
        "density": density,
    }
    return pd.DataFrame(columns)


def _drawable(prior: Prior) -> bool:
    return prior.is_proper and not prior.is_point and not prior.is_pending


def _mu_curves(model: OutcomeModel) -> dict[str, Prior | Predicted]:
    mu, tau = model.mu_prior, model.tau_prior
    curves: dict[str, Prior | Predicted] = {"mu": mu} if _drawable(mu) else {}
    if mu.family in PREDICTABLE and _drawable(tau):
        curves["new"] = prior_predictive(mu, tau).theta_new
    return curves


def _tau_curves(model: OutcomeModel) -> dict[str, Prior]:
    named = ((OWN, model.tau_prior), *model.tau_alternatives)
    return {label: prior for label, prior in named if _drawable(prior)}


def _window(curves: list[Any], low: float, high: float) -> tuple[float, float]:
    """From the first curve's quantiles; the others may run out of it."""
    return float(curves[0].ppf(low)), float(curves[0].ppf(high))


def _span(tau: Any, measure: Measure) -> Any:
    """How far apart 95% of true effects lie given tau."""
    wide = 2.0 * _Z95 * np.asarray(tau)
    return np.exp(wide) if measure.analysis_scale == "log" else wide


def _labels(model: OutcomeModel, mu: dict[str, Any], tau: dict[str, Any]) -> PriorLabels:
    measure = model.measure_record
    log = measure.analysis_scale == "log"
    curves = {
        "mu": f"mean effect (mu): {model.mu_prior.short_label}",
        "new": "effect in one setting",
        **{label: f"{label}: {prior.short_label}" for label, prior in tau.items()},
    }
    means = "by a factor of exp(3.92 tau)" if log else "by 3.92 tau"
    notes = [
        f"Given tau, 95% of the true {measure.name}s of similar trials differ {means} or less; beside a quantile of "
        "tau stands that number."
    ]
    named = (("mu", model.mu_prior), ("tau", model.tau_prior), *model.tau_alternatives)
    notes += [
        f"Not drawn: {label}, {prior.label}, which {_why(prior)}."
        for label, prior in named
        if not _drawable(prior)
    ]
    if _leaves_the_frame(tau):
        notes.append("A curve that is higher than the thick one by more than a fifth leaves the frame.")
    marks: dict[str, tuple[tuple[float, float, str], ...]] = {}
    if mu:
        first = next(iter(mu.values()))
        places = [float(measure.to_natural(np.float64(first.ppf(p)))) for p in _MARKS["mu"]]
        marks["mu"] = tuple((p, x, number(x)) for p, x in zip(_MARKS["mu"], places, strict=True))
    if tau:
        own = next(iter(tau.values()))
        marks["tau"] = tuple(
            (p, x, _tau_mark(x, measure)) for p in _MARKS["tau"] if (x := float(own.ppf(p))) >= 0
        )
    return PriorLabels(
        title=f"Priors: {plain(model.title)}",
        mu_axis=measure.axis_label,
        tau_axis="between-study SD (tau)",
        log=log,
        null=measure.null_natural,
        curves=curves,
        marks=marks,
        notes=tuple(notes),
        chance=_reading(marks, measure),
    )


def _reading(marks: dict[str, tuple[tuple[float, float, str], ...]], measure: Measure) -> str:
    """The quantiles that are marked, in words."""
    told = []
    for parameter, name in (("mu", measure.code), ("tau", "tau")):
        if places := marks.get(parameter):
            told.append(", ".join(f"{100 * p:g}% below {name} {number(x)}" for p, x, _ in places))
    return "; ".join(told)


def _leaves_the_frame(tau: dict[str, Prior]) -> bool:
    if not tau:
        return False
    own, *others = tau.values()
    grid = np.linspace(0.0, float(own.ppf(_TAU_TAIL)), _POINTS)
    return any(each.pdf(grid).max() > own.pdf(grid).max() / _TOP for each in others)


def _tau_mark(tau: float, measure: Measure) -> str:
    span = float(_span(tau, measure))
    return f"{number(tau)} ({number(span)})" if span < 1e6 else number(tau)


def _why(prior: Prior) -> str:
    if prior.is_pending:
        return "is made from the studies' standard errors"
    return "is a fixed value" if prior.is_point else "is improper"


def plot_prior(frame: pd.DataFrame, *, axes: tuple[Axes, Axes] | None = None) -> tuple[Axes, Axes]:
    """Draw what priors say: the effect on the left, tau on the right, each with its quantiles.

    Parameters
    ----------
    frame : DataFrame
        From `prepare_prior`.
    axes : (Axes, Axes), optional
        Where to draw. Without them, a figure is made (no pyplot state is touched).

    Returns
    -------
    (Axes, Axes)
        Of the effect (natural scale, logarithmic for ratios) and of tau; densities are on the analysis scale.
    """
    labels = cast("PriorLabels", frame.attrs["labels"])
    with style(), quiet_glyphs():
        wide = 2 * _SIZE[0] + _BETWEEN
        notes = tuple(wrap(note, wide, size=_NOTE_SIZE) for note in labels.notes)
        title = wrap(labels.title, wide, lines=1, size=12, bold=True)
        left, right = _new_axes(notes) if axes is None else axes
        _draw(left, frame[frame["parameter"] == "mu"], labels, "mu")
        _draw(right, frame[frame["parameter"] == "tau"], labels, "tau")
        left.text(
            0, 0.86, title, transform=inches_from(left, 0, 1), fontsize=12, weight="bold", parse_math=False
        )
        y = -_BELOW
        for note in notes:
            left.text(
                0, y, note, transform=inches_from(left, 0, 0), va="top", fontsize=_NOTE_SIZE, linespacing=1.15,
                clip_on=False, parse_math=False,
            )  # fmt: skip
            y -= _NOTE_LINE * (1 + note.count("\n"))
    return left, right


def _new_axes(notes: tuple[str, ...]) -> tuple[Axes, Axes]:
    below = _BELOW + _NOTE_LINE * sum(1 + note.count("\n") for note in notes) + 0.12
    width, height = _LEFT + 2 * _SIZE[0] + _BETWEEN + _RIGHT, below + _SIZE[1] + _ABOVE
    figure = new_figure(width, height)
    size = _SIZE[0] / width, _SIZE[1] / height
    first, second = (
        figure.add_axes((left / width, below / height, *size))
        for left in (_LEFT, _LEFT + _SIZE[0] + _BETWEEN)
    )
    return first, second


def _draw(ax: Axes, curves: pd.DataFrame, labels: PriorLabels, parameter: str) -> None:
    ax.yaxis.set_visible(False)
    for side in ("left", "right", "top"):
        ax.spines[side].set_visible(False)
    ax.set_xlabel(labels.mu_axis if parameter == "mu" else labels.tau_axis)
    if curves.empty:
        ax.set_xticks([])
        ax.text(0.5, 0.5, "nothing to draw: see the notes", transform=ax.transAxes, ha="center")
        return
    x = "natural" if parameter == "mu" else "analysis"
    log = labels.log and parameter == "mu"
    set_effect_axis(ax, curves[x].min(), curves[x].max(), log=log)
    first = curves[curves["curve"] == curves["curve"].iloc[0]]
    ax.set_ylim(0, first["density"].max() / _TOP)
    for place, (name, curve) in enumerate(curves.groupby("curve", sort=False)):
        colour = COLOURS["new"] if name == "new" else COLOURS[_TAU_CURVES[place % len(_TAU_CURVES)]]
        line = "-" if place == 0 else (0, (5, 2)) if place == 1 else (0, (1, 1.2))
        ax.plot(
            curve[x], curve["density"], color=colour, linestyle=line, linewidth=1.8 if place == 0 else 1.2,
            label=wrap(labels.curves[str(name)], _SIZE[0] - 0.5, lines=1, size=_NOTE_SIZE),
        )  # fmt: skip
    if parameter == "mu":
        ax.axvline(labels.null, color=COLOURS["raw"], linewidth=0.9, ymax=_TOP)
    _draw_marks(ax, labels, parameter)
    ax.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        fontsize=_NOTE_SIZE,
        frameon=False,
        borderpad=0,
        borderaxespad=0.2,
    )


def _draw_marks(ax: Axes, labels: PriorLabels, parameter: str) -> None:
    """Quantiles of the first curve, each a thin line with its probability and its place."""
    low, high = ax.get_xlim()
    for level, (p, place, text) in enumerate(labels.marks.get(parameter, ())):
        if not (math.isfinite(place) and low <= place <= high):
            continue
        ax.axvline(place, color=COLOURS["rule"], linewidth=0.8, linestyle=(0, (2, 2)), ymax=_TOP, zorder=1)
        y = 0.97 - 0.06 * (level % 2)
        shown = f"{tick_text(100 * p)}%: {text.replace('-', _MINUS)}"
        share = (place - low) / (high - low)
        align = "center" if parameter == "mu" else "left" if share < _TURN else "right"
        ax.text(
            place, y, shown, transform=ax.get_xaxis_transform(), ha=align, va="top", fontsize=_NOTE_SIZE,
            color=COLOURS["prior"], parse_math=False,
        )  # fmt: skip
