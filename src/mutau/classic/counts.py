"""Mantel-Haenszel pooling: common-effect, and random-effects as RevMan does it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.classic.arms import checked_arms
from mutau.classic.requests import (
    Request,
    is_positive_number,
    label_array,
    request_faults,
    wald_only_faults,
)
from mutau.classic.table_results import StudyEffects, common_effect, random_effects
from mutau.classic.tables import (
    RD_VARIANCES,
    TableEstimate,
    mh_odds_ratio,
    mh_risk_difference,
    mh_risk_ratio,
)
from mutau.errors import DataWarning, Fault, nearest
from mutau.measures.binary import (
    TO_RULES,
    correct_zero_cells,
    log_odds_ratio,
    log_risk_ratio,
    risk_difference,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from mutau.classic.arms import Arms
    from mutau.records import ClassicResult

    type Array = NDArray[np.float64]

__all__ = ["MH_TAU2_METHODS", "mantel_haenszel"]

MH_TAU2_METHODS = ("CE", "DL")
"""Estimators of tau2 that go with the Mantel-Haenszel method."""

EFFECTS: dict[str, Callable[..., tuple[Array, Array]]] = {
    "RR": log_risk_ratio,
    "OR": log_odds_ratio,
    "RD": risk_difference,
}
"""Effect of one study, by measure."""


def mantel_haenszel(
    events_treatment: ArrayLike,
    n_treatment: ArrayLike,
    events_control: ArrayLike,
    n_control: ArrayLike,
    *,
    measure: str = "RR",
    tau2: str = "CE",
    ci: str = "wald",
    prob: float = 0.95,
    prediction: str = "HTS",
    tau2_ci: str = "QP",
    seed: int = 0,
    add: float = 0.5,
    to: str = "only0",
    mh_add: float = 0.0,
    drop00: bool | None = None,
    rd_variance: str = "Greenland-Robins",
    labels: Sequence[str] | None = None,
) -> ClassicResult:
    """Pool two-arm counts by the Mantel-Haenszel method.

    Parameters
    ----------
    events_treatment, n_treatment, events_control, n_control : array_like, shape (k,)
        Events and participants per arm.
    measure : {"RR", "OR", "RD"}
        Risk ratio, odds ratio (both pooled as logarithms), risk difference.
    tau2 : {"CE", "DL"}
        Common effect, or DerSimonian-Laird with Q about the Mantel-Haenszel estimate.
    ci : {"wald", "t", "HK", "HK-adhoc", "cochrane", "robust", "robust-HC0", "SJ", "permutation"}
        Confidence interval; the common-effect result has only Wald's.
    prob : float
        Coverage of the confidence and the prediction interval.
    prediction, tau2_ci, seed : str, str, int
        Prediction interval, interval of tau2 and seed of the random-effects result; see `inverse_variance`.
    add, to : float, str
        Zero-cell rule (metafor's words; see `mutau.measures.correct_zero_cells`) for the effects of single
        studies, which Q and the random-effects stage need. A correction is announced by a DataWarning and in
        `notes`.
    mh_add : float
        Added to all cells of a study with a zero cell for the Mantel-Haenszel estimate itself, which does not
        need it. Default 0, as metafor; RevMan and Stata's metan add 0.5.
    drop00 : bool, optional
        Whether studies with no events, or nothing but events, in both arms are left out of Q, of the
        random-effects stage and of any `mh_add`. Default: left out for RR and OR (metafor's ``rma.mh``,
        Cochrane), kept for RD (RevMan; metafor leaves them out of Q). The common-effect RR and OR give them
        no weight in any case, the RD always counts them.
    rd_variance : {"Greenland-Robins", "Sato"}
        Variance of the common-effect risk difference: RevMan's and Stata's, or metafor's.
    labels : sequence of str, optional
        Names of the studies, for messages.

    Returns
    -------
    ClassicResult
        With ``method="MH"``. `weights` are Mantel-Haenszel weights for a common effect, inverse-variance
        weights otherwise; a study that was left out has weight 0.

    Raises
    ------
    ArgumentError
        Impossible counts, unequal lengths, no studies, unknown names: all at once.

    Warns
    -----
    DataWarning
        Where cells were corrected.

    Notes
    -----
    Common effect: Greenland and Robins' variance for RR and RD, Robins, Breslow and Greenland's for OR; see
    ``mutau.classic.tables``. No zero-cell correction enters the estimate or its variance unless `mh_add` asks
    for one. Q is ``sum (yi - MH)^2 / vi`` over the studies that have an effect of their own, as in metafor
    and RevMan. `stratified_tests` has Tarone's test of one odds ratio in all studies.

    Random effects, as RevMan: tau2 by DerSimonian-Laird's formula from that Q, then the inverse-variance mean
    with weights ``1/(vi + tau2)``; the Mantel-Haenszel estimate enters through Q only. I2 and H2 as in
    `inverse_variance`.

    References
    ----------
    Mantel N, Haenszel W (1959). Statistical aspects of the analysis of data from retrospective studies of
    disease. Journal of the National Cancer Institute 22:719-748. doi:10.1093/jnci/22.4.719. Deeks JJ, Higgins
    JPT (2010). Statistical algorithms in Review Manager 5. The Cochrane Collaboration.

    Examples
    --------
    Secure attachment in the review of parent-infant psychotherapy, printed as 8.93 [1.25, 63.70]:

    >>> import numpy as np
    >>> result = mantel_haenszel([31, 8], [46, 14], [9, 1], [54, 54], measure="RR", tau2="DL")
    >>> np.exp([result.estimate, result.lower, result.upper]).round(2)
    array([ 8.93,  1.25, 63.7 ])
    """
    request = Request("MH", tau2, ci, prob, prediction, tau2_ci, seed)
    faults = _option_faults(request, measure, add, to, mh_add, rd_variance)
    counts = checked_arms((events_treatment, n_treatment, events_control, n_control), faults, labels)
    names = label_array(labels, len(counts[0]))
    drop = measure != "RD" if drop00 is None else drop00
    study = _study_effects(counts, measure, add, to, drop, names, mh_add)
    pooled = _table_estimate(counts, measure, mh_add, drop, rd_variance)
    if study.correction:
        warnings.warn(f"{measure}: {study.correction}", DataWarning, stacklevel=2)
    if tau2 == "CE":
        return common_effect(pooled, study, _informative(counts, measure), request)
    return random_effects(pooled, study, request)


def _informative(counts: Arms, measure: str) -> NDArray[np.bool_]:
    a, n1, c, n2 = counts
    with_events, with_others = a + c > 0, a + c < n1 + n2
    everywhere = np.full(a.shape, fill_value=True)
    return {"RR": with_events, "OR": with_events & with_others, "RD": everywhere}[measure]


def _option_faults(
    request: Request, measure: str, add: float, to: str, mh_add: float, rd_variance: str
) -> list[Fault]:
    faults = request_faults(request, MH_TAU2_METHODS)
    for key, value, valid in (
        ("measure", measure, tuple(EFFECTS)),
        ("to", to, TO_RULES),
        ("rd_variance", rd_variance, RD_VARIANCES),
    ):
        if value not in valid:
            rule = "The Mantel-Haenszel method takes counts" if key == "measure" else "The option is named"
            faults.append(Fault(f"{key}={value!r}", rule, nearest(str(value), valid), key=key))
    faults += [
        Fault(f"{key}={value!r}", "What is added to cells is a number, 0 or more", "Use 0.5", key=key)
        for key, value in (("add", add), ("mh_add", mh_add))
        if not is_positive_number(value)
    ]
    faults += wald_only_faults(request)
    return faults


def _study_effects(
    counts: Arms, measure: str, add: float, to: str, drop: bool, names: NDArray[Any], mh_add: float
) -> StudyEffects:
    fixed = correct_zero_cells(*counts, add=add, to=to)
    yi, vi = EFFECTS[measure](*fixed.counts)
    dropped = fixed.double_zero & drop
    usable = np.isfinite(yi) & np.isfinite(vi) & (vi > 0) & ~dropped
    where = "for Q and the random-effects stage"
    correction = ""
    if (fixed.corrected & usable).any():
        listed = ", ".join(map(str, names[fixed.corrected & usable]))
        correction = f"Zero cells: {add:g} was added to all four cells of {listed} (to={to!r}), {where}"
        correction += f"; {mh_add:g} for the Mantel-Haenszel estimate" if mh_add > 0 else " only"
    notes = [correction] if correction else []
    if dropped.any():
        listed = ", ".join(map(str, names[dropped]))
        notes.append(f"No events, or nothing but events, in both arms of {listed}: left out {where}")
    lost = ~usable & ~dropped
    if lost.any():
        listed = ", ".join(map(str, names[lost]))
        notes.append(f"Without a zero-cell correction {listed} has no effect or variance: left out {where}")
    return StudyEffects(yi[usable], vi[usable], usable, tuple(notes), correction)


def _table_estimate(counts: Arms, measure: str, mh_add: float, drop: bool, rd_variance: str) -> TableEstimate:
    fixed = correct_zero_cells(*counts, add=mh_add, to="only0")
    if drop and mh_add > 0:
        plain = fixed.double_zero
        a, n1, c, n2 = (np.where(plain, x, y) for x, y in zip(counts, fixed.counts, strict=True))
    else:
        a, n1, c, n2 = fixed.counts
    if measure == "RR":
        return mh_risk_ratio(a, n1, c, n2)
    if measure == "OR":
        return mh_odds_ratio(a, n1, c, n2)
    return mh_risk_difference(a, n1, c, n2, rd_variance)
