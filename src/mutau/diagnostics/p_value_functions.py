"""What a drapery plot shows: the p-value of every study and of the pooled effects, for every value of the effect."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mutau.classic import inverse_variance
from mutau.classic.confidence import SOUGHT
from mutau.diagnostics.given import FloatArray, given_effects
from mutau.diagnostics.results import Columns
from mutau.errors import ArgumentError, Fault

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.records import ClassicResult
    from mutau.studies import StudyTable

__all__ = ["DRAPERY_KINDS", "Drapery", "drapery"]

DRAPERY_KINDS = ("study", "common", "random", "prediction")
"""What a curve is of: one study; the pooled effects; the effect in a new study."""


@dataclass(frozen=True, slots=True)
class Drapery(Columns):
    """P-value functions, on the analysis scale. Made by `drapery`.

    Parameters
    ----------
    curve : tuple of str
        Names of the studies, then ``"common effect"``, ``"random effects"``, ``"prediction"``.
    kind : tuple of str
        Of `DRAPERY_KINDS`.
    estimate, se, df : tuple of float
        Where the curve reaches 1, its standard error, degrees of freedom (infinite: normal).
    tau2_method, ci_method : str
        Of the random effects.
    notes : tuple of str
        Which curve does not exist, and why.
    """

    curve: tuple[str, ...]
    kind: tuple[str, ...]
    estimate: tuple[float, ...]
    se: tuple[float, ...]
    df: tuple[float, ...]
    tau2_method: str
    ci_method: str
    notes: tuple[str, ...]

    def p_values(self, effect: ArrayLike) -> FloatArray:
        """Give the two-sided p-value of each hypothetical effect (analysis scale) by each curve.

        Returns
        -------
        ndarray, shape (curves, effects)
        """
        at = np.atleast_1d(np.asarray(effect, dtype=np.float64))
        estimate, se, df = (np.array(column)[:, None] for column in (self.estimate, self.se, self.df))
        return np.asarray(2 * stats.t.sf(np.abs(at - estimate) / se, df), dtype=np.float64)


def drapery(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    ci: str = "HK",
) -> Drapery:
    """Collect the p-value functions of the studies, of the pooled effects and of the effect in a new study.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2, ci
        See `mutau.diagnostics.leave_one_out`; `ci` one that is made of a standard error and t or z.

    Returns
    -------
    Drapery
        To be drawn by `mutau.plots.plot_drapery`. Where a curve is above p = 0.05, the effect lies in the 95%
        confidence interval; likewise at every level.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; an interval that is no multiple of a standard error, as the permutation test's, which has no
        such curve.

    Notes
    -----
    ``p(theta) = 2 P(T_df > |estimate - theta| / se)``. Of a new study the standard error is
    ``sqrt(tau2 + 1/sum w)`` with t on k - 2 degrees of freedom, as Higgins, Thompson and Spiegelhalter's prediction
    interval; it needs three studies.

    References
    ----------
    Rücker G, Schwarzer G (2021). Beyond the forest plot: the drapery plot. Research Synthesis Methods 12:13-19.
    doi:10.1002/jrsm.1410

    Examples
    --------
    >>> shown = drapery(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="DL", ci="wald")
    >>> shown.curve[3:], shown.p_values(0.1).round(3)[0, 0]
    (('common effect', 'random effects', 'prediction'), np.float64(1.0))
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, least=2, tau2=tau2)
    _refuse(ci)
    y, v = given.yi, given.vi
    pooled = {
        "common effect": ("common", inverse_variance(y, v, tau2="CE", ci="wald")),
        "random effects": ("random", inverse_variance(y, v, tau2=tau2, ci=ci)),
    }
    rows = [(name, kind, one.estimate, one.se, one.df) for name, (kind, one) in pooled.items()]
    random = pooled["random effects"][1]
    rows.append(("prediction", "prediction", random.estimate, *_prediction(random, v)))
    missing = [row for row in rows if not all(map(math.isfinite, row[2:4])) or row[4] < 1]
    notes = [f"{row[0]}: there is no such curve of {given.k} studies" for row in missing]
    studies_rows = zip(given.labels, ["study"] * given.k, y, np.sqrt(v), [math.inf] * given.k, strict=True)
    rows = [*studies_rows, *(row for row in rows if row not in missing)]
    curve, kind, *numbers = zip(*rows, strict=True)
    estimate, se, df = (tuple(map(float, column)) for column in numbers)
    return Drapery(curve, kind, estimate, se, df, tau2, ci, tuple(notes), about=given.about)


def _refuse(ci: str) -> None:
    if ci in SOUGHT:
        rule = "A curve of p-values is made of a standard error and t or z"
        raise ArgumentError(Fault(f"ci={ci!r}", rule, "Use ci='HK' or ci='wald'", key="ci"))


def _prediction(random: ClassicResult, v: FloatArray) -> tuple[float, float]:
    """Give standard error and degrees of freedom of the effect in a new study (Higgins et al. 2009)."""
    return math.sqrt(random.tau2 + 1 / float(np.sum(1 / (v + random.tau2)))), float(random.k - 2)
