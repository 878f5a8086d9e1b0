"""A shared control arm without its covariance: split among comparisons, or treatments combined; side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.errors import ArgumentError, Fault, StudyDataError
from mutau.extraction import mean_and_sd_of_all
from mutau.measures.cells import Inputs, read_inputs
from mutau.measures.computing import as_frame
from mutau.multiarm.covariance import Z_95, Cells, group_faults, rows_of_studies, shared_arms
from mutau.pooling import pool

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mutau.measures.record import Measure
    from mutau.studies import StudyTable

__all__ = ["combine_arms", "compare_shared_arms", "split_arms"]


def _read(studies: StudyTable | pd.DataFrame, measure: str) -> tuple[Measure, Inputs, list[NDArray[np.intp]]]:
    frame, source = as_frame(studies)
    groups = rows_of_studies(frame, source)
    record, inputs = read_inputs(frame, measure, source=source)
    found = group_faults(inputs, groups, source)
    if record.design != "two groups" or record.is_ready_made:
        what = f"measure={measure!r} has no two arms"
        raise ArgumentError(Fault(what, "Arms are those of two groups", "Use another measure", key="measure"))
    if found:
        raise StudyDataError(found)
    return record, inputs, groups


def split_arms(studies: StudyTable | pd.DataFrame, measure: str = "RR") -> pd.DataFrame:
    """Split a shared control arm evenly among its comparisons, so that each has participants of its own.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        One row per comparison, as for `shared_arms`.
    measure : str
        A measure of two arms, which says which columns are needed.

    Returns
    -------
    DataFrame
        Study and the measure's columns, one row per comparison: events, participants and person-time of the control
        arm divided by the number of comparisons (not rounded), means and standard deviations as they are.

    Raises
    ------
    ArgumentError, StudyDataError
        As `shared_arms`.

    Notes
    -----
    The comparisons are then taken as independent, which they are only nearly: the parts of one control arm have the
    same mean. Cochrane Handbook, section 23.3.4.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"study": ["A", "A"], "ai": [100, 150], "n1i": [400, 400], "ci": [40, 40], "n2i": [100, 100]}
    ... )
    >>> split_arms(table)[["events_control", "n_control"]].to_numpy()
    array([[20., 50.],
           [20., 50.]])
    """
    import pandas as pd

    _, inputs, groups = _read(studies, measure)
    parts = np.ones(len(inputs.labels))
    for rows in groups:
        parts[rows] = len(rows)
    columns = {
        name: column / parts if name in ("events_control", "n_control", "time_control") else column
        for name, column in inputs.columns.items()
    }
    return pd.DataFrame({"study": list(inputs.labels), **columns})


def combine_arms(studies: StudyTable | pd.DataFrame, measure: str = "RR") -> pd.DataFrame:
    """Combine the treatment arms of a study into one, against its control arm.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        One row per comparison, as for `shared_arms`.
    measure : str
        A measure of two arms, which says which columns are needed.

    Returns
    -------
    DataFrame
        Study and the measure's columns, one row per study. Counts and person-time are added; mean and standard
        deviation are those of all participants of the combined arms.

    Raises
    ------
    ArgumentError, StudyDataError
        As `shared_arms`.

    Notes
    -----
    The standard deviation has the differences between the arms' means in it, as that of all participants has:
    `mutau.extraction.mean_and_sd_of_all`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"study": ["A", "A"], "ai": [100, 150], "n1i": [400, 400], "ci": [40, 40], "n2i": [100, 100]}
    ... )
    >>> combine_arms(table).iloc[0, 1:].tolist()
    [250.0, 800.0, 40.0, 100.0]
    """
    import pandas as pd

    _, inputs, groups = _read(studies, measure)
    rows = []
    for members in groups:
        cells = {name: column[members] for name, column in inputs.columns.items()}
        row = {name: float(column[0]) for name, column in cells.items()}
        row |= {name: float(column.sum()) for name, column in cells.items() if name in _ADDED}
        row |= _combined_scores(cells)
        rows.append({"study": inputs.labels[members[0]], **row})
    return pd.DataFrame(rows)


_ADDED = ("events_treatment", "n_treatment", "time_treatment")


def _combined_scores(cells: Cells) -> dict[str, float]:
    if "sd_treatment" not in cells or "mean_treatment" not in cells or len(cells["n_treatment"]) == 1:
        return {}
    mean, sd = mean_and_sd_of_all(*(cells[f"{name}_treatment"] for name in ("n", "mean", "sd")))
    return {"mean_treatment": float(mean), "sd_treatment": float(sd)}


def compare_shared_arms(
    studies: StudyTable | pd.DataFrame,
    measure: str = "RR",
    *,
    add: float | None = None,
    to: str = "only0",
) -> pd.DataFrame:
    """Compare the ways to treat a shared control arm: by its covariance, split, or with the treatments combined.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        One row per comparison, as for `shared_arms`.
    measure : {"RR", "OR", "RD", "AS", "MD", "ROM", "IRR", "IRD", "SMD"}
    add, to : float, str
        Zero-cell rule; see `mutau.effects`.

    Returns
    -------
    DataFrame
        ``way``, number of effects ``k``, the common effect ``estimate`` on the analysis scale with its ``se``, Wald's
        95% confidence interval, Q and its degrees of freedom. The row ``ignored`` counts the shared arm in each
        comparison, which is wrong and there to show what it would do.

    Raises
    ------
    ArgumentError, StudyDataError
        As `shared_arms`.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"study": ["A", "A"], "ai": [100, 150], "n1i": [400, 400], "ci": [40, 40], "n2i": [100, 100]}
    ... )
    >>> compare_shared_arms(table, "RD")[["way", "k", "estimate", "se"]].round(4)
              way  k  estimate      se
    0  covariance  2   -0.0944  0.0516
    1       split  2   -0.0882  0.0516
    2    combined  1   -0.0875  0.0517
    3     ignored  2   -0.0888  0.0383
    """
    import pandas as pd

    shared = shared_arms(studies, measure, add=add, to=to)
    found = shared.common_effects()
    se = float(np.sqrt(found.covariance[0, 0]))
    rows: list[dict[str, Any]] = [
        _row("covariance", len(shared.yi), float(found.estimates[0]), se, found.q, found.df)
    ]
    ways = {
        "split": split_arms(studies, measure),
        "combined": combine_arms(studies, measure),
        "ignored": as_frame(studies)[0],
    }
    for way, frame in ways.items():
        pooled = pool(frame, measure=measure, tau2="CE", ci="wald", add=add, to=to)
        rows.append(_row(way, len(frame), pooled.estimate, pooled.se, pooled.q, len(frame) - 1))
    return pd.DataFrame(rows)


def _row(way: str, k: int, estimate: float, se: float, q: float, df: int) -> dict[str, Any]:
    ends = {"lower": estimate - Z_95 * se, "upper": estimate + Z_95 * se}
    return {"way": way, "k": k, "estimate": estimate, "se": se, **ends, "q": q, "df": df}
