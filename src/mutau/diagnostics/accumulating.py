"""Classic cumulative meta-analysis: the pooled result after each study in an order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic import inverse_variance
from mutau.diagnostics.given import FloatArray, Given, given_effects
from mutau.diagnostics.results import POOLED_NAMES, Columns
from mutau.errors import ArgumentError, Fault, StudyDataError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["NUMBERS", "CumulativePooling", "cumulative"]

NUMBERS = "order"
"""What a result calls its order where numbers were given, and no column."""


@dataclass(frozen=True, slots=True)
class CumulativePooling(Columns):
    """The pooled result after each study, on the analysis scale. Made by `cumulative`.

    Parameters
    ----------
    added : tuple of str
        The study that came last.
    when : tuple of float
        What orders it.
    k : tuple of int
        Studies so far, this one included.
    estimate, se, lower, upper, p_value : tuple of float
        Pooled effect so far, its standard error, confidence limits at `prob` and test.
    q, q_p_value, tau2, i2, h2 : tuple of float
        Heterogeneity so far; I2 in percent. Of one study Q is 0, the others do not exist (NaN).
    order : str
        What orders the studies.
    tau2_method, ci_method : str
        As asked.
    prob : float
        Coverage.
    """

    added: tuple[str, ...]
    when: tuple[float, ...]
    k: tuple[int, ...]
    estimate: tuple[float, ...]
    se: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    p_value: tuple[float, ...]
    q: tuple[float, ...]
    q_p_value: tuple[float, ...]
    tau2: tuple[float, ...]
    i2: tuple[float, ...]
    h2: tuple[float, ...]
    order: str
    tau2_method: str
    ci_method: str
    prob: float


def cumulative(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    order: str | ArrayLike = "year",
    tau2: str = "REML",
    ci: str = "HK",
    prob: float = 0.95,
) -> CumulativePooling:
    """Pool the studies one after another, as metafor's ``cumul``.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2, ci, prob
        See `mutau.diagnostics.leave_one_out`.
    order : str or array_like, shape (k,)
        Column of the table that orders the studies, or numbers that do. Studies with the same number enter one at a
        time in the order of the table.

    Returns
    -------
    CumulativePooling
        Its last step is the pooled result. `mutau.living.cumulative` has the posterior beside it.

    Raises
    ------
    ArgumentError
        As `mutau.pool`; ready-made effects without numbers that order them.
    StudyDataError
        A study without an effect, or without a number that orders it; every one is named.

    Notes
    -----
    The confidence intervals are not corrected for repeated looks.

    References
    ----------
    Lau J, Antman EM, Jimenez-Silva J, et al. (1992). New England Journal of Medicine 327:248-254.
    doi:10.1056/NEJM199207233270406

    Examples
    --------
    >>> steps = cumulative(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], order=[2003, 1999, 2001], tau2="CE", ci="wald")
    >>> steps.added, [round(value, 2) for value in steps.estimate]
    (('study 2', 'study 3', 'study 1'), [0.2, 0.34, 0.23])
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, tau2=tau2)
    when = _when(given, order)
    places = np.argsort(when, kind="stable")
    y, v = given.yi[places], given.vi[places]
    steps = [inverse_variance(y[:k], v[:k], tau2=tau2, ci=ci, prob=prob) for k in range(1, given.k + 1)]
    columns: dict[str, Any] = {name: tuple(getattr(one, name) for one in steps) for name in POOLED_NAMES}
    return CumulativePooling(
        added=tuple(given.labels[i] for i in places),
        when=tuple(when[places].tolist()),
        k=tuple(range(1, given.k + 1)),
        **columns,
        order=order if isinstance(order, str) else NUMBERS,
        tau2_method=tau2,
        ci_method=ci,
        prob=prob,
        about=given.about,
    )


def _when(given: Given, order: str | ArrayLike) -> FloatArray:
    """Read what orders the studies; refuses studies without a number, all at once."""
    import pandas as pd

    if isinstance(order, str):
        if given.table is None or order not in given.table.columns:
            rule = "Studies are ordered by a column of their table, or by numbers"
            remedy = "Name a column with order=, or give one number per study"
            raise ArgumentError(Fault(f"order={order!r}, no such column", rule, remedy, key="order"))
        column = pd.to_numeric(given.table[order], errors="coerce")
    else:
        column = pd.to_numeric(pd.Series(np.asarray(order).ravel()), errors="coerce")
    when = column.to_numpy(np.float64)
    if len(when) != given.k:
        what, rule = f"{len(when)} numbers for {given.k} studies", "Each study has one that orders it"
        raise ArgumentError(Fault(what, rule, "Give one per study", key="order"))
    faults = [
        Fault(
            "no number",
            "Studies are ordered by a finite number",
            "Give it, or order by another column",
            study=given.labels[i],
            column=order if isinstance(order, str) else NUMBERS,
        )
        for i in np.flatnonzero(~np.isfinite(when))
    ]
    if faults:
        raise StudyDataError(faults)
    return when
