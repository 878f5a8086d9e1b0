"""Effects of which some share a control arm, with the covariance that follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError, Fault, StudyDataError, nearest
from mutau.measures.cells import Inputs, read_inputs
from mutau.measures.computing import as_frame, corrected_inputs, option_faults
from mutau.measures.continuous import hedges_correction

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mutau.measures.record import Measure
    from mutau.studies import StudyTable

__all__ = ["ArmEffects", "SharedArms", "shared_arms"]

Z_95 = 1.959963984540054
"""97.5% quantile of the standard normal."""

type Cells = dict[str, NDArray[np.float64]]

_COVARIANCES: dict[str, Callable[[Cells], NDArray[np.float64]]] = {
    "RR": lambda x: 1 / x["events_control"] - 1 / x["n_control"],
    "OR": lambda x: 1 / x["events_control"] + 1 / (x["n_control"] - x["events_control"]),
    "RD": lambda x: x["events_control"] * (x["n_control"] - x["events_control"]) / x["n_control"] ** 3,
    "AS": lambda x: 1 / (4 * x["n_control"]),
    "MD": lambda x: x["sd_control"] ** 2 / x["n_control"],
    "ROM": lambda x: x["sd_control"] ** 2 / (x["n_control"] * x["mean_control"] ** 2),
    "IRR": lambda x: 1 / x["events_control"],
    "IRD": lambda x: x["events_control"] / x["time_control"] ** 2,
    "SMD": lambda x: 1 / x["n_control"],
}
"""The part of an effect's variance that is the control arm's; of an SMD, without that of the standard deviation."""


@dataclass(frozen=True, slots=True, eq=False)
class ArmEffects:
    """Common effects estimated from correlated ones by generalised least squares.

    Parameters
    ----------
    labels : tuple of str
        What each effect is of.
    estimates : ndarray, shape (p,)
        On the analysis scale.
    covariance : ndarray, shape (p, p)
    q : float
        Cochran's Q, generalised: residuals weighted by the inverse of their covariance.
    df : int
        Its degrees of freedom.
    """

    labels: tuple[str, ...]
    estimates: NDArray[np.float64]
    covariance: NDArray[np.float64]
    q: float
    df: int

    def to_frame(self) -> pd.DataFrame:
        """One row per effect: estimate, standard error and Wald's 95% confidence interval, on the analysis scale."""
        import pandas as pd

        se = np.sqrt(np.diag(self.covariance))
        columns = {"effect": self.labels, "estimate": self.estimates, "se": se}
        return pd.DataFrame(
            {**columns, "lower": self.estimates - Z_95 * se, "upper": self.estimates + Z_95 * se}
        )


@dataclass(frozen=True, slots=True, eq=False)
class SharedArms:
    """Effects of which some share a control arm, with the covariance that follows.

    Parameters
    ----------
    measure : str
        Code of the measure.
    studies : tuple of str, length k
        The study of each effect.
    yi : ndarray, shape (k,)
        Effects on the analysis scale.
    covariance : ndarray, shape (k, k)
        Sampling covariance: variances on the diagonal, 0 between studies.
    """

    measure: str
    studies: tuple[str, ...]
    yi: NDArray[np.float64]
    covariance: NDArray[np.float64]

    def to_frame(self) -> pd.DataFrame:
        """One row per effect: study, yi, vi, and its covariances with every effect (``cov_1`` to ``cov_k``)."""
        import pandas as pd

        frame = pd.DataFrame({"study": self.studies, "yi": self.yi, "vi": np.diag(self.covariance)})
        columns = {f"cov_{j}": column for j, column in enumerate(self.covariance.T, start=1)}
        return frame.assign(**columns)

    def common_effects(self, by: Sequence[object] | None = None) -> ArmEffects:
        """Estimate one common effect, or one for each label, by generalised least squares.

        Parameters
        ----------
        by : sequence of length k, optional
            What each effect is of, such as its treatment; without it all share one effect.

        Returns
        -------
        ArmEffects
            Effects in the sorted order of their labels. No heterogeneity between studies is allowed for.

        Raises
        ------
        ArgumentError
            If `by` does not have one label for each effect.
        """
        labels = [str(label) for label in by] if by is not None else [self.measure] * len(self.yi)
        if len(labels) != len(self.yi):
            rule = f"Each of the {len(self.yi)} effects has a label"
            raise ArgumentError(
                Fault(f"by has {len(labels)} labels", rule, "Give one for each row", key="by")
            )
        names = sorted(set(labels))
        design = np.array([[label == name for name in names] for label in labels], dtype=np.float64)
        weighted = np.linalg.solve(self.covariance, np.column_stack([design, self.yi]))
        covariance = np.linalg.inv(design.T @ weighted[:, :-1])
        estimates = covariance @ design.T @ weighted[:, -1]
        residuals = self.yi - design @ estimates
        q = float(residuals @ np.linalg.solve(self.covariance, residuals))
        return ArmEffects(tuple(names), estimates, covariance, q, len(labels) - len(names))


