"""What may be asked of classic pooling, checked before anything is computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic.confidence import CI_ESTIMATORS, CI_METHODS
from mutau.classic.estimators import ESTIMATORS
from mutau.classic.predicting import CONVENTIONS
from mutau.classic.tau2_intervals import TAU2_INTERVALS
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "CI_METHODS",
    "PREDICTION_METHODS",
    "TAU2_CI_METHODS",
    "TAU2_METHODS",
    "Request",
    "checked_effects",
    "number_array",
    "request_faults",
    "wald_only_faults",
]

TAU2_METHODS = tuple(ESTIMATORS)
"""Common effect (tau2 = 0) and the estimators of tau2; see `mutau.classic.estimators`."""

PREDICTION_METHODS = tuple(CONVENTIONS)
"""Conventions of the prediction interval; see `mutau.classic.predicting`."""

TAU2_CI_METHODS = tuple(TAU2_INTERVALS)
"""Confidence intervals of tau2; see `mutau.classic.tau2_intervals`."""


INVERSE_VARIANCE_ONLY = ("HC", "NNF")
"""Intervals made from Q about the inverse-variance mean."""

DECADES = 20
"""Powers of ten over which variances and squared effects may spread; beyond, sums lose what the small terms tell."""


@dataclass(frozen=True, slots=True)
class Request:
    """How to pool.

    Parameters
    ----------
    method : str
        One of `mutau.pooling.METHODS`.
    tau2, ci, prediction, tau2_ci : str
        One of `TAU2_METHODS`, `CI_METHODS`, `PREDICTION_METHODS`, `TAU2_CI_METHODS`.
    prob : float
        Coverage of all intervals.
    seed : int
        For the sign patterns of a permutation test, where they are drawn at random.
    """

    method: str
    tau2: str
    ci: str
    prob: float
    prediction: str
    tau2_ci: str = "QP"
    seed: int = 0


def request_faults(request: Request, tau2_methods: Sequence[str] = TAU2_METHODS) -> list[Fault]:
    """List everything wrong with a request; `tau2_methods` are those that go with its method."""
    faults = [
        Fault(f"{key}={value!r}", rule, nearest(str(value), valid), key=key)
        for key, value, valid, rule in (
            (
                "tau2",
                request.tau2,
                tuple(tau2_methods),
                f"The estimators of tau2 with method '{request.method}'",
            ),
            ("ci", request.ci, CI_METHODS, "The confidence interval is named"),
            ("prediction", request.prediction, PREDICTION_METHODS, "The prediction interval is named"),
            ("tau2_ci", request.tau2_ci, TAU2_CI_METHODS, "The confidence interval of tau2 is named"),
        )
        if value not in valid
    ]
    faults += _mismatches(request) + _of_tables(request)
    if isinstance(request.seed, bool) or not isinstance(request.seed, int) or request.seed < 0:
        rule = "A seed is a whole number, 0 or more"
        faults.append(Fault(f"seed={request.seed!r}", rule, "Use 0", key="seed"))
    if not (isinstance(request.prob, int | float | np.floating) and 0 < request.prob < 1):
        faults.append(
            Fault(f"prob={request.prob!r}", "A coverage lies between 0 and 1", "Use 0.95", key="prob")
        )
    return faults


def _mismatches(request: Request) -> list[Fault]:
    """Intervals that do not go with the estimator of tau2."""
    convention, interval = CONVENTIONS.get(request.prediction), TAU2_INTERVALS.get(request.tau2_ci)
    wanted = (
        ("ci", request.ci, CI_ESTIMATORS.get(request.ci, ())),
        ("prediction", request.prediction, convention.estimators if convention else ()),
        ("tau2_ci", request.tau2_ci, interval.estimators if interval else ()),
    )
    return [
        Fault(
            f"{key}={value!r} with tau2={request.tau2!r}",
            f"{value} rests on the estimate of {' or '.join(estimators)}",
            f"Use tau2={estimators[-1]!r}, or another {key}",
            key=key,
        )
        for key, value, estimators in wanted
        if estimators
        and request.tau2 in ESTIMATORS
        and request.tau2 not in estimators
        and not (request.tau2 == "CE" and key != "ci")  # a common effect has neither of the other two
    ]


def _of_tables(request: Request) -> list[Fault]:
    """Intervals about another mean than the Mantel-Haenszel random-effects one."""
    if request.method != "MH" or request.tau2 == "CE" or request.ci not in INVERSE_VARIANCE_ONLY:
        return []
    rule = f"{request.ci} is an interval of inverse-variance pooling"
    return [Fault(f"ci={request.ci!r} with method='MH'", rule, "Use method='IV', or another ci", key="ci")]


def wald_only_faults(request: Request) -> list[Fault]:
    """Refuse every interval but Wald's for a common effect made from sums over tables."""
    if request.tau2 != "CE" or request.ci not in CI_METHODS or request.ci == "wald":
        return []
    name = {"MH": "Mantel-Haenszel", "CMLE": "conditional"}.get(request.method, request.method)
    rule = f"The common-effect {name} estimate has a Wald interval only"
    other = " or tau2='DL'" if request.method == "MH" else ""
    what = f"ci={request.ci!r} with tau2='CE'" if request.method == "MH" else f"ci={request.ci!r}"
    return [Fault(what, rule, f"Use ci='wald'{other}", key="ci")]


