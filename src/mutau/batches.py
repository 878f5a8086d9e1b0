"""`fit_many` and `pool_many`: every meta-analysis of a long table, by the exact engine or the classic way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.classic.many import inverse_variance_many, many_faults
from mutau.classic.requests import Request, request_faults
from mutau.errors import ArgumentError, Fault, StudyDataError, nearest
from mutau.exact import normal_many, supports
from mutau.fitting import undefined_fault
from mutau.measures import MEASURES
from mutau.measures import effects as compute_effects
from mutau.measures.computing import option_faults
from mutau.studies import StudyTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact import ManyPosteriors
    from mutau.outcomes import OutcomeModel

__all__ = ["fit_many", "pool_many"]

_LISTED = 20
"""How many rows with the same fault are named one by one."""


def fit_many(
    table: StudyTable | pd.DataFrame,
    model: OutcomeModel,
    by: str = "meta_analysis",
    *,
    prob: float = 0.95,
    threads: int | None = None,
) -> pd.DataFrame:
    """Fit the same model to every meta-analysis in a long table.

    Parameters
    ----------
    table : StudyTable or DataFrame
        One row per study, both arms side by side, or ready-made ``yi`` with ``sei``, as for `mutau.effects`; and the
        column `by`. Where there is a column ``study``, a study may stand once in each meta-analysis.
    model : OutcomeModel
        Measure, priors, direction of benefit; ``where`` selects rows first.
    by : str
        Column that says which meta-analysis a row belongs to.
    prob : float
        Probability content of the equal-tailed credible intervals, in (0, 1).
    threads : int, optional
        By default one for each core. Changes no digit, and neither does the order of the rows.

    Returns
    -------
    DataFrame
        Three rows for each meta-analysis, in the order of `by`: ``quantity`` is mu (mean effect), theta_new
        (effect in a new setting) or tau (between-study SD). Columns: `by`; ``k``; ``quantity``; ``scale``
        (``natural``: ratios as ratios; ``analysis`` for tau); ``estimate`` (posterior median), ``lower``,
        ``upper``, ``prob``, ``kind`` (eti); ``mean``, ``sd`` on the analysis scale (log for ratios), NaN where
        they do not exist; ``p_benefit`` and ``p_harm`` (NaN for tau), given unbiased trials, these priors and
        this likelihood; ``log_marginal`` likelihood and ``error_estimate`` of the quadrature, both of the whole
        meta-analysis; ``mu_prior``, ``tau_prior``, ``likelihood``. ``DataFrame.attrs["note"]`` says why something
        is NaN.

    Raises
    ------
    StudyDataError
        Rows cannot be used; names the first of each fault, and their number.
    ArgumentError
        There is no column `by`, or the exact engine has no rule for the model: fit each one by `mutau.fit`.
    ImproperPosteriorError
        The priors define no posterior for the smallest meta-analysis.

    Examples
    --------
    >>> import mutau
    >>> table = pd.DataFrame({"meta_analysis": ["a", "a", "b", "b", "b"], "yi": [0.1, 0.3, -2.3, -0.5, -2.3],
    ...                       "sei": [0.2, 0.2, 0.6, 0.6, 0.9]})
    >>> model = mutau.OutcomeModel(name="all", measure="SMD", benefit="lower")
    >>> fitted = mutau.fit_many(table, model)
    >>> fitted.loc[fitted["quantity"] == "mu", ["meta_analysis", "k", "estimate", "p_benefit"]].round(3)
      meta_analysis  k  estimate  p_benefit
    0             a  2     0.197      0.152
    3             b  3    -1.468      1.000
    """
    _require_exact(model)
    options = {
        "measure": model.measure, "add": model.zero_cells.add, "to": model.zero_cells.to,
        "smd_variance": model.smd_variance,
    }  # fmt: skip
    frame, source = _rows(table, model.where, by)
    computed = _usable_effects(frame, source, options)
    codes, keys = pd.factorize(frame[by], sort=True)
    yi, sei = (computed[name].to_numpy(dtype=np.float64) for name in ("yi", "sei"))
    order = np.lexsort((yi, sei, codes))
    k = np.bincount(codes, minlength=len(keys))
    answers = normal_many(
        yi[order], sei[order], k, model.mu_prior, model.tau_prior,
        prob=prob, threshold=model.measure_record.null, threads=threads,
    )  # fmt: skip
    return _tidy(answers, pd.Series(keys, name=by), model)


def _require_exact(model: OutcomeModel) -> None:
    reason = ""
    if model.likelihood != "normal":
        reason = f"the exact engine has no batch rule for the likelihood '{model.likelihood}'"
    elif np.isfinite(model.effects_df):
        reason = (
            f"the exact engine has no batch rule for t random effects (effects_df = {model.effects_df:g})"
        )
    elif model.tau_prior.is_pending:
        reason = f"{model.tau_prior} is made from the studies' standard errors, anew for each meta-analysis"
    elif not (answer := supports(model.mu_prior, model.tau_prior)).exists:
        reason = answer.reason
    if reason:
        rule = "fit_many runs the exact engine on the normal-normal model"
        raise ArgumentError(Fault(reason, rule, "Change the prior, or call mutau.fit on each meta-analysis"))


def pool_many(
    table: StudyTable | pd.DataFrame,
    measure: str = "GEN",
    by: str = "meta_analysis",
    *,
    tau2: str = "REML",
    ci: str = "HK",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    add: float = 0.5,
    to: str = "only0",
    smd_variance: str = "metafor",
    threads: int | None = None,
) -> pd.DataFrame:
    """Pool every meta-analysis in a long table by inverse variance, as `mutau.pool` does one.

    Parameters
    ----------
    table : StudyTable or DataFrame
        One row per study, as for `mutau.effects`, or ready-made ``yi`` with ``vi`` or ``sei``; and the column `by`.
        Where there is a column ``study``, a study may stand once in each meta-analysis.
    measure : str
        Effect measure, one of `mutau.MEASURES`; GEN for ready-made effects.
    by : str
        Column that says which meta-analysis a row belongs to.
    tau2, ci, prob, prediction, tau2_ci, threads
        As for `mutau.classic.inverse_variance_many`.
    add, to, smd_variance
        As for `mutau.effects`.

    Returns
    -------
    DataFrame
        One row per meta-analysis, in the order of `by`, on the analysis scale (log for ratios). Columns: `by`, then
        those of `mutau.classic.ManyPooled`. ``DataFrame.attrs["notes"]`` says why something is NaN, and how often.

    Raises
    ------
    StudyDataError
        Rows cannot be used; names the first of each fault, and their number.
    ArgumentError
        There is no column `by`, or an option cannot be used.

    Examples
    --------
    >>> import mutau
    >>> table = pd.DataFrame({"meta_analysis": ["a", "a", "b", "b", "b"], "yi": [0.1, 0.3, -2.3, -0.5, -2.3],
    ...                       "sei": [0.2, 0.2, 0.6, 0.6, 0.9]})
    >>> mutau.pool_many(table, tau2="DL")[["meta_analysis", "k", "estimate", "lower", "upper"]].round(3)
      meta_analysis  k  estimate  lower  upper
    0             a  2     0.200 -1.071  1.471
    1             b  3    -1.637 -4.279  1.004
    """
    request = Request("IV", tau2, ci, prob, prediction, tau2_ci)
    faults = [*request_faults(request), *many_faults(request), *option_faults(add, to, smd_variance)]
    if measure not in MEASURES:
        faults.append(
            Fault(f"measure={measure!r}", "A measure is named by its code", nearest(measure, tuple(MEASURES)))
        )
    if faults:
        raise ArgumentError(faults)
    frame, source = _rows(table, {}, by)
    options = {"measure": measure, "add": add, "to": to, "smd_variance": smd_variance}
    computed = _usable_effects(frame, source, options)
    codes, keys = pd.factorize(frame[by], sort=True)
    order = np.argsort(codes, kind="stable")
    pooled = inverse_variance_many(
        computed["yi"].to_numpy(dtype=np.float64)[order], computed["vi"].to_numpy(dtype=np.float64)[order],
        np.bincount(codes, minlength=len(keys)),
        tau2=tau2, ci=ci, prob=prob, prediction=prediction, tau2_ci=tau2_ci, threads=threads,
    )  # fmt: skip
    whole = pooled.to_frame()
    whole.insert(0, by, keys)
    return whole


def _rows(
    table: StudyTable | pd.DataFrame, where: Mapping[str, str], by: str
) -> tuple[pd.DataFrame, str | None]:
    """The rows that `where` selects, as a wide frame; everything asked of `by` is checked."""
    source = table.source if isinstance(table, StudyTable) else None
    if isinstance(table, StudyTable):
        parts = [part for part in (table.wide(), table.estimates) if len(part)]
        frame = pd.concat([part.dropna(axis="columns", how="all") for part in parts], ignore_index=True)
    else:
        frame = table.reset_index(drop=True)
    faults = []
    for column in (by, *where):
        if column not in frame.columns:
            remedy = nearest(column, tuple(map(str, frame.columns)))
            rule = "A table of many meta-analyses says in a column which one a row belongs to"
            rule = rule if column == by else "A selection names columns of the table"
            faults.append(Fault(f"there is no column '{column}'", rule, remedy, file=source, column=column))
    if faults:
        raise ArgumentError(faults)
    for column, wanted in where.items():
        frame = frame[frame[column] == wanted]
    if frame.empty:
        rule = "A selection keeps at least one row"
        raise StudyDataError(Fault("no row is left", rule, "Change `where`", file=source))
    faults = _key_faults(frame, by, source)
    if faults:
        raise StudyDataError(faults)
    return frame, source


def _key_faults(frame: pd.DataFrame, by: str, source: str | None) -> list[Fault]:
    """Rows that belong to no meta-analysis, and studies that stand in one twice."""
    faults = []
    missing = frame[by].isna().to_numpy()
    remedy = "Fill it, or leave the row out"
    faults += _limited(
        missing, lambda i: Fault(
            "the cell is empty", "Every row belongs to a meta-analysis", remedy,
            file=source, row=_row_number(frame, i), column=by,
        ),
    )  # fmt: skip
    if "study" in frame.columns:
        again = frame.duplicated([by, "study"]).to_numpy() & ~missing
        faults += _limited(
            again, lambda i: Fault(
                f"the study stands again in {by} '{frame[by].iloc[i]}'", "A meta-analysis takes each study once",
                "Remove one, or tell them apart by name", file=source, row=_row_number(frame, i),
                study=str(frame["study"].iloc[i]),
            ),
        )  # fmt: skip
    return faults


def _limited(wrong: NDArray[np.bool_], fault: Any) -> list[Fault]:
    """One fault for each of the first rows that are wrong, and one that counts the rest."""
    places = np.flatnonzero(wrong)
    faults = [fault(int(i)) for i in places[:_LISTED]]
    if len(places) > _LISTED:
        more = fault(int(places[_LISTED]))
        faults.append(Fault(f"{len(places) - _LISTED} more rows have this fault", more.rule, more.remedy))
    return faults


def _row_number(frame: pd.DataFrame, i: int) -> int:
    return int(frame["row"].iloc[i]) if "row" in frame.columns else int(frame.index[i]) + 1


def _usable_effects(frame: pd.DataFrame, source: str | None, options: Mapping[str, Any]) -> pd.DataFrame:
    """Effects of all rows, or one error that names those that have none."""
    named = frame
    if "study" not in frame.columns:
        named = frame.assign(study=[f"row {i + 1}" for i in frame.index])
    computed = compute_effects(named, **options)
    undefined = ~(np.isfinite(computed["yi"]) & np.isfinite(computed["sei"])).to_numpy()
    if undefined.any():
        raise StudyDataError(
            _limited(
                undefined, lambda i: undefined_fault(pd.Series(computed.iloc[i]), source, options["measure"])
            )
        )
    return computed


def _tidy(answers: ManyPosteriors, keys: pd.Series[Any], model: OutcomeModel) -> pd.DataFrame:
    """Three rows per meta-analysis."""
    to_natural = model.measure_record.to_natural
    nothing = np.full(len(answers), np.nan)
    blocks = {
        name: (
            to_natural(one.quantiles),
            one.mean,
            one.sd,
            *((one.above, one.below)[:: model.benefit_sign]),
            "natural",
        )
        for name, one in (("mu", answers.mu), ("theta_new", answers.theta_new))
    }
    blocks["tau"] = (answers.tau_quantiles, answers.tau_mean, answers.tau_sd, nothing, nothing, "analysis")
    parts = [
        pd.DataFrame(
            {
                str(keys.name): keys, "k": answers.k, "quantity": name, "scale": scale, "estimate": points[:, 1],
                "lower": points[:, 0], "upper": points[:, 2], "prob": answers.prob, "kind": "eti", "mean": mean,
                "sd": sd, "p_benefit": helps, "p_harm": harms, "log_marginal": answers.log_marginal,
                "error_estimate": answers.error_estimate,
            }
        )
        for name, (points, mean, sd, helps, harms, scale) in blocks.items()
    ]  # fmt: skip
    whole = pd.concat(parts).sort_index(kind="stable").reset_index(drop=True)
    whole = whole.assign(
        mu_prior=model.mu_prior.stated, tau_prior=model.tau_prior.stated, likelihood=model.likelihood
    )
    whole.attrs["note"] = answers.reason
    return whole
