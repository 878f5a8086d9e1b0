"""Tests of 2x2 tables by study: no effect in any (Cochran-Mantel-Haenszel), one odds ratio in all (Breslow-Day)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc

from mutau.classic.arms import checked_arms
from mutau.classic.tables import mh_odds_ratio

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

    from mutau.classic.arms import Arms

    type Array = NDArray[np.float64]

__all__ = ["StratifiedTests", "stratified_tests"]


@dataclass(frozen=True, slots=True)
class StratifiedTests:
    """Tests of 2x2 tables by study. A value that does not exist is NaN, and `notes` says why.

    Parameters
    ----------
    cmh, cmh_p_value : float
        Cochran-Mantel-Haenszel chi-squared statistic of "no effect in any study", on 1 degree of freedom, without a
        continuity correction.
    cmh_corrected, cmh_corrected_p_value : float
        The same with a continuity correction of 1/2.
    cochran, cochran_p_value : float
        Cochran's (1954) statistic: the same with binomial variances, n in the place of n - 1.
    breslow_day, breslow_day_p_value : float
        Breslow and Day's statistic of "the same odds ratio in every study", about the Mantel-Haenszel odds ratio, on
        `df` degrees of freedom.
    tarone, tarone_p_value : float
        The same with Tarone's correction, which the Mantel-Haenszel odds ratio needs for the statistic to be
        chi-squared.
    df : int
        One less than `k`.
    k : int
        Studies that say something of the odds ratio: with events and with others.
    odds_ratio : float
        The Mantel-Haenszel odds ratio (not its logarithm).
    notes : tuple of str
        What does not exist and why.
    """

    cmh: float
    cmh_p_value: float
    cmh_corrected: float
    cmh_corrected_p_value: float
    cochran: float
    cochran_p_value: float
    breslow_day: float
    breslow_day_p_value: float
    tarone: float
    tarone_p_value: float
    df: int
    k: int
    odds_ratio: float
    notes: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """One row, one column per number; notes joined by ``"; "``."""
        import pandas as pd

        return pd.DataFrame([asdict(self) | {"notes": "; ".join(self.notes)}])


def stratified_tests(
    events_treatment: ArrayLike,
    n_treatment: ArrayLike,
    events_control: ArrayLike,
    n_control: ArrayLike,
    *,
    labels: Sequence[str] | None = None,
) -> StratifiedTests:
    """Test two-arm counts by study: whether there is an effect, and whether the odds ratio is the same everywhere.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    StratifiedTests

    Raises
    ------
    ArgumentError
        Impossible counts, unequal lengths, no studies: all at once.

    Notes
    -----
    With O the events under treatment, E and V their mean and variance given the margins: ``CMH = (sum O - sum E)^2 /
    sum V``. For Breslow and Day's test e is the number of events under treatment that the margins and the common odds
    ratio lead to (the admissible root of a quadratic), ``v = 1 / (1/e + 1/(m - e) + 1/(n1 - e) + 1/(n2 - m + e))``:
    ``sum (a - e)^2/v``, from which Tarone takes ``(sum a - sum e)^2 / sum v``. No zero-cell correction enters.

    References
    ----------
    Cochran WG (1954). Some methods for strengthening the common chi-squared tests. Biometrics 10:417-451.
    doi:10.2307/3001616. Mantel N, Haenszel W (1959). doi:10.1093/jnci/22.4.719. Breslow NE, Day NE (1980).
    Statistical methods in cancer research I. IARC, Lyon. Tarone RE (1985). On heterogeneity tests based on efficient
    scores. Biometrika 72:91-95. doi:10.1093/biomet/72.1.91

    Examples
    --------
    >>> tests = stratified_tests([8, 22], [106, 98], [5, 16], [120, 85])
    >>> round(tests.cmh, 4), round(tests.tarone, 4)
    (1.1914, 0.3489)
    """
    arms = checked_arms((events_treatment, n_treatment, events_control, n_control), [], labels)
    a, n1, c, n2 = arms
    tells = (a + c > 0) & (a + c < n1 + n2)
    kept: Arms = (a[tells], n1[tells], c[tells], n2[tells])
    pooled = mh_odds_ratio(*kept) if tells.any() else None
    odds = math.nan if pooled is None else math.exp(pooled.estimate)
    cmh, corrected, cochran = _no_effect(*kept)
    breslow_day, tarone = _one_odds_ratio(kept, odds)
    k = int(np.sum(tells))
    return StratifiedTests(
        cmh, _p(cmh, 1), corrected, _p(corrected, 1), cochran, _p(cochran, 1),
        breslow_day, _p(breslow_day, k - 1), tarone, _p(tarone, k - 1),
        max(k - 1, 0), k, odds, tuple(_notes(k, cmh, odds, "" if pooled is None else pooled.reason)),
    )  # fmt: skip


def _notes(k: int, cmh: float, odds: float, reason: str) -> list[str]:
    notes = [] if math.isfinite(cmh) else ["No study has both events and others: nothing is tested"]
    if k == 1:
        notes.append("One study has no other to be compared with: no test of one odds ratio")
    elif k > 1 and not math.isfinite(odds):
        notes.append(f"{reason}: no test of one odds ratio")
    return notes


def _p(statistic: float, df: int) -> float:
    return float(chdtrc(df, statistic)) if df > 0 and math.isfinite(statistic) else math.nan


def _no_effect(a: Array, n1: Array, c: Array, n2: Array) -> tuple[float, float, float]:
    """Cochran-Mantel-Haenszel without and with a continuity correction, and Cochran's."""
    total, events = n1 + n2, a + c
    excess = abs(float(np.sum(a - events * n1 / total)))
    binomial = events / total * ((total - events) / total) * n1 * n2
    given_margins, variance = float(np.sum(binomial / (total - 1))), float(np.sum(binomial / total))
    if not variance > 0:
        return math.nan, math.nan, math.nan
    return excess**2 / given_margins, max(0.0, excess - 0.5) ** 2 / given_margins, excess**2 / variance


def _one_odds_ratio(arms: Arms, odds: float) -> tuple[float, float]:
    """Breslow and Day's statistic, and Tarone's."""
    a, n1, c, n2 = arms
    if len(a) < 2 or not math.isfinite(odds):
        return math.nan, math.nan
    m = a + c
    e = _expected(m, n1, n2, odds)
    variance = 1 / (1 / e + 1 / (m - e) + 1 / (n1 - e) + 1 / (n2 - m + e))
    plain = float(np.sum((a - e) ** 2 / variance))
    return plain, plain - float(np.sum(a - e)) ** 2 / float(np.sum(variance))


def _expected(m: Array, n1: Array, n2: Array, odds: float) -> Array:
    """Events under treatment at which a table with these margins has the odds ratio, free of cancellation.

    The root in ``(max(0, m - n2), min(n1, m))`` of ``(odds - 1) e^2 - (odds (n1 + m) + n2 - m) e + odds n1 m = 0``.
    """
    linear = odds * (n1 + m) + n2 - m
    root = np.sqrt(np.maximum(linear**2 - 4 * (odds - 1) * odds * n1 * m, 0.0))
    expected: Array = 2 * odds * n1 * m / (linear + root)
    return expected
