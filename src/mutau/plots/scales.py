"""Where an effect axis begins and ends, and where its ticks stand."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from mutau.tables import number

__all__ = ["effect_limits", "effect_ticks", "set_effect_axis", "tick_text"]

type FloatArray = NDArray[np.float64]

_MOST_TICKS = 9
_ROUND = (
    ((1, 1.5, 2, 3, 5, 7), 7),
    ((1, 2, 5), _MOST_TICKS),
)  # first digits, and how many such ticks at most
_WIDE_RATIO = 4.0  # beyond this ratio of the limits, ticks stand at 1-2-5 instead of at equal steps


def effect_limits(
    estimates: Sequence[float],
    lowers: Sequence[float],
    uppers: Sequence[float],
    *,
    null: float,
    log: bool,
    null_room: float = 0.32,
) -> tuple[float, float]:
    """Choose limits that show every estimate, and of the intervals as much as leaves the others readable.

    Parameters
    ----------
    estimates, lowers, uppers : sequence of float
        Natural scale; not finite where there is none. A limit of 0 or infinity on a ratio is allowed.
    null : float
        No effect, on the natural scale.
    log : bool
        Whether the axis is logarithmic.
    null_room : float
        Share of the axis kept on either side of no effect, for the direction labels.

    Returns
    -------
    tuple of float
        Lower and upper limit, natural scale.

    Notes
    -----
    An interval may reach beyond the estimates by twice the upper quartile of the half-widths; one that reaches
    further is left to be clipped, so that it does not flatten the others.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        centre, low, high = (
            np.log(np.asarray(values, dtype=np.float64)) if log else np.asarray(values, dtype=np.float64)
            for values in (estimates, lowers, uppers)
        )
    zero = math.log(null) if log else null
    core = np.append(centre[np.isfinite(centre)], zero)
    widths = (high - low)[np.isfinite(high - low)] / 2
    reach = float(np.quantile(widths, 0.75, method="lower")) if len(widths) else 1.0
    reach = reach if reach > 0 else 1.0
    left = -_end(-core, -low, reach)
    right = _end(core, high, reach)
    span = max(right - left, 1e-9)
    left, right = left - 0.04 * span, right + 0.04 * span
    left = min(left, zero - null_room / (1 - null_room) * (right - zero))
    right = max(right, zero + null_room / (1 - null_room) * (zero - left))
    return (math.exp(left), math.exp(right)) if log else (left, right)


def _end(core: FloatArray, ends: FloatArray, reach: float) -> float:
    """Give the outermost of the ends that lie within reach; some room for an arrow where one lies beyond."""
    outermost = float(core.max())
    within = ends[ends <= outermost + 2 * reach]
    room = outermost + 0.5 * reach if np.any(ends > outermost + 2 * reach) else outermost
    return max(room, float(np.max(within, initial=outermost)))


def effect_ticks(lower: float, upper: float, *, log: bool) -> FloatArray:
    """Place a handful of ticks: equal steps; on a longer ratio axis round numbers, then powers of ten."""
    if not log or upper / lower < _WIDE_RATIO:
        steps = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(lower, upper)
        return _within(np.asarray(steps, dtype=np.float64), lower, upper)
    decades = range(math.floor(math.log10(lower)), math.ceil(math.log10(upper)) + 1)
    for digits, most in _ROUND:
        ticks = _within(np.array([digit * 10.0**e for e in decades for digit in digits]), lower, upper)
        if len(ticks) <= most:
            return ticks
    step = next(step for step in range(1, len(decades) + 1) if len(decades) <= _MOST_TICKS * step)
    return _within(10.0 ** np.array([e for e in decades if e % step == 0], dtype=np.float64), lower, upper)


def _within(ticks: FloatArray, lower: float, upper: float) -> FloatArray:
    slack = 1e-9 * abs(upper - lower)
    return ticks[(ticks >= lower - slack) & (ticks <= upper + slack)]


def set_effect_axis(ax: Axes, lower: float, upper: float, *, log: bool, up: bool = False) -> None:
    """Give an Axes the effect axis from `lower` to `upper`, across or up, with ticks that read as plain numbers."""
    scale, limits, axis = (
        (ax.set_yscale, ax.set_ylim, ax.yaxis) if up else (ax.set_xscale, ax.set_xlim, ax.xaxis)
    )
    scale("log" if log else "linear")
    limits(lower, upper)
    ticks = effect_ticks(lower, upper, log=log)
    axis.set_major_locator(FixedLocator(ticks.tolist()))
    axis.set_minor_locator(NullLocator())
    axis.set_ticks(ticks.tolist(), labels=[tick_text(float(tick)) for tick in ticks])


def tick_text(value: float) -> str:
    """Write a value on an axis with the digits it has and no more: ``"1.25"``, ``"2"``, ``"−0.5"``."""
    text = f"{value:.10g}" if 1e-4 <= abs(value) < 1e6 or value == 0 else number(value)
    return text.replace("-", "\N{MINUS SIGN}")
