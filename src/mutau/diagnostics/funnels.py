"""What a funnel plot shows: effects against their standard errors, the pooled effect, studies filled in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic import inverse_variance
from mutau.diagnostics.advice import advice
from mutau.diagnostics.given import given_effects
from mutau.diagnostics.results import Columns
from mutau.diagnostics.trimming import trim_and_fill

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["Funnel", "funnel"]


@dataclass(frozen=True, slots=True)
class Funnel(Columns):
    """Effects against their standard errors, on the analysis scale. Made by `funnel`.

    Parameters
    ----------
    study : tuple of str
        Names.
    yi, sei : tuple of float
        Effects and standard errors; those of studies filled in come last.
    filled : tuple of bool
        Which are filled in.
    k : int
        Studies observed.
    centre : float
        Pooled effect of the studies observed.
    centre_filled : float
        With the studies filled in; NaN without filling.
    tau2_method : str
        By which they are pooled.
    notes : tuple of str
        Where a funnel's authors say not to read asymmetry from it, and what filling says.
    """

    study: tuple[str, ...]
    yi: tuple[float, ...]
    sei: tuple[float, ...]
    filled: tuple[bool, ...]
    k: int
    centre: float
    centre_filled: float
    tau2_method: str
    notes: tuple[str, ...]


def funnel(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    tau2: str = "REML",
    fill: str | None = None,
    side: str | None = None,
) -> Funnel:
    """Collect what a funnel plot shows, with or without the studies that trim and fill adds.

    Parameters
    ----------
    studies, yi, vi, sei, measure, labels, tau2
        See `mutau.diagnostics.leave_one_out`. The funnel is centred at the effect pooled with `tau2`.
    fill, side : str, optional
        Estimator of the number of missing studies and their side: see `mutau.diagnostics.trim_and_fill`. Without
        `fill` no study is filled in.

    Returns
    -------
    Funnel
        To be drawn by `mutau.plots.plot_funnel`.

    Raises
    ------
    ArgumentError, StudyDataError
        As `mutau.pool`; with `fill` as `mutau.diagnostics.trim_and_fill`, which also warns.

    References
    ----------
    Sterne JAC, Egger M (2001). Journal of Clinical Epidemiology 54:1046-1055. doi:10.1016/S0895-4356(01)00377-8
    Sterne JAC et al. (2011). BMJ 343:d4002. doi:10.1136/bmj.d4002

    Examples
    --------
    >>> shown = funnel(yi=[0.1, 0.2, 0.9], sei=[0.1, 0.1, 0.2], tau2="CE")
    >>> round(shown.centre, 3), shown.notes[0][:26]
    (0.233, 'funnel plot rests on 3 stu')
    """
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, labels=labels, tau2=tau2)
    centre = inverse_variance(given.yi, given.vi, tau2=tau2).estimate
    notes = advice("funnel plot", given)
    names, effects, variances = given.labels, tuple(given.yi.tolist()), tuple(given.vi.tolist())
    added, centre_filled = 0, math.nan
    if fill is not None:
        found = trim_and_fill(
            yi=given.yi, vi=given.vi, measure=given.measure, tau2=tau2, estimator=fill, side=side
        )
        effects, variances = found.yi, found.vi
        added = len(effects) - given.k
        names += tuple(f"filled in, {i + 1}" for i in range(added))
        centre_filled = math.nan if found.pooled is None else found.pooled.estimate
        notes += tuple(note for note in found.notes if note not in notes)
    errors = tuple(np.sqrt(variances).tolist())
    filled = (False,) * given.k + (True,) * added
    return Funnel(
        names, effects, errors, filled, given.k, centre, centre_filled, tau2, notes, about=given.about
    )
