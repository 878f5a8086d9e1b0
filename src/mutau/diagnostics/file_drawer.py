"""Fail-safe N: how many unseen studies without an effect would overturn a pooled result."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from mutau.classic import inverse_variance
from mutau.diagnostics.advice import fail_safe_advice
from mutau.diagnostics.given import Given, announce, given_effects
from mutau.diagnostics.results import Described, one_row
from mutau.errors import ArgumentError, Fault, nearest

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["FAIL_SAFE_METHODS", "FailSafe", "fail_safe_n"]

FAIL_SAFE_METHODS = ("Rosenthal", "Orwin", "Rosenberg", "general")
"""Ways to count: a sum of z values, an unweighted or weighted mean, a common-effect mean, any pooled mean."""

_MOST = 10**7
"""Studies up to which the general method looks, as metafor does."""

_ROUNDING = math.sqrt(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class FailSafe(Described):
    """How many unseen studies without an effect would overturn a result; no estimate of how many there are.

    Parameters
    ----------
    method : str
        One of `FAIL_SAFE_METHODS`.
    k : int
        Studies observed.
    n : float
        Unseen studies; 0 where the result does not hold as it is, NaN where no number was found.
    overturned : str
        What counts as overturned, in words.
    alpha : float
        Level of the p-value that has to be reached; NaN where a target is.
    target : float
        Pooled effect that has to be reached, on the analysis scale; NaN where a p-value is.
    estimate, p_value : float
        Pooled effect and p-value of the studies observed, as the method pools them; NaN where it has none.
    estimate_with, tau2_with, p_value_with : float
        The same with the `n` studies, and tau2 (general method only, else NaN).
    tau2_method : str
        Of the general method; ``"CE"`` for Rosenberg's, empty for the others.
    notes : tuple of str
        Why not to rely on it.
    """

    method: str
    k: int
    n: float
    overturned: str
    alpha: float
    target: float
    estimate: float
    p_value: float
    estimate_with: float
    tau2_with: float
    p_value_with: float
    tau2_method: str
    notes: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Make a frame of one row; `notes` are joined by line breaks, ``measure`` and ``provenance`` come last."""
        return one_row(self)

    def __str__(self) -> str:
        many = "no number found" if math.isnan(self.n) else f"{self.n:,.0f} unseen"
        return "\n".join(
            [f"fail-safe N ({self.method}), {self.k} studies: {many} for {self.overturned}", *self.notes]
        )