def shared_arms(
    studies: StudyTable | pd.DataFrame,
    measure: str = "RR",
    *,
    add: float | None = None,
    to: str = "only0",
    hedges: bool = True,
) -> SharedArms:
    """Effects with the covariance of those that share a control arm.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        One row per comparison, both arms side by side, as `mutau.effects` takes it, with a column ``study``. Rows of
        one study share their control arm, whose cells are then the same in each.
    measure : {"RR", "OR", "RD", "AS", "MD", "ROM", "IRR", "IRD", "SMD"}
    add, to : float, str
        Zero-cell rule; see `mutau.effects`. A study with several rows is corrected in all of them or in none.
    hedges : bool
        Whether an SMD is corrected for small samples (Hedges' J).

    Returns
    -------
    SharedArms

    Raises
    ------
    ArgumentError
        No formula for the measure, or wrong options.
    StudyDataError
        Wrong cells, no column ``study``, rows of one study with different control arms, or an effect or variance that
        does not exist: all at once where they can be told together.

    Notes
    -----
    Two effects that share a control arm have the control arm's part of the variance as covariance: of risk ratios
    ``1/c - 1/n``, of odds ratios ``1/c + 1/(n - c)``, of risk differences ``p (1 - p)/n``, of mean differences
    ``sd^2/n``. SMDs are standardised by the standard deviation pooled over all arms of the study; their covariance is
    ``1/n + g_i g_j/(2 N)`` and the variance ``1/n_i + 1/n + g_i^2/(2 N)``, N being all participants.

    References
    ----------
    Gleser LJ, Olkin I (2009). Stochastically dependent effect sizes. In: Cooper H, Hedges LV, Valentine JC (eds.),
    The Handbook of Research Synthesis and Meta-Analysis, 2nd ed., 357-376. Russell Sage Foundation.

    Examples
    --------
    Two treatments against one control of 40 events among 1000:

    >>> import pandas as pd
    >>> table = pd.DataFrame(
    ...     {"study": ["A", "A"], "ai": [100, 150], "n1i": [4000, 4000], "ci": [40, 40], "n2i": [1000, 1000]}
    ... )
    >>> shared_arms(table, "RD").covariance.round(8)
    array([[4.449e-05, 3.840e-05],
           [3.840e-05, 4.742e-05]])
    """
    frame, source = as_frame(studies)
    faults = option_faults(add, to, "metafor")
    if measure not in _COVARIANCES:
        rule = "The covariance of effects that share an arm has a formula for some measures"
        faults.append(
            Fault(f"measure={measure!r}", rule, nearest(str(measure), tuple(_COVARIANCES)), key="measure")
        )
        raise ArgumentError(faults)
    groups = rows_of_studies(frame, source)
    record, inputs = read_inputs(frame, measure, source=source, faults=faults)
    found = group_faults(inputs, groups, source)
    if found:
        raise StudyDataError(found)
    added = record.default_add if add is None else add
    cells, corrected = _corrected_cells(record, inputs, added, to)
    _require_one_correction(corrected, groups, source)
    yi, covariance = (
        _smd(cells, groups, hedges=hedges) if measure == "SMD" else _others(record, cells, groups)
    )
    if not (np.isfinite(covariance).all() and np.isfinite(yi).all() and (np.diag(covariance) > 0).all()):
        wrong = sorted(
            {inputs.labels[i] for i in np.flatnonzero(~(np.isfinite(yi) & (np.diag(covariance) > 0)))}
        )
        rule = "Every effect and its variance exist"
        what = f"no {measure} with a variance for {', '.join(wrong)}"
        raise StudyDataError(Fault(what, rule, "Use a zero-cell rule, or leave the study out", file=source))
    return SharedArms(measure, inputs.labels, yi, covariance)


