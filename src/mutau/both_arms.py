"""The log odds of both arms of trials, pooled together: `bivariate`."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic.bivariate import Bivariate, bivariate_means
from mutau.errors import DataWarning, Fault, StudyDataError
from mutau.measures.binary import correct_one_group
from mutau.measures.cells import read_inputs
from mutau.measures.computing import as_frame, option_faults
from mutau.measures.single import logit_proportion

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from mutau.studies import StudyTable

    type Array = NDArray[np.float64]

__all__ = ["bivariate"]


def bivariate(
    studies: StudyTable | pd.DataFrame,
    *,
    method: str = "REML",
    prob: float = 0.95,
    add: float = 0.5,
    to: str = "only0",
) -> Bivariate:
    """Pool the log odds of both arms together, to see whether the odds ratio depends on the risk in the control arm.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        One row per study with the counts of two arms, as `mutau.effects` takes them for OR.
    method : {"REML", "ML"}
        How the between-study covariance of the two log odds is estimated.
    prob : float
        Coverage of confidence and prediction intervals.
    add, to : float, str
        Zero-cell rule of each arm: `add` goes to the events and the others of an arm without either (``"only0"``), of
        every arm (``"all"``), of all arms if one needs it (``"if0all"``), or of none (``"none"``).

    Returns
    -------
    Bivariate
        Mean log odds of both arms; their difference, the mean log odds ratio, with confidence and prediction limits;
        the between-study variances and their correlation; and the line of the log odds ratio on the control arm's log
        odds. `mutau.table` lays it out.

    Raises
    ------
    ArgumentError
        Wrong arguments, or fewer than three studies.
    StudyDataError
        Wrong cells, ready-made effects, or arms without log odds (a zero cell and no correction): all at once.

    Warns
    -----
    DataWarning
        Where the zero-cell rule added something; names the studies.

    Notes
    -----
    See `mutau.classic.bivariate_means`. The line is what a plain regression of the observed log odds ratios on the
    observed control arms cannot give: there the control arm's sampling error is part of both, and bends the line.

    References
    ----------
    van Houwelingen HC, Arends LR, Stijnen T (2002). Advanced methods in meta-analysis: multivariate approach and
    meta-regression. Statistics in Medicine 21:589-624. doi:10.1002/sim.1040

    Examples
    --------
    The BCG vaccine trials, as that paper prints them (pages 604 and 605): OR 0.478 with a correlation of 0.947.

    >>> import numpy as np, pandas as pd
    >>> bcg = pd.DataFrame({
    ...     "ai": [4, 6, 3, 62, 33, 180, 8, 505, 29, 17, 186, 5, 27],
    ...     "n1i": [123, 306, 231, 13598, 5069, 1541, 2545, 88391, 7499, 1716, 50634, 2498, 16913],
    ...     "ci": [11, 29, 11, 248, 47, 372, 10, 499, 45, 65, 141, 3, 29],
    ...     "n2i": [139, 303, 220, 12867, 5808, 1451, 629, 88391, 7277, 1665, 27338, 2341, 17854],
    ... })
    >>> found = bivariate(bcg, method="ML")
    >>> round(float(np.exp(found.difference.estimate)), 3), round(found.rho, 3), round(found.line.slope.estimate, 2)
    (0.478, 0.947, -0.27)
    """
    frame, source = as_frame(studies)
    faults = option_faults(add, to, "metafor")
    record, inputs = read_inputs(frame, "OR", source=source, faults=faults)
    if inputs.ready.any():
        rule, remedy = (
            "The bivariate model takes the counts of both arms",
            "Give the counts, or use mutau.pool",
        )
        raise StudyDataError(
            Fault("only a ready-made effect", rule, remedy, file=source, study=inputs.labels[i])
            for i in np.flatnonzero(inputs.ready)
        )
    arms = [inputs.columns[name] for name in record.inputs]
    treatment, in_treatment = _log_odds(arms[0], arms[1], add, to)
    control, in_control = _log_odds(arms[2], arms[3], add, to)
    notes = _announced(inputs.labels, {"treatment": in_treatment, "control": in_control}, add)
    _defined({"treatment": treatment, "control": control}, inputs.labels, source)
    found = bivariate_means(*treatment, *control, method=method, prob=prob, labels=inputs.labels)
    said = tuple(dict.fromkeys(frame["provenance"].dropna().astype(str))) if "provenance" in frame else ()
    return replace(found, measure="log odds", provenance=said, notes=(*notes, *found.notes))


def _log_odds(events: Array, n: Array, add: float, to: str) -> tuple[tuple[Array, Array], NDArray[np.bool_]]:
    (events, n), corrected, _ = correct_one_group((events, n), "both", add=add, to=to)
    return logit_proportion(events, n), corrected


def _announced(labels: Sequence[str], corrected: dict[str, NDArray[np.bool_]], add: float) -> tuple[str, ...]:
    notes = tuple(
        f"{add:g} was added to the events and non-events of the {arm} arm of "
        f"{', '.join(str(labels[i]) for i in map(int, np.flatnonzero(where)))}"
        for arm, where in corrected.items()
        if where.any()
    )
    if notes:
        warnings.warn("; ".join(notes), DataWarning, stacklevel=3)
    return notes


def _defined(arms: dict[str, tuple[Array, Array]], labels: Sequence[str], source: str | None) -> None:
    faults = [
        Fault(f"no log odds in the {arm} arm", rule, remedy, file=source, study=str(labels[i]))
        for arm, (y, _) in arms.items()
        for i in map(int, np.flatnonzero(~np.isfinite(y)))
        for rule, remedy in [("An arm has events and non-events", "Use to='only0', or leave the study out")]
    ]
    if faults:
        raise StudyDataError(faults)
