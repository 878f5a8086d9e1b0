"""Classic pooling of studies or of ready-made effects: `pool`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic.conditional import CONDITIONAL_MEASURES, conditional
from mutau.classic.confidence import estimator_for
from mutau.classic.counts import MH_TAU2_METHODS, mantel_haenszel
from mutau.classic.generic import inverse_variance
from mutau.classic.mixed.fits import MIXED_TAU2, glmm, mixed_faults
from mutau.classic.mixed.models import MIXED_MEASURES, MIXED_METHODS
from mutau.classic.peto import peto
from mutau.classic.rates import mantel_haenszel_rates
from mutau.classic.requests import TAU2_METHODS, Request, number_array, request_faults, wald_only_faults
from mutau.errors import ArgumentError, DataWarning, Fault, StudyDataError, nearest
from mutau.measures.cells import read_inputs
from mutau.measures.computing import as_frame, effects, option_faults
from mutau.measures.registry import MEASURES
from mutau.measures.variances import vtype_faults

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.records import ClassicResult
    from mutau.studies import StudyTable

__all__ = ["METHODS", "OF_COUNTS", "default_ci", "default_tau2", "pool"]

METHODS = ("IV", "MH", "Peto", "CMLE", *MIXED_METHODS)
"""Inverse variance, Mantel-Haenszel, Peto's odds ratio, conditional maximum likelihood, mixed models of counts."""

OF_COUNTS = {
    "MH": ("RR", "OR", "RD", "IRR", "IRD"),
    "Peto": ("OR",),
    "CMLE": CONDITIONAL_MEASURES,
    **MIXED_MEASURES,
}
"""Measures that a method pools from counts."""

NAMES = {
    "MH": "The Mantel-Haenszel method",
    "Peto": "Peto's method",
    "CMLE": "Conditional maximum likelihood",
    "UM.FS": "The mixed model with an intercept of its own in every study",
    "UM.RS": "The mixed model with random study intercepts",
    "CM.AL": "The approximate conditional mixed model",
    "CM.EL": "The exact conditional mixed model",
    "GLMM": "The mixed model of one group",
}

TAU2_OF = {
    "MH": MH_TAU2_METHODS,
    "Peto": ("CE",),
    "CMLE": ("CE",),
    **dict.fromkeys(MIXED_METHODS, MIXED_TAU2),
}
"""Estimators of tau2, where not all go with the method."""


def default_tau2(method: str, ci: str | None = None) -> str:
    """Name the estimator of tau2 that a method, or a confidence interval, has where none is asked for."""
    if method in MIXED_METHODS:
        return "ML"
    return "CE" if method in OF_COUNTS else estimator_for(ci)


def default_ci(method: str, tau2: str) -> str:
    """Name the confidence interval that is made where none is asked for."""
    return "wald" if method in OF_COUNTS or tau2 == "CE" else "HK"


