"""Trim and fill: what a funnel made symmetric would say."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic import inverse_variance
from mutau.diagnostics.advice import advice
from mutau.diagnostics.given import FloatArray, announce, given_effects
from mutau.diagnostics.regressing import mixed_line
from mutau.diagnostics.results import Described
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.records import ClassicResult
    from mutau.studies import StudyTable

__all__ = ["TRIM_ESTIMATORS", "TrimAndFill", "trim_and_fill"]

TRIM_ESTIMATORS = ("L0", "R0", "Q0")
"""Duval and Tweedie's estimators of the number of missing studies."""

_ROUNDS = 100
_EQUAL = 1e-9  # relative difference up to which variances are called the same


@dataclass(frozen=True, slots=True)
class TrimAndFill(Described):
    """A pooled result with mirrored studies filled in.

    Parameters
    ----------
    k : int
        Studies observed.
    k0, k0_se : float
        Studies filled in and the standard error of their number; NaN where the estimator does not exist.
    k0_p_value : float
        Test that none are missing on that side (R0 only, else NaN).
    side, estimator : str
        Where they are filled in, and by which estimator.
    yi, vi : tuple of float
        Observed effects and variances, then those filled in.
    study : tuple of str
        Their names.
    filled : tuple of bool
        Which are filled in.
    observed : ClassicResult
        Without filling.
    pooled : ClassicResult or None
        With filling; None where `k0` does not exist.
    tau2_method : str
        As asked.
    notes : tuple of str
        What a reader must know.
    """

    k: int
    k0: float
    k0_se: float
    k0_p_value: float
    side: str
    estimator: str
    yi: tuple[float, ...]
    vi: tuple[float, ...]
    study: tuple[str, ...]
    filled: tuple[bool, ...]
    observed: ClassicResult
    pooled: ClassicResult | None
    tau2_method: str
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of two rows: pooled as observed and with filling (NaN where it does not exist)."""
        import pandas as pd

        nothing = dict.fromkeys(asdict(self.observed), math.nan)
        rows = [asdict(self.observed), asdict(self.pooled) if self.pooled else nothing]
        names = ("estimate", "se", "lower", "upper", "p_value", "tau2", "q", "i2", "k")
        frame = pd.DataFrame([{name: row[name] for name in names} for row in rows])
        frame.insert(0, "studies", ["observed", "filled"])
        said: dict[str, Any] = {
            "side": self.side,
            "estimator": self.estimator,
            "k0": self.k0,
            "k0_se": self.k0_se,
        }
        return frame.assign(**said, notes="\n".join(self.notes), **self.about.columns())

    def __str__(self) -> str:
        head = f"trim and fill ({self.estimator}), {self.k} studies: {self.k0:g} filled in on the {self.side}"
        found = f"; {self.pooled.estimate:.3f} instead of {self.observed.estimate:.3f}" if self.pooled else ""
        return "\n".join([head + found, *self.notes])


def trim_and_fill(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    tau2: str = "REML",
    ci: str = "HK",
    estimator: str = "L0",
    side: str | None = None,
    prob: float = 0.95,
) -> TrimAndFill:
    """Estimate how many studies a symmetric funnel lacks, and pool with their mirror images filled in.

    Parameters
    ----------
    studies, yi, vi, sei, measure, tau2, ci, prob
        As in `mutau.pool`; `measure` may be an `OutcomeModel`.
    estimator : {"L0", "R0", "Q0"}
        Of the number of missing studies.
    side : {"left", "right"}, optional
        Where studies are missing. Without it the side away from the slope of Egger's mixed regression.

    Returns
    -------
    TrimAndFill
        A sensitivity analysis, not an estimate of the truth.

    Raises
    ------
    ArgumentError, StudyDataError
        Wrong arguments; fewer than three studies; a side that has to be said.

    Warns
    -----
    ApproximationWarning
        Where its authors say not to use it: fewer than 10 studies, heterogeneity.

    References
    ----------
    Duval S, Tweedie R (2000). Biometrics 56:455-463. doi:10.1111/j.0006-341X.2000.00455.x
    Peters JL et al. (2007). Statistics in Medicine 26:4544-4562. doi:10.1002/sim.2889

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore")
    >>> result = trim_and_fill(yi=[0, 0.1, -0.1, 0.5, 0.8, 1.1], sei=[0.1, 0.1, 0.1, 0.3, 0.4, 0.5], tau2="CE")
    >>> result.side, result.k0
    ('left', 2)
    """
    faults = [
        Fault(f"{key}={came!r}", "It is named", nearest(str(came), known), key=key)
        for key, came, known in (("estimator", estimator, TRIM_ESTIMATORS), ("side", side, ("left", "right")))
        if came not in known and not (key == "side" and came is None)
    ]
    if faults:
        raise ArgumentError(faults)
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, least=3, tau2=tau2)
    y, v = given.yi, given.vi
    side = _side(y, v, tau2) if side is None else side
    turn = -1.0 if side == "right" else 1.0
    order = np.argsort(turn * y, kind="stable")
    k0, error, centre, reason = _missing(turn * y[order], v[order], tau2, estimator)
    notes = advice("trim and fill", given)
    announce(notes)
    extreme = order[given.k - int(k0) :] if k0 > 0 else order[:0]
    all_y = np.append(y, turn * 2 * centre - y[extreme])
    all_v = np.append(v, v[extreme])
    return TrimAndFill(
        given.k,
        k0,
        error,
        0.5 ** (k0 + 1) if estimator == "R0" else math.nan,
        side,
        estimator,
        tuple(all_y.tolist()),
        tuple(all_v.tolist()),
        (*given.labels, *(f"filled: mirror of {given.labels[i]}" for i in extreme)),
        (False,) * given.k + (True,) * len(extreme),
        inverse_variance(y, v, tau2=tau2, ci=ci, prob=prob),
        None if reason else inverse_variance(all_y, all_v, tau2=tau2, ci=ci, prob=prob),
        tau2,
        (*notes, *([reason] if reason else [])),
        about=given.about,
    )


def _side(y: FloatArray, v: FloatArray, tau2: str) -> str:
    """Find where studies are missing: away from the slope of Egger's mixed regression."""
    if np.ptp(v) <= _EQUAL * float(v.max()):
        rule = "The side is found by how effects change with their standard errors"
        what = "no side, and the same standard error in all studies"
        raise ArgumentError(Fault(what, rule, "Say side='left' or side='right'", key="side"))
    return "right" if mixed_line(y, v, np.sqrt(v), tau2).coefficients[1] < 0 else "left"