def fail_safe_n(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    method: str = "Rosenthal",
    alpha: float = 0.05,
    target: float | None = None,
    weighted: bool = False,
    tau2: str = "REML",
) -> FailSafe:
    """Count the unseen studies averaging no effect that would overturn the pooled result (a file drawer analysis).

    Advised against: it says nothing of how many such studies there are, and rests on their having no effect at all.

    Parameters
    ----------
    studies, yi, vi, sei, measure
        As in `mutau.pool`; `measure` may be an `OutcomeModel`.
    method : {"Rosenthal", "Orwin", "Rosenberg", "general"}
        Rosenthal (1979): until the one-sided p-value of Stouffer's sum of z values is `alpha`. Orwin (1983): until
        the mean is `target`. Rosenberg (2005): until the two-sided p-value of the common-effect mean is `alpha`. The
        general method (Viechtbauer 2024): until the two-sided p-value of the mean by `tau2` is `alpha`, or, where a
        `target` is given, until the mean is that.
    alpha : float
        Level, in (0, 1).
    target : float, optional
        On the analysis scale (log for ratios), on the side of the pooled effect; needed by Orwin's.
    weighted : bool
        Orwin's mean by inverse variance; without it, the plain mean of his paper.
    tau2 : str
        Estimator of the general method, as in `mutau.pool`.

    Returns
    -------
    FailSafe

    Raises
    ------
    ArgumentError, StudyDataError
        Wrong arguments; fewer than two studies; a target of 0 or on the other side of 0.

    Warns
    -----
    ApproximationWarning
        Always: why it is advised against.

    Notes
    -----
    Rosenthal: ``(sum z)^2/z_alpha^2 - k``. Orwin: ``k (m - target)/target``. Rosenberg: with w = 1/v,
    ``((sum w y / z_(alpha/2))^2 - sum w)/mean w``. All are rounded up. General: N studies with the harmonic mean of
    the variances v* and effects of mean 0 that spread as the observed ones do are added; with e the pooled effect and
    ``e_N = k e/(k + N)``, tau2 becomes ``((k - 1) tau2 + (N - 1) tau2 + k (e - e_N)^2 + N e_N^2)/(k + N - 1)`` (tau2
    stays 0 with ``"CE"``), and the mean and its Wald test are those of weights ``1/(v + tau2)``. That is metafor's
    approximation; n is the first whole number on the far side of what is asked for.

    References
    ----------
    Rosenthal R (1979). The file drawer problem and tolerance for null results. Psychological Bulletin 86:638-641.
    doi:10.1037/0033-2909.86.3.638. Orwin RG (1983). A fail-safe N for effect size in meta-analysis. Journal of
    Educational Statistics 8:157-159. doi:10.3102/10769986008002157. Rosenberg MS (2005). The file-drawer problem
    revisited. Evolution 59:464-468. doi:10.1111/j.0014-3820.2005.tb01004.x. Viechtbauer W (2024). A fail-safe N
    computation based on the random-effects model. Society for Research Synthesis Methodology, Amsterdam.

    Examples
    --------
    >>> import warnings
    >>> warnings.simplefilter("ignore")
    >>> drawer = fail_safe_n(yi=[0.1, 0.3, 0.5, 0.9], sei=[0.1, 0.1, 0.2, 0.3], method="Rosenberg")
    >>> drawer.n, drawer.overturned
    (14.0, 'p >= 0.05 (two-sided) of the common-effect mean')
    """
    faults = _faults(method, alpha, target)
    if faults:
        raise ArgumentError(faults)
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, least=2, tau2=tau2)
    counted = {
        "Rosenthal": lambda: _rosenthal(given, alpha),
        "Orwin": lambda: _orwin(given, float(target or math.nan), weighted),
        "Rosenberg": lambda: _rosenberg(given, alpha),
        "general": lambda: _general(given, alpha, target, tau2),
    }
    found = counted[method]()
    announce(found.notes)
    return found


def _faults(method: str, alpha: float, target: float | None) -> list[Fault]:
    faults = []
    if method not in FAIL_SAFE_METHODS:
        remedy = nearest(str(method), FAIL_SAFE_METHODS)
        faults.append(Fault(f"method={method!r}", "A fail-safe N is by", remedy, key="method"))
    if not 0 < alpha < 1:
        faults.append(Fault(f"alpha={alpha}", "A level lies between 0 and 1", "Use 0.05", key="alpha"))
    if method == "Orwin" and target is None:
        rule = "Orwin's method asks when the mean is as small as a target"
        faults.append(Fault("no target", rule, "Give the smallest effect that matters", key="target"))
    if target is not None and method in ("Rosenthal", "Rosenberg"):
        rule = f"{method}'s method asks for a p-value, not for a target"
        faults.append(Fault(f"target={target}", rule, "Use method='Orwin' or 'general'", key="target"))
    if target is not None and not (math.isfinite(target) and target != 0):
        rule = "No number of studies brings a mean to 0; a target is a finite number other than 0"
        faults.append(Fault(f"target={target}", rule, "Give the smallest effect that matters", key="target"))
    return faults


def _record(
    given: Given,
    method: str,
    n: float,
    overturned: str,
    numbers: dict[str, float],
    tau2: str = "",
    notes: tuple[str, ...] = (),
) -> FailSafe:
    names = ("alpha", "target", "estimate", "p_value", "estimate_with", "tau2_with", "p_value_with")
    values = {name: numbers.get(name, math.nan) for name in names}
    if n == 0:
        notes = (f"0: with the observed studies alone there is {overturned}", *notes)
    said = (*notes, *fail_safe_advice(method, given))
    return FailSafe(
        method=method, k=given.k, n=float(n), overturned=overturned, **values, tau2_method=tau2, notes=said,
        about=given.about,
    )  # fmt: skip


def _up(n: float) -> float:
    """Round up to a whole number, but for rounding errors; never below 0."""
    whole = round(n)
    return max(0, whole if abs(n - whole) < _ROUNDING else math.ceil(n))