def pool(
    studies: StudyTable | pd.DataFrame | None = None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | None = None,
    method: str = "IV",
    tau2: str | None = None,
    ci: str | None = None,
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str | None = None,
    seed: int = 0,
    add: float | None = None,
    to: str = "only0",
    smd_variance: str = "metafor",
    vtype: str = "",
) -> ClassicResult:
    """Pool studies the classic way.

    Parameters
    ----------
    studies : StudyTable or DataFrame, optional
        One row per study, as `mutau.effects` takes it. Either this, or `yi` with `vi` or `sei`.
    yi, vi, sei : array_like, shape (k,), optional
        Ready-made effects on the analysis scale (log for ratios) with their sampling variances or standard
        errors.
    measure : str, optional
        Effect measure of `studies`, one of `mutau.MEASURES`. May be left out for a table of ready-made effects.
    method : {"IV", "MH", "Peto", "CMLE", "CM.EL", "CM.AL", "UM.FS", "UM.RS", "GLMM"}
        Inverse variance, Mantel-Haenszel (RR, OR, RD, IRR and IRD from counts), Peto's odds ratio (OR from counts),
        or conditional maximum likelihood (OR and IRR from counts). Or a generalised linear mixed model of the counts
        (`mutau.classic.glmm`): for OR and IRR conditional with the exact or an approximate likelihood, unconditional
        with fixed or random study intercepts; for PLO and IRLN ``"GLMM"``.
    tau2 : str, optional
        Common effect (``"CE"``) or an estimator of the between-study variance, one of `mutau.classic.TAU2_METHODS`;
        see `mutau.classic.inverse_variance`. Default REML, or the one that `ci` goes with; CE with ``method="MH"``,
        which knows CE and DL, and with ``"Peto"`` and ``"CMLE"``, which know no other; ML with a mixed model, which
        knows ML and CE. RevMan's random-effects Mantel-Haenszel analysis is ``tau2="DL"``.
    ci : str, optional
        Confidence interval, one of `mutau.classic.CI_METHODS`: Wald's, t, Hartung and Knapp's, Kenward and Roger's,
        robust ones, a permutation test's, Henmi and Copas', of the likelihood, or a bootstrap's; see
        `mutau.classic.inverse_variance`. Default HK; Wald with a method of counts or ``tau2="CE"``. A mixed model has
        Wald's, t and the likelihood's (``"PL"``).
    prob : float
        Coverage of the confidence and the prediction interval.
    prediction : {"HTS", "t(k-1)", "normal", "HK", "HK(k-2)", "KR", "KR(df-1)", "SJ", "NNF"}
        Prediction interval, by convention; see `mutau.classic.inverse_variance`.
    tau2_ci : {"QP", "PL", "BJ", "BT", "J", "SJ", "wald"}
        Confidence interval of tau2: Q-profile, profile likelihood (with ML or REML), generalised Q with weights
        ``1/vi``, exact or by a gamma approximation, or ``1/sei``, Sidik-Jonkman (with SJ), Wald. Those of I2 and H2
        follow from it. Default QP; PL with a mixed model, which has no other.
    seed : int
        For ``ci="permutation"`` with more than 13 studies: 2,000 sign patterns are then drawn at random. That takes a
        second, with thousands of studies minutes; see `mutau.classic.inverse_variance`.
    add, to : float, str
        Zero-cell rule; see `mutau.effects`.
    smd_variance : {"metafor", "RevMan"}
        Sampling variance of the SMD.
    vtype : str
        Another sampling variance, by metafor's name; see `mutau.effects`.

    Returns
    -------
    ClassicResult
        On the analysis scale; ratios are back-transformed by ``exp``. What does not exist is NaN and `notes`
        says why.

    Raises
    ------
    ArgumentError
        Wrong arguments, all at once.
    StudyDataError
        Wrong cells in the table, or studies without an effect (a zero cell and no correction), all at once.

    Warns
    -----
    DataWarning
        Where the zero-cell rule added something.

    Notes
    -----
    See `mutau.classic.inverse_variance`, `mutau.classic.mantel_haenszel`, which has further options (Sato's
    variance, RevMan's correction inside the Mantel-Haenszel sums), `mutau.classic.mantel_haenszel_rates`, and
    `mutau.classic.peto`, `mutau.classic.conditional` and `mutau.classic.glmm`, which need no zero-cell correction.
    `mutau.classic.stratified_tests` tests whether the odds ratio is the same in all studies (Tarone).

    With two or three studies every classic random-effects interval should be read with care: Wald's takes
    tau2 as known, and Hartung and Knapp's swings from very narrow to uninformative with the luck of the
    spread.

    Examples
    --------
    Two trials whose pooled result a Cochrane review prints as 8.93 [1.25, 63.70] (insecure to secure
    attachment has its own), and the same by REML with Hartung and Knapp's interval:

    >>> import numpy as np
    >>> import pandas as pd
    >>> secure = pd.DataFrame(
    ...     {
    ...         "study": ["Cicchetti 1999a", "Cicchetti 2006b"],
    ...         "events_treatment": [31, 8],
    ...         "n_treatment": [46, 14],
    ...         "events_control": [9, 1],
    ...         "n_control": [54, 54],
    ...     }
    ... )
    >>> revman = pool(secure, measure="RR", method="MH", tau2="DL", ci="wald")
    >>> np.exp([revman.estimate, revman.lower, revman.upper]).round(2)
    array([ 8.93,  1.25, 63.7 ])
    >>> hk = pool(secure, measure="RR", tau2="REML", ci="HK")
    >>> round(float(np.exp(hk.estimate)), 2), f"{np.exp(hk.upper):.2g}"
    (8.88, '2.6e+06')

    The same trials' odds ratio by their own likelihood, which needs no correction where an arm is empty:

    >>> exact = pool(secure, measure="OR", method="CM.EL")
    >>> np.exp([exact.estimate, exact.lower, exact.upper]).round(1), round(exact.tau2, 3)
    (array([15.2,  4.1, 56.1]), 0.015)
    """
    known = method in METHODS
    tau2 = tau2 if tau2 is not None else default_tau2(method, ci)
    ci = ci if ci is not None else default_ci(method, tau2)
    tau2_ci = tau2_ci if tau2_ci is not None else ("PL" if method in MIXED_METHODS else "QP")
    request = Request(method, tau2, ci, prob, prediction, tau2_ci, seed)
    faults = _request_faults(request)
    if not known:
        faults.append(
            Fault(f"method={method!r}", "The method is named", nearest(str(method), METHODS), key="method")
        )
    faults += option_faults(add, to, smd_variance) + vtype_faults(vtype, str(measure), smd_variance)
    faults += _measure_faults(measure, method, studies)
    faults += _source_faults(studies, yi, vi, sei, method)
    if faults:
        raise ArgumentError(faults)
    shared: dict[str, Any] = {"tau2": tau2, "ci": ci, "prob": prob, "prediction": prediction}
    shared |= {"tau2_ci": tau2_ci, "seed": seed}
    if studies is None:
        return inverse_variance(yi if yi is not None else (), _variances(vi, sei), **shared)
    if method in OF_COUNTS:
        rule = {"add": MEASURES[str(measure)].default_add if add is None else add, "to": to}
        return _pool_counts(studies, str(measure), method, rule, shared)
    options = {"add": add, "to": to, "smd_variance": smd_variance, "vtype": vtype}
    return _pool_table(studies, measure or "GEN", options, shared)


