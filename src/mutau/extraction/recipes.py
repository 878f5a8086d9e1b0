"""The ways in which a cell of a sheet can be derived: what each fills, what it takes, and by which formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mutau.extraction.changes import change_mean, change_sd
from mutau.extraction.counting import events_from_effect, events_from_percentage
from mutau.extraction.deviations import sd_from_difference, sd_from_interval, sd_from_se
from mutau.extraction.errors_of_effects import se_from_interval, se_from_p, se_from_statistic
from mutau.extraction.given import ANY, POSITIVE, Printed, derive, read
from mutau.extraction.quantiles import mean_from_quantiles, sd_from_quantiles
from mutau.extraction.record import Derived
from mutau.extraction.sources import DIFFERENCE, RATIO
from mutau.studies.columns import ARMS

__all__ = ["Recipe", "recipes"]

_DIFFERENCES = ("mean_difference", "risk_difference")
_RATIOS = ("odds_ratio", "risk_ratio", "rate_ratio", "hazard_ratio")
_FOURFOLD = ("odds_ratio", "risk_ratio", "risk_difference")
_QUARTILES, _EXTREMES = ("q1", "q3"), ("minimum", "maximum")


@dataclass(frozen=True, slots=True)
class Recipe:
    """A way to fill cells.

    Parameters
    ----------
    fills : tuple of str
        Columns.
    takes : mapping of str to str
        From an argument of `make` to the column that it is in.
    make : callable
        Gives one `Derived` for all that it fills, or a mapping from column to `Derived`.
    may_take : mapping of str to str
        Arguments that may be missing.
    alone : bool
        Whether it is for rows only that have nothing of their arms: a ready-made effect.
    beside : tuple of str
        Columns that have to be filled too for it to be of use.
    """

    fills: tuple[str, ...]
    takes: Mapping[str, str]
    make: Callable[..., Derived | Mapping[str, Derived]]
    may_take: Mapping[str, str] = field(default_factory=dict)
    alone: bool = False
    beside: tuple[str, ...] = ()


def recipes(long: bool) -> tuple[Recipe, ...]:
    """List all ways, in the order in which they are tried.

    Parameters
    ----------
    long : bool
        Whether a row is one arm; then what needs both arms is left out.
    """
    found = [recipe for arm in ([""] if long else [f"_{arm}" for arm in ARMS]) for recipe in _of_an_arm(arm)]
    return tuple(found if long else [*found, *_of_both_arms(), *_ready_made()])


def _of_an_arm(arm: str) -> Iterator[Recipe]:
    n, mean, sd = (f"{name}{arm}" for name in ("n", "mean", "sd"))
    level = {"level": "ci_level"}
    yield Recipe((f"events{arm}",), {"percent": f"percent{arm}", "n": n}, events_from_percentage)
    yield Recipe((sd,), {"se": f"se{arm}", "n": n}, sd_from_se)
    limits = {"lower": f"ci_lower{arm}", "upper": f"ci_upper{arm}", "n": n}
    yield Recipe((sd,), limits, sd_from_interval, level)
    for known in ((*_QUARTILES, *_EXTREMES), _QUARTILES, _EXTREMES):
        takes = {name: f"{name}{arm}" for name in ("median", *known)} | {"n": n}
        yield Recipe((mean,), takes, mean_from_quantiles)
        yield Recipe((sd,), takes, sd_from_quantiles)
    times = {name: f"{name}{arm}" for name in ("mean_final", "mean_baseline")}
    yield Recipe((mean,), times, change_mean)
    times = {name: f"{name}{arm}" for name in ("sd_final", "sd_baseline")}
    yield Recipe((sd,), {**times, "r": "r"}, change_sd)


def _of_both_arms() -> Iterator[Recipe]:
    sizes = {f"n_{arm}": f"n_{arm}" for arm in ARMS}
    both = tuple(f"events_{arm}" for arm in ARMS)
    for effect in _FOURFOLD:
        takes = {effect: effect, **sizes}
        yield Recipe(both, {**takes, "events_total": "events_total"}, events_from_effect)
        yield Recipe(both[:1], {**takes, "events_control": "events_control"}, events_from_effect)
    sds, means = (tuple(f"{name}_{arm}" for arm in ARMS) for name in ("sd", "mean"))
    for takes, make in _errors("mean_difference"):
        yield Recipe(sds, {**takes, **sizes}, _pooled_sd(make), {"level": "ci_level"}, beside=means)
    yield Recipe(sds, {"se": "mean_difference_se", **sizes}, sd_from_difference, beside=means)


def _errors(effect: str) -> Iterator[tuple[dict[str, str], Callable[..., Derived]]]:
    """What gives the standard error of an effect: its interval, test statistic, p-value."""
    yield {"lower": f"{effect}_lower", "upper": f"{effect}_upper"}, se_from_interval
    yield {"estimate": effect, "statistic": f"{effect}_t"}, se_from_statistic
    yield {"estimate": effect, "p": f"{effect}_p"}, se_from_p


def _pooled_sd(make: Callable[..., Derived]) -> Callable[..., Derived]:
    def pooled(
        n_treatment: Printed, n_control: Printed, level: Printed | None = None, **takes: Any
    ) -> Derived:
        sizes = read(n_treatment=(n_treatment, ANY), n_control=(n_control, ANY))
        df = sum(each.value for each in sizes.values()) - 2
        more: dict[str, Any] = {} if make is se_from_statistic else {"df": df}
        if make is se_from_interval and level is not None:
            more["level"] = level
        return sd_from_difference(make(**takes, **more), n_treatment, n_control)

    return pooled


def _ready_made() -> Iterator[Recipe]:
    for effect in (*_RATIOS, *_DIFFERENCES):
        ratio = effect in _RATIOS
        yield Recipe(("yi",), {"estimate": effect}, _yi(ratio), alone=True)
        for takes, make in _errors(effect):
            may = {"level": "ci_level", "estimate": effect} if make is se_from_interval else {}
            yield Recipe(("sei",), takes, _sei(make, ratio), may, alone=True)
        yield Recipe(("sei",), {"se": f"{effect}_se"}, _printed_se, alone=True)


def _yi(ratio: bool) -> Callable[..., Derived]:
    def yi(estimate: Printed) -> Derived:
        given = read(estimate=(estimate, POSITIVE if ratio else ANY))
        if ratio:
            return derive("yi", lambda estimate: np.log(estimate), given, "yi = ln {estimate}", RATIO)  # noqa: PLW0108
        return derive("yi", lambda estimate: estimate, given, "yi = {estimate}", DIFFERENCE)

    return yi


def _printed_se(se: Printed) -> Derived:
    """Take over the standard error that stands beside an effect; of a ratio, that of its logarithm."""
    return derive("SE", lambda se: se, read(se=(se, POSITIVE)), "sei = {se}", DIFFERENCE)


def _sei(make: Callable[..., Derived], ratio: bool) -> Callable[..., Derived]:
    def sei(**takes: Any) -> Derived:
        return make(**takes, ratio=ratio)

    return sei