def _rosenthal(given: Given, alpha: float) -> FailSafe:
    z = float(np.sum(given.yi / np.sqrt(given.vi)))
    p_value = float(ndtr(-abs(z) / math.sqrt(given.k)))
    n = _up(z**2 / float(ndtri(alpha)) ** 2 - given.k) if p_value < alpha else 0
    said = f"p >= {alpha:g} (one-sided) of Stouffer's sum of z values"
    return _record(given, "Rosenthal", n, said, {"alpha": alpha, "p_value": p_value})


def _orwin(given: Given, target: float, weighted: bool) -> FailSafe:
    mean = float(np.average(given.yi, weights=1 / given.vi if weighted else None))
    _same_side(target, mean)
    n = _up(given.k * (mean - target) / target)
    which = "inverse-variance" if weighted else "unweighted"
    said = f"a mean no further from 0 than {target:g} ({which})"
    return _record(given, "Orwin", n, said, {"target": target, "estimate": mean})


def _rosenberg(given: Given, alpha: float) -> FailSafe:
    w = 1 / given.vi
    total, z = float(w.sum()), float(w @ given.yi) / float(ndtri(alpha / 2))
    pooled = inverse_variance(given.yi, given.vi, tau2="CE")
    n = _up((z**2 - total) * given.k / total) if pooled.p_value < alpha else 0
    said = f"p >= {alpha:g} (two-sided) of the common-effect mean"
    numbers = {"alpha": alpha, "estimate": pooled.estimate, "p_value": pooled.p_value}
    return _record(given, "Rosenberg", n, said, numbers, "CE")


def _general(given: Given, alpha: float, target: float | None, tau2: str) -> FailSafe:
    pooled = inverse_variance(given.yi, given.vi, tau2=tau2)
    numbers: dict[str, float] = {"estimate": pooled.estimate, "p_value": pooled.p_value}
    if target is None:
        said, numbers["alpha"] = f"p >= {alpha:g} (two-sided) of the mean by {tau2}", alpha
    else:
        said, numbers["target"] = f"a mean by {tau2} no further from 0 than {target:g}", target
        _same_side(target, pooled.estimate)
    if not math.isfinite(pooled.tau2):
        return _record(given, "general", math.nan, said, numbers, tau2, pooled.notes)
    with_n = _with(given, pooled.estimate, pooled.tau2, tau2)

    def overturned(n: int) -> bool:
        mean, _, p_value = with_n(n)
        return p_value >= alpha if target is None else abs(mean) <= abs(target)

    holds = pooled.p_value < alpha if target is None else abs(pooled.estimate) > abs(target)
    n = _first(overturned) if holds else 0
    if n is None:
        return _record(
            given, "general", math.nan, said, numbers, tau2, (f"No number up to {_MOST:,} overturns it",)
        )
    if n > 0:
        numbers |= dict(zip(("estimate_with", "tau2_with", "p_value_with"), with_n(n), strict=True))
    return _record(given, "general", n, said, numbers, tau2)


def _with(given: Given, mean: float, tau2: float, how: str) -> Callable[[int], tuple[float, float, float]]:
    """Give mean, tau2 and p-value with n studies added, as a function of n."""
    k, typical = given.k, float(1 / np.mean(1 / given.vi))

    def pooled(n: int) -> tuple[float, float, float]:
        between = 0.0
        if how != "CE":
            middle = k * mean / (k + n)
            spread = k * (mean - middle) ** 2 + n * middle**2
            between = ((k - 1 + max(0, n - 1)) * tau2 + spread) / (k + n - 1)
        w = 1 / (given.vi + between)
        total = float(w.sum()) + n / (typical + between)
        moved = float(w @ given.yi) / total
        return moved, between, 2 * float(ndtr(-abs(moved) * math.sqrt(total)))

    return pooled


def _first(overturned: Callable[[int], bool]) -> int | None:
    """Find where a condition that does not hold at 0 begins to: doubling, then halving; None beyond `_MOST`."""
    high = 1
    while not overturned(high):
        if high >= _MOST:
            return None
        high = min(2 * high, _MOST)
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if overturned(middle) else (middle, high)
    return high


def _same_side(target: float, mean: float) -> None:
    if target * mean < 0:
        rule = f"A target lies on the side of the pooled effect, which is {mean:.4g}"
        raise ArgumentError(
            Fault(f"target={target:g}", rule, f"Use {-target:g}, if that is meant", key="target")
        )
