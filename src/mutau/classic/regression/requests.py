"""What may be asked of a regression, checked before anything is computed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.estimators import ESTIMATORS
from mutau.classic.predicting import CONVENTIONS
from mutau.classic.regression.covariances import REGRESSION_CI_METHODS
from mutau.classic.regression.results import coefficient_places
from mutau.classic.regression.tau2_limits import RESIDUAL_INTERVALS
from mutau.errors import Fault, nearest

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from mutau.classic.regression.designs import Array

__all__ = [
    "REGRESSION_CI_METHODS",
    "REGRESSION_PREDICTION_METHODS",
    "REGRESSION_TAU2_CI_METHODS",
    "column_names",
    "design_matrix",
    "regression_faults",
    "size_faults",
    "tested_places",
]

REGRESSION_PREDICTION_METHODS = tuple(
    name for name, how in CONVENTIONS.items() if how.error in ("conventional", "HK")
)
"""Conventions of the prediction interval; the degrees of freedom are k - p where one mean has k - 1."""

REGRESSION_TAU2_CI_METHODS = tuple(RESIDUAL_INTERVALS)
"""Confidence intervals of the residual tau2."""


def regression_faults(tau2: str, ci: str, prob: float, prediction: str, tau2_ci: str) -> list[Fault]:
    """List everything wrong with what is asked of a regression."""
    asked = (
        ("tau2", tau2, tuple(ESTIMATORS), "The estimator of tau2 is named"),
        ("ci", ci, REGRESSION_CI_METHODS, "The confidence interval of a regression is named"),
        ("prediction", prediction, REGRESSION_PREDICTION_METHODS, "The prediction interval is named"),
        ("tau2_ci", tau2_ci, REGRESSION_TAU2_CI_METHODS, "The confidence interval of tau2 is named"),
    )
    faults = [
        Fault(f"{key}={value!r}", rule, nearest(str(value), valid), key=key)
        for key, value, valid, rule in asked
        if value not in valid
    ]
    if tau2_ci == "PL" and tau2 in ESTIMATORS and tau2 not in ("ML", "REML", "CE"):
        rule = "PL rests on the estimate of ML or REML"
        faults.append(Fault(f"tau2_ci='PL' with tau2={tau2!r}", rule, "Use tau2='REML'", key="tau2_ci"))
    if not (isinstance(prob, int | float | np.floating) and 0 < prob < 1):
        faults.append(Fault(f"prob={prob!r}", "A coverage lies between 0 and 1", "Use 0.95", key="prob"))
    return faults


def design_matrix(x: ArrayLike) -> tuple[Array, list[Fault]]:
    """Read the design matrix, or say why it is none; an empty one then stands in for it."""
    empty = np.empty((0, 1))
    rule = "The design is a matrix of numbers, a row for each study and a column for each coefficient"
    try:
        design = np.asarray(x, dtype=np.float64)
    except (TypeError, ValueError):
        return empty, [Fault(f"x of {type(x).__name__}", rule, "Give an array of numbers", key="x")]
    if design.ndim == 1:
        design = np.column_stack([np.ones(len(design)), design])
    if design.ndim != 2 or design.shape[1] == 0:
        return empty, [Fault(f"x of shape {design.shape}", rule, "Give two dimensions", key="x")]
    faults = [
        Fault(f"x[{i}, {j}] = {design[i, j]:g}", "A moderator is a finite number", "Correct it", key="x")
        for i, j in np.argwhere(~np.isfinite(design))
    ]
    return design, faults


def column_names(design: Array, names: Sequence[str] | None) -> tuple[str, ...]:
    """Name the columns: as given, else the intercept and x1, x2, ..."""
    if names is not None:
        return tuple(map(str, names))
    ones = np.flatnonzero(np.all(design == 1, axis=0))[:1]
    free = iter(range(1, design.shape[1] + 1))
    return tuple("intercept" if j in ones else f"x{next(free)}" for j in range(design.shape[1]))


def size_faults(design: Array, known: Sequence[str], k: int, names: object) -> list[Fault]:
    """List what does not fit: rows and effects, studies and coefficients, columns and names."""
    rows, p = design.shape
    faults = []
    if rows != k:
        what = f"{k} effects and {rows} rows of moderators"
        faults.append(Fault(what, "A row of moderators for each effect", "Check the selection", key="x"))
    elif k <= p:
        rule = f"A regression with {p} coefficients takes at least {p + 1} studies"
        faults.append(Fault(f"{k} studies", rule, "Take fewer moderators", key="x"))
    if len(known) != p or len(set(known)) != p:
        rule = f"Each of {p} columns has a name of its own"
        faults.append(Fault(f"names={names!r}", rule, "Name each column once", key="names"))
    return faults


def tested_places(
    tested: Sequence[str] | None, known: Sequence[str], design: Array
) -> tuple[list[int], list[Fault]]:
    """Which coefficients are tested together: all that are no intercept, or the only one; and what is wrong."""
    if tested is not None:
        return coefficient_places(tested, known)
    constant = np.all(design == design[0], axis=0)
    return [i for i, one in enumerate(constant.tolist()) if not one] or list(range(len(known))), []
