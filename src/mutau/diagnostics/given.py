"""What every diagnostic starts from: effects with their variances, and the counts behind them."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mutau.classic import TAU2_METHODS, inverse_variance
from mutau.diagnostics.about import About, about_table
from mutau.errors import ApproximationWarning, ArgumentError, DataWarning, Fault, StudyDataError, nearest
from mutau.measures import effects
from mutau.outcomes import OutcomeModel

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike

    from mutau.records import ClassicResult
    from mutau.studies import StudyTable

__all__ = ["FloatArray", "Given", "announce", "given_effects", "pooled_without"]

type FloatArray = NDArray[np.float64]

_COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")


@dataclass(frozen=True, slots=True)
class Given:
    """Effects on the analysis scale, and what is known of the arms.

    Parameters
    ----------
    yi, vi : ndarray, shape (k,)
        Effects and sampling variances.
    labels : tuple of str
        Names of the studies.
    about : About
        What they are of: measure, outcome, arms, provenance.
    counts : tuple of ndarray or None
        Events and participants, treatment first, uncorrected; None without counts.
    sizes : ndarray or None
        Participants of each study; None where not known.
    table : DataFrame or None
        The rows of the table they came from; None for ready-made arrays.
    left_out : tuple of str
        Studies without an effect, where those are left out.
    """

    yi: FloatArray
    vi: FloatArray
    labels: tuple[str, ...]
    about: About = field(default=About())
    counts: tuple[FloatArray, ...] | None = None
    sizes: FloatArray | None = None
    table: pd.DataFrame | None = field(default=None, compare=False, repr=False)
    left_out: tuple[str, ...] = ()

    @property
    def measure(self) -> str:
        """Code of the measure."""
        return self.about.measure

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.yi)


def given_effects(
    studies: StudyTable | pd.DataFrame | None,
    *,
    yi: ArrayLike | None = None,
    vi: ArrayLike | None = None,
    sei: ArrayLike | None = None,
    measure: str | OutcomeModel | None = None,
    labels: Sequence[str] | None = None,
    sizes: ArrayLike | None = None,
    least: int = 1,
    tau2: str = "REML",
    leave_out: bool = False,
) -> Given:
    """Read the effects of a table, or ready-made ones, and check them.

    Parameters
    ----------
    studies : StudyTable or DataFrame, optional
        As `mutau.effects` takes it; either this, or `yi` with `vi` or `sei`.
    yi, vi, sei : array_like, shape (k,), optional
        Ready-made effects with variances or standard errors, on the analysis scale.
    measure : str or OutcomeModel, optional
        Measure of `studies`; a model also selects its studies.
    labels : sequence of str, optional
        Names of ready-made effects.
    sizes : array_like, shape (k,), optional
        Participants of ready-made effects.
    least : int
        How many studies are needed.
    tau2 : str
        Estimator that will be asked for, checked here.
    leave_out : bool
        Whether studies of a table without an effect are left out, not refused.

    Raises
    ------
    ArgumentError
        Wrong arguments, or too few studies.
    StudyDataError
        A study without an effect.
    """
    arrays = [name for name, value in (("yi", yi), ("vi", vi), ("sei", sei)) if value is not None]
    faults = []
    if tau2 not in TAU2_METHODS:
        faults.append(
            Fault(f"tau2={tau2!r}", "tau2 is estimated by", nearest(str(tau2), TAU2_METHODS), key="tau2")
        )
    if (studies is None) == (not arrays) or (
        studies is None and (yi is None or (vi is None) == (sei is None))
    ):
        came = ", ".join([*(["studies"] if studies is not None else []), *arrays]) or "nothing"
        rule = "This takes studies, or yi with either vi or sei"
        faults.append(Fault(f"{came} given", rule, "Give one of the two", key="yi"))
    if faults:
        raise ArgumentError(faults)
    given = (
        _from_table(studies, measure, leave_out)
        if studies is not None
        else _from_arrays(yi, vi, sei, measure, labels, sizes)
    )
    if given.k < least:
        rule = f"This needs at least {least} studies"
        raise ArgumentError(
            Fault(
                f"{given.k} {'study' if given.k == 1 else 'studies'}",
                rule,
                "Leave it out, and say so",
                key="studies",
            )
        )
    return given


def _from_arrays(
    yi: ArrayLike | None,
    vi: ArrayLike | None,
    sei: ArrayLike | None,
    measure: str | OutcomeModel | None,
    labels: Sequence[str] | None,
    sizes: ArrayLike | None,
) -> Given:
    y = np.asarray(yi, dtype=np.float64)
    v = np.asarray(vi, dtype=np.float64) if vi is not None else np.asarray(sei, dtype=np.float64) ** 2
    inverse_variance(y, v, tau2="CE")  # refuses what is no effect with a variance, in pooling's words
    code = measure.measure if isinstance(measure, OutcomeModel) else measure or "GEN"
    names = tuple(map(str, labels)) if labels is not None else tuple(f"study {i + 1}" for i in range(len(y)))
    n = None if sizes is None else np.asarray(sizes, dtype=np.float64)
    faults = [
        Fault(f"{length} {name} for {len(y)} effects", "Each effect has one", "Give one per study", key=name)
        for name, length in (("labels", len(names)), ("sizes", len(y) if n is None else n.size))
        if length != len(y)
    ]
    if n is not None and not (np.isfinite(n) & (n > 0)).all():
        rule = "A study has participants, a finite number above 0"
        faults.append(Fault(f"sizes={n.tolist()}", rule, "Correct it", key="sizes"))
    if faults:
        raise ArgumentError(faults)
    return Given(y, v, names, About(code), sizes=n)


def _from_table(
    studies: StudyTable | pd.DataFrame, measure: str | OutcomeModel | None, leave_out: bool
) -> Given:
    if isinstance(measure, OutcomeModel):
        from mutau.fitting import prepare

        table, code = prepare(studies, measure)[1], measure.measure
    else:
        ready = "yi" in getattr(studies, "columns", ()) or len(getattr(studies, "estimates", ())) > 0
        if measure is None and not ready:
            rule = "A table of arms can be pooled on several measures"
            raise ArgumentError(
                Fault("no measure", rule, "Say which: measure='RR', for instance", key="measure")
            )
        code = measure or "GEN"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DataWarning)
            table = effects(studies, code)
    labels = tuple(str(name) for name in (table["study"] if "study" in table.columns else table.index))
    left_out: tuple[str, ...] = ()
    if leave_out:
        defined = (np.isfinite(table["yi"]) & np.isfinite(table["vi"])).to_numpy()
        left_out = tuple(name for name, known in zip(labels, defined, strict=True) if not known)
        labels = tuple(name for name, known in zip(labels, defined, strict=True) if known)
        table = table[defined]
    y, v = table["yi"].to_numpy(np.float64), table["vi"].to_numpy(np.float64)
    undefined = np.flatnonzero(~(np.isfinite(y) & np.isfinite(v)))
    if len(undefined):
        raise StudyDataError(
            Fault(f"no {code}", str(table["note_effect"].iloc[i]), "Leave the study out", study=labels[i])
            for i in undefined
        )
    counts = _counts(table)
    sizes = None
    if counts is not None:
        sizes = counts[1] + counts[3]
    elif {"n_treatment", "n_control"} <= set(table.columns):
        n = (table["n_treatment"] + table["n_control"]).to_numpy(np.float64)
        sizes = n if np.isfinite(n).all() else None
    about = about_table(table, measure if isinstance(measure, OutcomeModel) else code)
    return Given(y, v, labels, about, counts, sizes, table, left_out)


def _counts(table: pd.DataFrame) -> tuple[FloatArray, ...] | None:
    """Give events and participants as they were counted, under mutau's or metafor's names."""
    if {"ai", "bi", "ci", "di"} <= set(table.columns):
        a, b, c, d = (table[name].to_numpy(np.float64) for name in ("ai", "bi", "ci", "di"))
        found = (a, a + b, c, c + d)
    else:
        names = _COUNTS if set(_COUNTS) <= set(table.columns) else ("ai", "n1i", "ci", "n2i")
        if not set(names) <= set(table.columns):
            return None
        found = tuple(table[name].to_numpy(np.float64) for name in names)  # type: ignore[assignment]
    return found if all(np.isfinite(column).all() for column in found) else None


def pooled_without(given: Given, i: int, *, tau2: str, ci: str = "wald", prob: float = 0.95) -> ClassicResult:
    """Pool all studies but one."""
    keep = np.arange(given.k) != i
    return inverse_variance(given.yi[keep], given.vi[keep], tau2=tau2, ci=ci, prob=prob)


def announce(notes: Iterable[str]) -> None:
    """Warn of what a method's authors say against using it here."""
    for note in notes:
        warnings.warn(note, ApproximationWarning, stacklevel=3)
