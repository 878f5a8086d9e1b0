"""From a table of studies to effects on the analysis scale."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau.errors import ArgumentError, DataWarning, Fault, nearest
from mutau.measures.binary import TO_RULES, correct_one_group, correct_zero_cells
from mutau.measures.cells import read_inputs
from mutau.measures.continuous import SMD_VARIANCES
from mutau.measures.rates import correct_zero_events
from mutau.measures.survival import with_log_hazard_ratios
from mutau.measures.variances import VARIANCES, vtype_faults

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mutau.measures.record import Measure
    from mutau.studies import StudyTable

__all__ = ["as_frame", "corrected_inputs", "effects", "option_faults", "zero_cell_notes"]


def effects(
    studies: StudyTable | pd.DataFrame,
    measure: str = "RR",
    *,
    add: float | None = None,
    to: str = "only0",
    smd_variance: str = "metafor",
    vtype: str = "",
    announce: bool = True,
) -> pd.DataFrame:
    """Compute each study's effect and its sampling variance, on the analysis scale.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        One row per study, both arms side by side. For RR, OR and RD: ``events_treatment n_treatment
        events_control n_control``, or metafor's ``ai bi ci di``, ``ai n1i ci n2i``. For MD and SMD:
        ``mean_treatment sd_treatment n_treatment mean_control sd_control n_control``, or ``m1i sd1i n1i m2i
        sd2i n2i``. For IRR: ``events_treatment time_treatment events_control time_control``. For HR and GEN, and
        for any row without such data: ready-made ``yi`` with ``sei`` or ``vi``, on the measure's analysis scale
        (log for ratios). For HR also ``hr hr_lower hr_upper`` (a 95% confidence interval), or ``o_minus_e v`` of the
        log-rank test. Where a row has both, its effect is computed from its arms.
    measure : str
        The effect measure, by metafor's code; one of `mutau.MEASURES`, whose records name the columns (``inputs``),
        metafor's letters for them, the scale and the source. Treatment comes first, as does
        what was measured after. ``"SMD1T"`` is SMD1 standardised by the treatment group.
    add, to : float, str
        Zero-cell rule of every measure from counts, in metafor's words: `add` goes to all cells (of rates: to the
        events) of the studies that `to` names: ``"only0"`` (default) those with a zero cell, ``"all"``, ``"if0all"``
        all if any has one, ``"none"``. Of IR and IRLN a zero is one without events. Left out, `add` is 0.5, and 0 for
        measures that exist with zero cells (AS, PHI, RTET, IRSD, PAS, PFT, IRS, IRFT).
    smd_variance : {"metafor", "RevMan"}
        Sampling variance of the SMD; see `standardised_mean_difference`.
    vtype : str
        Another sampling variance, by metafor's name: ``"UB"`` (unbiased), ``"AV"`` (of the mean over the studies),
        ``"HO"`` (common standard deviation) and others, where `mutau.measures.VARIANCES` has one for the measure.
        Left out, or ``"LS"``: the measure's own, which is metafor's default.
    announce : bool
        Whether to warn where the zero-cell rule added something. A likelihood of counts takes the counts as they are,
        and the effects are then for show.

    Returns
    -------
    DataFrame
        The rows and columns as given, index included, and ``yi``, ``vi``, ``sei``; ``corrected`` (bool:
        something was added to the study's cells); ``note_effect``: why an effect or its variance does not
        exist (then NaN), else empty. A StudyTable's ready-made effects follow its two-arm studies.

    Raises
    ------
    ArgumentError
        Unknown measure, `to`, `smd_variance` or `vtype`, or negative `add`: all at once.
    StudyDataError
        Missing columns, missing or impossible cells: every fault in the table at once.

    Warns
    -----
    DataWarning
        Where the zero-cell rule added something; names the studies.

    Notes
    -----
    A study without events in either arm is treated as metafor's ``escalc`` does by default: corrected, and
    its effect computed. Its RR or OR then reflects nothing but the sizes of its arms; the warning names such
    studies apart. Cochrane leaves them out of RR and OR, as `mutau.classic.mantel_haenszel` does.

    Counts need not be whole numbers.

    Examples
    --------
    >>> import pandas as pd
    >>> bcg = pd.DataFrame({"study": ["Aronson 1948"], "ai": [4], "bi": [119], "ci": [11], "di": [128]})
    >>> effects(bcg, measure="RR")[["study", "yi", "vi"]].round(4)
              study      yi      vi
    0  Aronson 1948 -0.8893  0.3256
    """
    frame, source = as_frame(studies)
    if measure == "HR":
        frame = with_log_hazard_ratios(frame, source)
    faults = [*option_faults(add, to, smd_variance), *vtype_faults(vtype, measure, smd_variance)]
    record, inputs = read_inputs(frame, measure, source=source, faults=faults)
    add = record.default_add if add is None else add
    yi, vi = inputs.yi.copy(), inputs.vi.copy()
    corrected = np.zeros(len(frame), dtype=np.bool_)
    computed = ~inputs.ready
    if computed.any() and not record.is_ready_made:
        arrays = tuple(inputs.columns[name][computed] for name in record.inputs)
        if record.corrected:
            arrays, corrected[computed], double_zero = corrected_inputs(arrays, record, add, to)
            if announce:
                labels = np.asarray(inputs.labels)[computed]
                _announce(corrected[computed], double_zero, labels, record, add, to)
        options = {"variance": smd_variance} if record.code == "SMD" else {}
        yi[computed], vi[computed] = record.effect(*arrays, **options)
        if (measure, vtype) in VARIANCES:
            vi[computed] = VARIANCES[measure, vtype](*arrays)
    return _with_effects(frame, yi, vi, corrected, record)


def corrected_inputs(
    arrays: tuple[NDArray[np.float64], ...], record: Measure, add: float, to: str
) -> tuple[tuple[NDArray[np.float64], ...], NDArray[np.bool_], NDArray[np.bool_]]:
    """Apply the zero-cell rule: the measure's inputs, where something was added, where no arm had an event."""
    if record.corrected == "arms":
        counts = correct_zero_cells(*arrays, add=add, to=to)
        return counts.counts, counts.corrected, counts.double_zero
    if record.corrected == "events" and len(arrays) == 4:
        a, t1, c, t2 = arrays
        a, c, corrected, double_zero = correct_zero_events(a, c, add=add, to=to)
        return (a, t1, c, t2), corrected, double_zero
    return correct_one_group(arrays, record.corrected, add=add, to=to)


def option_faults(add: float | None, to: str, smd_variance: str) -> list[Fault]:
    """List what is wrong with the options of `effects`."""
    faults = []
    if not (add is None or (isinstance(add, int | float | np.number) and math.isfinite(add) and add >= 0)):
        faults.append(
            Fault(f"add={add!r}", "What is added to cells is a number, 0 or more", "Use 0.5", key="add")
        )
    if to not in TO_RULES:
        faults.append(
            Fault(f"to={to!r}", "The rule is one of metafor's words", nearest(str(to), TO_RULES), key="to")
        )
    if smd_variance not in SMD_VARIANCES:
        remedy = nearest(str(smd_variance), SMD_VARIANCES)
        faults.append(
            Fault(f"smd_variance={smd_variance!r}", "The variance is named", remedy, key="smd_variance")
        )
    return faults


def as_frame(studies: Any) -> tuple[pd.DataFrame, str | None]:
    """One row per study, whatever came in, and the name of the file it came from."""
    if not hasattr(studies, "wide"):
        if not hasattr(studies, "columns"):
            given = type(studies).__name__
            rule = "Studies are a StudyTable or a wide DataFrame"
            raise ArgumentError(
                Fault(f"studies of type {given}", rule, "Use mutau.read_studies", key="studies")
            )
        return studies, None
    import pandas as pd

    parts = [part for part in (studies.wide(), studies.estimates) if len(part)]
    source = str(getattr(studies, "source", "")) or None
    if len(parts) < 2:
        return (parts[0] if parts else studies.estimates), source
    return pd.concat([part.dropna(axis="columns", how="all") for part in parts], ignore_index=True), source


def zero_cell_notes(
    corrected: NDArray[np.bool_],
    double_zero: NDArray[np.bool_],
    labels: NDArray[Any],
    add: float,
    to: str,
    cells: str = "all four cells",
) -> list[str]:
    """Say in words which studies were corrected, and which of them had no (or only) events in both arms."""
    notes = []
    if corrected.any():
        names = ", ".join(map(str, labels[corrected]))
        notes.append(f"{add:g} was added to {cells} of {names} (to={to!r})")
    if (double_zero & corrected).any():
        names = ", ".join(map(str, labels[double_zero & corrected]))
        notes.append(
            f"{names} had no events, or nothing but events, in both arms: a ratio there reflects the "
            "correction and the arm sizes only"
        )
    return notes


def _announce(
    corrected: NDArray[np.bool_],
    double_zero: NDArray[np.bool_],
    labels: NDArray[Any],
    record: Measure,
    add: float,
    to: str,
) -> None:
    notes = zero_cell_notes(corrected, double_zero, labels, add, to, record.corrected_cells)
    if notes:
        warnings.warn(f"{record.code}: " + ". ".join(notes), DataWarning, stacklevel=3)


def _with_effects(
    frame: pd.DataFrame,
    yi: NDArray[np.float64],
    vi: NDArray[np.float64],
    corrected: NDArray[np.bool_],
    record: Measure,
) -> pd.DataFrame:
    """Append the results, turning what cannot be used into NaN with its reason."""
    reasons = np.full(len(frame), "", dtype=object)
    reasons[~np.isfinite(yi)] = _reason_undefined(record)
    no_variance = np.isfinite(yi) & ~(vi > 0)
    reasons[no_variance] = (
        "the sampling variance is 0 (both arms without events, or with nothing but events): inverse-variance "
        "weights do not exist; a zero-cell correction or the binomial likelihood would give one"
        if record.corrected == "arms"
        else f"the sampling variance of {record.code} is 0 or does not exist: inverse-variance weights do not either"
    )
    usable = np.where(no_variance, np.nan, vi)
    return frame.assign(yi=yi, vi=usable, sei=np.sqrt(usable), corrected=corrected, note_effect=reasons)


def _reason_undefined(record: Measure) -> str:
    if record.code == "SMD":
        return "an SMD needs at least 4 participants in all: below that Hedges' correction does not exist"
    if record.corrected and record.is_ratio and record.design == "two groups":
        return (
            f"a log {record.name} does not exist with a zero cell and no correction; use to='only0', or the "
            "binomial likelihood"
        )
    if record.corrected:
        return f"{record.code} does not exist with this zero cell and no correction; use to='only0'"
    return f"{record.code} does not exist for these numbers: {record.undefined}"