def _request_faults(request: Request) -> list[Fault]:
    if request.method in MIXED_METHODS:
        return mixed_faults(request)
    faults = request_faults(request, TAU2_OF.get(request.method, TAU2_METHODS))
    return faults + (wald_only_faults(request) if request.method in OF_COUNTS else [])


def _source_faults(studies: object, yi: object, vi: object, sei: object, method: str) -> list[Fault]:
    arrays = [name for name, value in (("yi", yi), ("vi", vi), ("sei", sei)) if value is not None]
    if studies is not None:
        rule = "Studies or arrays, not both"
        return (
            [Fault(f"studies and {', '.join(arrays)}", rule, "Leave one out", key="studies")]
            if arrays
            else []
        )
    faults = []
    if yi is None or (vi is None) == (sei is None):
        given = ", ".join(arrays) or "nothing"
        rule = "Pooling takes studies, or yi with either vi or sei"
        faults.append(Fault(f"{given} given", rule, "Give the studies, or yi and one of vi, sei", key="yi"))
    if method in OF_COUNTS:
        rule = f"{NAMES[method]} takes counts"
        faults.append(
            Fault(f"method={method!r} without studies", rule, "Give a table with counts", key="method")
        )
    return faults


def _measure_faults(measure: str | None, method: str, studies: object) -> list[Fault]:
    valid = OF_COUNTS.get(method, tuple(MEASURES))
    if measure is None:
        ready = "yi" in getattr(studies, "columns", ()) or len(getattr(studies, "estimates", ())) > 0
        if studies is None or (ready and method not in OF_COUNTS):
            return []
        remedy = "Say which: measure='RR', for instance"
        return [
            Fault("no measure", "A table of arms can be pooled on several measures", remedy, key="measure")
        ]
    if measure in valid:
        return []
    rule = "A measure is named by its code"
    if method in OF_COUNTS:
        rule = f"{NAMES[method]} takes counts"
        of_counts = {code for codes in OF_COUNTS.values() for code in codes}
        if method != "MH" and measure in of_counts:
            only = "the odds ratio" if method == "Peto" else " and ".join(valid)
            rule += f" and has {only} only"
    return [Fault(f"measure={measure!r}", rule, nearest(str(measure), valid), key="measure")]


