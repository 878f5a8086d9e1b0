"""`regress`: studies and moderators in, a frozen `MetaRegression` out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic import RegressionResult, meta_regression
from mutau.classic.regression.requests import regression_faults
from mutau.diagnostics import given_effects
from mutau.errors import ArgumentError
from mutau.regression.moderators import INTERCEPT, Moderator, read_moderators
from mutau.regression.record import MetaRegression

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["STUDIES_PER_MODERATOR", "regress"]

STUDIES_PER_MODERATOR = 10
"""Cochrane Handbook, section 10.11.5.1: at least ten studies for each characteristic modelled."""

OBSERVATIONAL = (
    "A relation across studies is observational, even where the studies are randomised trials: studies differ in "
    "more than these moderators, and what holds between studies' means need not hold between their participants"
)


def regress(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    moderators: Any,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    tau2: str = "REML",
    ci: str | None = None,
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    tested: Sequence[str] | str | None = None,
) -> MetaRegression:
    """Ask how the effect changes with characteristics of the studies: classic meta-regression.

    Parameters
    ----------
    studies : StudyTable or DataFrame, optional
        One row per study, as `mutau.effects` takes it. Either this, or `yi` with `vi` or `sei`.
    moderators : str, sequence of str, DataFrame, mapping or array_like
        Names of columns of `studies` (a StudyTable keeps the columns that a file brings along); or the values: a
        DataFrame, whose index names the studies or whose rows are theirs in order, a mapping of names to values, or
        an array of shape (k,) or (k, m). Numbers are used as they are, also where they are written as text. Any other
        text makes categories, the first in alphabetical order (of a pandas Categorical, in its own) the reference;
        a coefficient compares another category with it. Products and powers are columns like any other.
    yi, vi, sei : array_like, shape (k,), optional
        Ready-made effects on the analysis scale (log for ratios) with their sampling variances or standard errors.
    measure : str or OutcomeModel, optional
        Effect measure of `studies`, or the model that also selects the studies; may be left out for ready-made
        effects.
    tau2 : str
        Common effect (CE), or the estimator of the residual between-study variance, as in `mutau.pool`.
    ci : {"HK", "wald", "t", "HK-adhoc", "robust", "robust-HC0"}, optional
        Confidence intervals and tests of the coefficients. Default HK; Wald with ``tau2="CE"``.
    prob : float
        Coverage of all intervals.
    prediction : {"HTS", "t(k-1)", "normal", "HK", "HK(k-2)"}
        Prediction interval of `MetaRegression.predict`, with k - p degrees of freedom where one mean has k - 1.
    tau2_ci : {"QP", "PL", "BJ", "J", "wald"}
        Confidence interval of the residual tau2.
    tested : sequence of str, optional
        Moderators or coefficients that are tested together; by default all moderators.

    Returns
    -------
    MetaRegression
        On the analysis scale: a coefficient of a log ratio is the log of a ratio of ratios. `notes` says what does
        not exist and why, which category is the reference, and where there are fewer than ten studies for each
        moderator.

    Raises
    ------
    ArgumentError
        Wrong arguments; no more studies than coefficients; moderators that say the same.
    StudyDataError
        Studies without an effect or without a value of a moderator, all at once.

    Notes
    -----
    See `mutau.classic.meta_regression` for the formulas. Zero cells are corrected as `mutau.effects` does by default;
    for another rule give its effects as `yi` and `vi`.

    References
    ----------
    Deeks JJ, Higgins JPT, Altman DG, editors. Chapter 10 of the Cochrane Handbook for Systematic Reviews of
    Interventions, sections 10.11.4 and 10.11.5. Thompson SG, Higgins JPT (2002). How should meta-regression analyses
    be undertaken and interpreted? Statistics in Medicine 21:1559-1573. doi:10.1002/sim.1187

    Examples
    --------
    The BCG vaccine trials by their distance from the equator (metafor: -0.0291, R2 75.6%):

    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> bcg = mutau.read_studies(shipped_path("data", "bcg", "bcg.csv"))
    >>> found = regress(bcg, moderators="ablat", measure="RR")
    >>> print(found.to_frame()[["coefficient", "estimate", "lower", "upper"]].round(4).to_string(index=False))
    coefficient  estimate   lower   upper
      intercept    0.2515 -0.3734  0.8764
          ablat   -0.0291 -0.0472 -0.0111
    >>> round(found.r2, 1)
    75.6
    """
    ci = ci if ci is not None else ("wald" if tau2 == "CE" else "HK")
    faults = regression_faults(tau2, ci, prob, prediction, tau2_ci)
    if faults:
        raise ArgumentError(faults)
    given = given_effects(studies, yi=yi, vi=vi, sei=sei, measure=measure, tau2=tau2)
    coding = read_moderators(moderators, given.labels, given.table)
    design = np.column_stack([np.ones(given.k), *(each.coded(each.values) for each in coding)])
    result = meta_regression(
        given.yi,
        given.vi,
        design,
        names=(INTERCEPT, *(name for each in coding for name in each.columns)),
        tau2=tau2,
        ci=ci,
        prob=prob,
        prediction=prediction,
        tau2_ci=tau2_ci,
        tested=_expanded(tested, coding),
        labels=given.labels,
    )
    whole: dict[str, Any] = {each.name: getattr(result, each.name) for each in fields(RegressionResult)}
    whole["notes"] = (*_corrected(given.table), *result.notes, *_coding_notes(coding, given.k))
    return MetaRegression(
        **whole,
        study=given.labels,
        yi=tuple(given.yi.tolist()),
        vi=tuple(given.vi.tolist()),
        coding=coding,
        about=given.about,
    )


def _expanded(tested: Sequence[str] | str | None, coding: Sequence[Moderator]) -> list[str] | None:
    """Coefficients of the moderators that are named; other names as they are."""
    if tested is None:
        return None
    columns = {each.name: each.columns for each in coding}
    asked = [tested] if isinstance(tested, str) else tested
    return [column for name in asked for column in columns.get(name, (name,))]


def _corrected(table: pd.DataFrame | None) -> tuple[str, ...]:
    if table is None or not table["corrected"].any():
        return ()
    names = table["study"] if "study" in table.columns else table.index
    corrected = ", ".join(str(name) for name in names[table["corrected"].to_numpy()])
    return (f"Zero cells: {corrected} corrected as mutau.effects does by default",)


def _coding_notes(coding: Sequence[Moderator], k: int) -> list[str]:
    notes = [f"{each.name}: compared with {each.levels[0]}" for each in coding if each.levels]
    m = len(coding)
    if k < STUDIES_PER_MODERATOR * m:
        which = "1 moderator" if m == 1 else f"{m} moderators"
        notes.append(
            f"{k} studies for {which}: the Cochrane Handbook (10.11.5.1) asks for at least "
            f"{STUDIES_PER_MODERATOR} studies for each, and for more where their values are unevenly spread"
        )
    return [*notes, OBSERVATIONAL]