def number_array(values: ArrayLike, key: str) -> tuple[NDArray[np.float64], list[Fault]]:
    """Read a one-dimensional float64 array, or say why it is none; an empty array then stands in for it."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        rule = "A number for each study"
        return np.empty(0), [
            Fault(f"{key} of {type(values).__name__}", rule, "Give an array of numbers", key=key)
        ]
    if array.ndim == 0:
        array = array.reshape(1)
    if array.ndim > 1:
        rule = "One number for each study"
        return np.empty(0), [Fault(f"{key} of shape {array.shape}", rule, "Give one dimension", key=key)]
    return array, []


def checked_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    faults: list[Fault],
    labels: Sequence[str] | None,
    sizes: NDArray[np.int64] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Check the effects of one set, or of sets of these sizes; raises an ArgumentError with `faults` and its own."""
    y, y_faults = number_array(yi, "yi")
    v, v_faults = number_array(vi, "vi")
    found = [*faults, *y_faults, *v_faults]
    if not (y_faults or v_faults):
        if len(y) != len(v):
            what = f"{len(y)} effects and {len(v)} variances"
            found.append(Fault(what, "One variance for each effect", "Give arrays of one length", key="vi"))
        elif len(y) == 0:
            found.append(Fault("no studies", "At least one study is pooled", "Check the selection", key="yi"))
        names = labels if labels is not None and len(labels) == len(y) else None
        found += _cell_faults(y, np.isfinite(y), "yi", "An effect is a finite number", names)
        found += _cell_faults(v, np.isfinite(v) & (v > 0), "vi", "A variance is above 0 and finite", names)
    found = found or _range_faults(y, v, sizes)
    if found:
        raise ArgumentError(found)
    return y, v


def _range_faults(
    y: NDArray[np.float64], v: NDArray[np.float64], sizes: NDArray[np.int64] | None
) -> list[Fault]:
    """Refuse sets of numbers so far apart that sums of their products overflow: never seen but by a slip of units."""
    starts = np.zeros(1, int) if sizes is None else np.concatenate([[0], np.cumsum(sizes[:-1])])
    least, most = (np.log10(end.reduceat(v, starts)) for end in (np.minimum, np.maximum))
    half = np.maximum.reduceat(y / 2, starts) - np.minimum.reduceat(y / 2, starts)  # halved, not to overflow
    with np.errstate(divide="ignore"):
        apart = 2 * (np.log10(half) + math.log10(2)) - least
    rule = f"Variances, and squared distances of effects, lie within {DECADES:g} powers of ten of one another"
    remedy = "Check the units, and whether a standard error was typed as 0"
    faults = []
    for at in np.flatnonzero((most - least > DECADES) | (apart > DECADES)):
        where = "" if sizes is None else f"set {at}: "
        if most[at] - least[at] > DECADES:
            what = f"{where}variances from 1e{least[at]:.0f} to 1e{most[at]:.0f}"
            faults.append(Fault(what, rule, remedy, key="vi"))
        if apart[at] > DECADES:
            what = f"{where}effects 1e{apart[at] / 2:.0f} standard errors apart"
            faults.append(Fault(what, rule, remedy, key="yi"))
    return faults


def _cell_faults(
    values: NDArray[np.float64], good: NDArray[np.bool_], key: str, rule: str, names: Sequence[str] | None
) -> list[Fault]:
    remedy = "Correct it, or leave the study out and say so"
    return [
        Fault(f"{key}[{i}] = {values[i]:g}", rule, remedy, study=None if names is None else names[i], key=key)
        for i in map(int, np.flatnonzero(~good))
    ]


def label_array(labels: Sequence[str] | None, k: int) -> NDArray[Any]:
    """Names of the studies, numbered from 1 where there are none."""
    given = [f"study {i + 1}" for i in range(k)] if labels is None else list(labels)
    return np.asarray(given, dtype=object)


def is_positive_number(value: object) -> bool:
    """Whether `value` is a finite number, 0 or more."""
    return isinstance(value, int | float | np.number) and math.isfinite(float(value)) and float(value) >= 0