def _missing(y: FloatArray, v: FloatArray, tau2: str, estimator: str) -> tuple[float, float, float, str]:
    """Trim the largest of sorted effects until their number stays: number, its error, centre, why there is none."""
    k, k0 = len(y), 0
    for _ in range(_ROUNDS):
        centre = inverse_variance(y[: k - k0], v[: k - k0], tau2=tau2).estimate
        found, error = _number(y - centre, estimator)
        if not math.isfinite(found):
            return (
                math.nan,
                math.nan,
                centre,
                _no_number(estimator),
            )
        new = max(0, round(found))
        if new >= k:
            return math.nan, math.nan, centre, f"{estimator} trims all studies"
        if new == k0:
            return new, error, centre, ""
        k0 = new
    return math.nan, math.nan, centre, f"{estimator} did not settle in {_ROUNDS} rounds"


def _no_number(estimator: str) -> str:
    why = "a square root of a negative number" if estimator != "R0" else "no effect below the centre"
    return f"{estimator} does not exist for these effects: {why}"


def _number(centred: FloatArray, estimator: str) -> tuple[float, float]:
    """Estimate the number of missing studies from signed ranks, with its standard error."""
    k = len(centred)
    ranks = np.empty(k)
    ranks[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
    if estimator == "R0":
        below = ranks[centred < 0]
        if not len(below):
            return math.nan, math.nan
        k0 = k - float(below.max()) - 1
        return k0, math.sqrt(2 * max(0.0, k0) + 2)
    above = float(ranks[centred > 0].sum())
    if estimator == "L0":
        k0 = (4 * above - k * (k + 1)) / (2 * k - 1)
        return k0, 4 * _root(_variance(k, k0)) / (2 * k - 1)
    k0 = k - 0.5 - _root(2 * k**2 - 4 * above + 0.25)
    return k0, 2 * _root(_variance(k, k0)) / _root((k - 0.5) ** 2 - k0 * (2 * k - k0 - 1))


def _variance(k: int, k0: float) -> float:
    terms = k * (k + 1) * (2 * k + 1) + 10 * k0**3 + 27 * k0**2 + 17 * k0
    return (terms - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0) / 24


def _root(value: float) -> float:
    return math.sqrt(value) if value >= 0 else math.nan
