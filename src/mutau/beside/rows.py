"""What classic pooling says beside a fit, a row for each analysis."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.beside.naming import Named
from mutau.classic.counts import mantel_haenszel
from mutau.errors import DataWarning
from mutau.pooling import pool

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel
    from mutau.records import ClassicResult

__all__ = ["NO_PROBABILITY", "classic_rows"]

NO_PROBABILITY = "p_benefit: a confidence interval gives no probability of benefit"
"""Why a classic row has no P(benefit)."""

_INVERSE_VARIANCE = (
    ("common effect, inverse variance", "CE", "wald"),
    ("DerSimonian-Laird, Wald", "DL", "wald"),
    ("Paule-Mandel, Hartung-Knapp", "PM", "HK"),
    ("REML, Wald", "REML", "wald"),
    ("REML, Hartung-Knapp", "REML", "HK"),
    ("REML, ad hoc Hartung-Knapp", "REML", "HK-adhoc"),
    ("REML, Cochrane's current rule", "REML", "cochrane"),
)
_MANTEL_HAENSZEL = (  # with what RevMan adds to the cells of a study with a zero, where its analysis is meant
    ("common effect, Mantel-Haenszel", "CE", 0.0),
    ("DerSimonian-Laird, Mantel-Haenszel Q (RevMan 5)", "DL", 0.5),
)
_COUNTS = ["events_treatment", "n_treatment", "events_control", "n_control"]


def classic_rows(fit: Fit, prob: float, further: Sequence[Named] = ()) -> list[dict[str, Any]]:
    """Pool the studies of a fit the classic ways.

    Parameters
    ----------
    fit : Fit
        Its effects and counts are pooled.
    prob : float
        Coverage of the intervals.
    further : sequence of Named
        Analyses beside those that are always made.

    Returns
    -------
    list of dict
        A row per analysis, columns of `mutau.comparing.COMPARE_COLUMNS`, on the natural scale.

    Raises
    ------
    ArgumentError, StudyDataError
        A further analysis that these studies do not allow.
    """
    rows = _usual_rows(fit, prob)
    known = {row["method"] for row in rows}
    return rows + _named_rows(fit, prob, [each for each in further if each.label not in known])


def _usual_rows(fit: Fit, prob: float) -> list[dict[str, Any]]:
    model = fit.model
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # said once, when the fit was made
        usable = fit.effects[np.isfinite(fit.effects["yi"]) & np.isfinite(fit.effects["vi"])]
        for name, tau2, ci in _INVERSE_VARIANCE if len(usable) else ():
            result = pool(yi=usable["yi"], vi=usable["vi"], tau2=tau2, ci=ci, prob=prob)
            rows.append(_classic_row(model, name, result, (*fit.notes, *_left_out(fit))))
        if _has_counts(fit):
            counts = [fit.effects[column].to_numpy(dtype=np.float64) for column in _COUNTS]
            for name, tau2, mh_add in _MANTEL_HAENSZEL:
                result = mantel_haenszel(
                    *counts,
                    measure=model.measure,
                    tau2=tau2,
                    prob=prob,
                    add=model.zero_cells.add,
                    to=model.zero_cells.to,
                    mh_add=mh_add,
                    labels=list(fit.effects["study"]),
                )
                rows.append(_classic_row(model, name, result))
    return rows


def _named_rows(fit: Fit, prob: float, further: Sequence[Named]) -> list[dict[str, Any]]:
    """Pool in further ways, as `mutau.pool` does."""
    model, rows = fit.model, []
    usable = fit.effects[np.isfinite(fit.effects["yi"]) & np.isfinite(fit.effects["vi"])]
    inputs = [name for name in ("study", *model.effects_record.inputs) if name in fit.effects]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)  # said once, when the fit was made
        for each in further:
            asked: dict[str, Any] = {
                "tau2": each.tau2,
                "ci": each.ci,
                "prediction": each.prediction,
                "prob": prob,
            }
            if each.method == "IV":
                result = pool(yi=usable["yi"], vi=usable["vi"], **asked)
                rows.append(_classic_row(model, each.label, result, (*fit.notes, *_left_out(fit))))
            else:
                asked |= {"add": model.zero_cells.add, "to": model.zero_cells.to}
                counted = pool(fit.effects[inputs], measure=model.measure, method=each.method, **asked)
                rows.append(_classic_row(model, each.label, counted))
    return rows


def _left_out(fit: Fit) -> tuple[str, ...]:
    """Name the studies whose counts give no estimate: a likelihood of counts takes them, classic pooling cannot."""
    without = fit.effects["study"][~(np.isfinite(fit.effects["yi"]) & np.isfinite(fit.effects["vi"]))]
    return (f"without {', '.join(map(str, without))}: no estimate or no variance",) if len(without) else ()


def _has_counts(fit: Fit) -> bool:
    return (
        fit.model.measure in {"RR", "OR", "RD"}
        and set(_COUNTS) <= set(fit.effects)
        and bool(fit.effects[_COUNTS].notna().all(axis=None))
    )


def _classic_row(
    model: OutcomeModel, name: str, result: ClassicResult, notes: tuple[str, ...] = ()
) -> dict[str, Any]:
    natural = model.effects_record.to_natural
    return {
        "method": name,
        "engine": "classic",
        "prior": "",
        "scale": "natural",
        "estimate": float(natural(np.float64(result.estimate))),
        "lower": float(natural(np.float64(result.lower))),
        "upper": float(natural(np.float64(result.upper))),
        "prob": result.prob,
        "kind": "confidence",
        "tau": float(np.sqrt(result.tau2)),
        "prediction_lower": float(natural(np.float64(result.prediction_lower))),
        "prediction_upper": float(natural(np.float64(result.prediction_upper))),
        "prediction_kind": "prediction",
        "k": result.k,
        "note": "; ".join((*notes, *result.notes, NO_PROBABILITY)),
    }