def rows_of_studies(frame: pd.DataFrame, source: str | None) -> list[NDArray[np.intp]]:
    """List the rows of each study."""
    if "study" not in frame.columns:
        rule = "Rows of one study are told by its name"
        raise StudyDataError(Fault("no column study", rule, "Add the column", file=source))
    names = frame["study"].astype(str).to_numpy()
    return [np.flatnonzero(names == name) for name in dict.fromkeys(names)]


def group_faults(inputs: Inputs, groups: list[NDArray[np.intp]], source: str | None) -> list[Fault]:
    faults = [
        Fault("a ready-made effect", "A covariance needs the arms", "Give the arms", file=source, study=label)
        for label, ready in zip(inputs.labels, inputs.ready, strict=True)
        if ready
    ]
    for rows in groups:
        for name, column in inputs.columns.items():
            values = column[rows]
            if name.endswith("_control") and len(set(values[np.isfinite(values)])) > 1:
                rule = "Rows of one study share their control arm"
                remedy = "Correct the cells, or name the studies apart if the arms are different"
                what = f"{name} is {' and '.join(f'{value:g}' for value in dict.fromkeys(values))}"
                faults.append(
                    Fault(what, rule, remedy, file=source, study=inputs.labels[rows[0]], column=name)
                )
    return faults


def _corrected_cells(record: Measure, inputs: Inputs, add: float, to: str) -> tuple[Cells, NDArray[np.bool_]]:
    arrays = tuple(inputs.columns[name] for name in record.inputs)
    corrected = np.zeros(len(inputs.labels), dtype=np.bool_)
    if record.corrected:
        arrays, corrected, _ = corrected_inputs(arrays, record, add, to)
    return dict(zip(record.inputs, arrays, strict=True)), corrected


def _require_one_correction(
    corrected: NDArray[np.bool_], groups: list[NDArray[np.intp]], source: str | None
) -> None:
    partly = [rows for rows in groups if corrected[rows].any() and not corrected[rows].all()]
    if partly:
        rule = "A control arm that is shared has one correction in all rows"
        listed = ", ".join(str(int(rows[0]) + 1) for rows in partly)
        what = f"the zero-cell rule corrects some rows only of the studies that begin in rows {listed}"
        raise StudyDataError(Fault(what, rule, "Use to='all', 'if0all' or 'none'", file=source))


def _others(
    record: Measure, cells: Cells, groups: list[NDArray[np.intp]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    yi, vi = record.effect(*cells.values())
    with np.errstate(divide="ignore", invalid="ignore"):
        shared = _COVARIANCES[record.code](cells)
    covariance = np.zeros((len(yi), len(yi)))
    for rows in groups:
        covariance[np.ix_(rows, rows)] = shared[rows[0]]
    np.fill_diagonal(covariance, vi)
    return yi, covariance


def _smd(
    cells: Cells, groups: list[NDArray[np.intp]], *, hedges: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    k = len(cells["n_control"])
    yi, covariance = np.full(k, np.nan), np.zeros((k, k))
    for rows in groups:
        one = {name: column[rows] for name, column in cells.items()}
        n, n0 = one["n_treatment"], one["n_control"][0]
        total, df = n.sum() + n0, n.sum() + n0 - len(n) - 1
        squares = ((n - 1) * one["sd_treatment"] ** 2).sum() + (n0 - 1) * one["sd_control"][0] ** 2
        with np.errstate(divide="ignore", invalid="ignore"):
            difference = (one["mean_treatment"] - one["mean_control"]) / np.sqrt(squares / df)
        yi[rows] = difference * (hedges_correction(df) if hedges else 1.0)
        block = 1 / n0 + np.outer(yi[rows], yi[rows]) / (2 * total) + np.diag(1 / n)
        covariance[np.ix_(rows, rows)] = block
    return yi, covariance