def _variances(vi: ArrayLike | None, sei: ArrayLike | None) -> ArrayLike:
    """Variances from whichever was given; a standard error that is not above 0 is refused by its own name."""
    if sei is None:
        return vi if vi is not None else ()
    errors, faults = number_array(sei, "sei")
    faults += [
        Fault(f"sei[{i}] = {errors[i]:g}", "A standard error is above 0 and finite", "Correct it", key="sei")
        for i in map(int, np.flatnonzero(~(np.isfinite(errors) & (errors > 0))))
    ]
    if faults:
        raise ArgumentError(faults)
    return errors**2


def _pool_table(
    studies: StudyTable | pd.DataFrame,
    measure: str,
    options: dict[str, Any],
    shared: dict[str, Any],
) -> ClassicResult:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        table = effects(studies, measure, **options)
    notes = tuple(str(warning.message) for warning in caught)
    for note in notes:
        warnings.warn(note, DataWarning, stacklevel=3)
    labels = _labels(table)
    undefined = np.flatnonzero(~(np.isfinite(table["yi"]) & np.isfinite(table["vi"])))
    if len(undefined):
        remedy = "Choose another zero-cell rule, use method='MH', or leave the study out"
        raise StudyDataError(
            Fault(f"no {measure} to pool", str(table["note_effect"].iloc[i]), remedy, study=labels[i])
            for i in undefined
        )
    result = inverse_variance(table["yi"].to_numpy(), table["vi"].to_numpy(), labels=labels, **shared)
    return replace(result, notes=(*notes, *result.notes))


def _pool_counts(
    studies: StudyTable | pd.DataFrame,
    measure: str,
    method: str,
    rule: dict[str, Any],
    shared: dict[str, Any],
) -> ClassicResult:
    frame, source = as_frame(studies)
    record, inputs = read_inputs(frame, measure, source=source)
    if inputs.ready.any():
        takes, remedy = f"{NAMES[method]} takes counts", "Use method='IV', or give the counts"
        raise StudyDataError(
            Fault("only a ready-made effect", takes, remedy, file=source, study=inputs.labels[i])
            for i in np.flatnonzero(inputs.ready)
        )
    arms = [inputs.columns[name] for name in record.inputs]
    if method == "Peto":
        return peto(
            arms[0], arms[1], arms[2], arms[3], ci=shared["ci"], prob=shared["prob"], labels=inputs.labels
        )
    if method == "CMLE":
        return conditional(
            arms[0], arms[1], arms[2], arms[3],
            measure=measure, ci=shared["ci"], prob=shared["prob"], labels=inputs.labels,
        )  # fmt: skip
    if method in MIXED_METHODS:
        asked = {key: value for key, value in shared.items() if key != "seed"}
        return glmm(*arms, measure=measure, method=method, labels=inputs.labels, **asked)
    options = {"measure": measure, "labels": inputs.labels, **rule, **shared}
    of_tables = mantel_haenszel_rates if measure in ("IRR", "IRD") else mantel_haenszel
    return of_tables(arms[0], arms[1], arms[2], arms[3], **options)


def _labels(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in (table["study"] if "study" in table.columns else table.index)]
