"""The modelling choices of a multiverse: each says how it changes the model or the studies."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau.errors import ArgumentError, Fault, InputError, StudyDataError, nearest
from mutau.likelihoods import LIKELIHOODS
from mutau.outcomes import ZeroCells
from mutau.studies import StudyTable
from mutau.studies.reading import raw_from_csv, read_bytes

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel

__all__ = [
    "LEAVE_ONE_OUT",
    "LIKELIHOOD",
    "Choice",
    "data_set_choices",
    "default_choices",
    "exclusion_choices",
    "stated_choices",
    "unhalved_choices",
]

LIKELIHOOD = "likelihood"
LEAVE_ONE_OUT = "leave one study out"

_T_DF = 4.0
_MEASURES = {"RR": ("OR", "RD"), "OR": ("RR", "RD"), "RD": ("RR", "OR"), "SMD": ("MD",), "MD": ("SMD",)}
_COUNTS = ("events_treatment", "n_treatment", "events_control", "n_control")
_HALF_IN_ALL = ZeroCells(0.5, "all")
_TENTH = ZeroCells(0.1, "only0")


@dataclass(frozen=True, slots=True)
class Choice:
    """One other way to analyse the same question.

    Parameters
    ----------
    dimension : str
        What is chosen: ``"likelihood"``, ``"measure"``, ...; options of one dimension exclude each other.
    option : str
        What is chosen of it.
    changes : mapping
        Fields of the outcome model with their other values.
    studies : callable, optional
        From the fit's studies to the other ones.
    reason : str
        Why the choice cannot be made for this fit, where that is known beforehand: it is then listed, not fitted.
    """

    dimension: str
    option: str
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    studies: Callable[[StudyTable], StudyTable] | None = None
    reason: str = ""

    @property
    def label(self) -> str:
        """Dimension and option in one."""
        return f"{self.dimension}: {self.option}"


def default_choices(fit: Fit, exclude: Iterable[str] | None = None) -> tuple[Choice, ...]:
    """List the choices that a reader of this fit would ask about.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    exclude : iterable of str, optional
        Columns of the studies table by whose values studies are left out in turn; those of the model if left out.

    Returns
    -------
    tuple of Choice
        Another likelihood of the same counts; another rule for zero cells (which only the normal likelihood has);
        another distribution of the random effects, t with 4 degrees of freedom against normal; half and double the
        SD of the baselines' prior; another effect measure, under its own default priors; the studies without those
        of one value of a column; each study left out. Before these, what the model states of admissible data sets
        and halved arms: see `stated_choices`.

    Notes
    -----
    A prior that was published or stated for one measure is not used for another, so a change of measure is a change
    of the priors too, to that measure's defaults.
    """
    exclude = fit.model.sensitivity.exclude if exclude is None else exclude
    return (
        *stated_choices(fit.model, fit.studies, fit.effects),
        *_likelihoods(fit),
        *_zero_cells(fit),
        *_random_effects(fit),
        *_baselines(fit),
        *_measures(fit),
        *(choice for column in exclude for choice in exclusion_choices(fit, column)),
        *_leave_one_out(fit),
    )


def stated_choices(model: OutcomeModel, studies: StudyTable, effects: pd.DataFrame) -> tuple[Choice, ...]:
    """List the other ways to analyse that a model states of its own studies, before or after it is fitted.

    Parameters
    ----------
    model : OutcomeModel
        Its ``sensitivity`` is read.
    studies : StudyTable
        The studies that it selects.
    effects : DataFrame
        Their effects, as `mutau.effects` gives them.

    Returns
    -------
    tuple of Choice
        Every admissible data set (`data_set_choices`), every halved arm taken whole (`unhalved_choices`).

    Raises
    ------
    InputError
        With every fault: of the table of data sets, or of an arm that cannot be doubled.
    """
    stated = model.sensitivity
    found: list[Choice] = []
    faults: list[Fault] = []
    if stated.data_sets is not None:
        try:
            sets = _data_sets(model, studies, stated.data_sets, "set")
            for each in sets:
                each.studies(studies)  # type: ignore[misc]  # so that a faulty set is heard of now
            found += sets
        except InputError as error:
            faults += (
                replace(fault, key="sensitivity.data_sets", model=model.name) for fault in error.faults
            )
    for place, arm in enumerate(stated.halved, start=1):
        key = f"sensitivity.halved[{place}]"
        try:
            found += _unhalved(effects, arm.study, arm.arm)
        except InputError as error:
            faults += (replace(fault, key=key, model=model.name) for fault in error.faults)
    if faults:
        raise InputError(faults)
    return tuple(found)


def _has_counts(effects: pd.DataFrame) -> bool:
    if not set(_COUNTS) <= set(effects):
        return False
    counts = effects[list(_COUNTS)].astype(float)
    return bool(counts.notna().all(axis=None)) and bool((counts == counts.round()).all(axis=None))


def _likelihoods(fit: Fit) -> list[Choice]:
    model = fit.model
    counts = model.measure == "IRR" or _has_counts(fit.effects)
    suited = [
        name
        for name, record in LIKELIHOODS.items()
        if name != model.likelihood
        and (not record.of_counts or (counts and model.measure in record.measures))
    ]
    return [Choice(LIKELIHOOD, name, {"likelihood": name}) for name in suited]


def _zero_cells(fit: Fit) -> list[Choice]:
    """Other corrections, under the normal likelihood: the others take counts as they are."""
    if fit.model.measure not in _MEASURES or not _has_counts(fit.effects):
        return []
    options = [("0.5 added in every study", _HALF_IN_ALL)]
    if fit.effects["corrected"].astype(bool).any():
        options.append(("0.1 added where a cell is empty", _TENTH))
    return [
        Choice("zero cells", f"{words}, normal likelihood", {"likelihood": "normal", "zero_cells": rule})
        for words, rule in options
        if rule != fit.model.zero_cells or fit.model.of_counts
    ]


def _random_effects(fit: Fit) -> list[Choice]:
    if fit.model.tau_prior.is_point and fit.model.tau_prior.support[0] == 0:
        return []  # common effect: there is nothing to distribute
    if math.isinf(fit.model.effects_df):
        return [Choice("random effects", f"t with {_T_DF:g} degrees of freedom", {"effects_df": _T_DF})]
    return [Choice("random effects", "normal", {"effects_df": math.inf})]


def _baselines(fit: Fit) -> list[Choice]:
    if not LIKELIHOODS[fit.model.likelihood].has_baseline:
        return []
    sds = (factor * fit.model.baseline_sd for factor in (0.5, 2.0))
    return [Choice("baseline prior", f"baseline SD {sd:g}", {"baseline_sd": sd}) for sd in sds]


def _measures(fit: Fit) -> list[Choice]:
    model, found = fit.model, []
    if model.measure in ("RR", "OR", "RD") and not _has_counts(fit.effects):
        return []
    for code in _MEASURES.get(model.measure, ()):
        changes: dict[str, Any] = {"measure": code, "mu_prior": None, "tau_prior": None}
        if model.likelihood == "hypergeometric":
            changes["likelihood"] = "binomial"
        reason = ""
        if code == "MD" and model.reference_sd is None:
            reason = "the default priors of a mean difference need a reference SD, and the model states none"
        found.append(Choice("measure", f"{code}, its default priors", changes, reason=reason))
    return found


def exclusion_choices(fit: Fit, column: str) -> tuple[Choice, ...]:
    """Leave out the studies of each value of a column in turn.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    column : str
        Of the studies table: ``"provenance"``, ``"risk_of_bias"``, ...

    Returns
    -------
    tuple of Choice
        One for each value; one with a reason where the table lacks the column or all studies have the same value.
    """
    dimension = f"without studies by {column}"
    if column not in fit.effects:
        return (Choice(dimension, column, reason=f"the studies table has no column '{column}'"),)
    values = list(dict.fromkeys(fit.effects[column].dropna().astype(str)))
    if len(values) == 1 and fit.effects[column].notna().all():
        return (Choice(dimension, f"without {values[0]}", reason="every study has this value"),)
    return tuple(
        Choice(
            dimension,
            f"without {value}",
            studies=lambda table, value=value: table.without(**{column: value}),  # type: ignore[misc]
        )
        for value in values
    )


def _leave_one_out(fit: Fit) -> list[Choice]:
    names = list(fit.effects["study"].astype(str))
    if len(names) == 1:
        return [Choice(LEAVE_ONE_OUT, f"without {names[0]}", reason="it is the only study")]
    return [
        Choice(
            LEAVE_ONE_OUT,
            f"without {name}",
            studies=lambda table, name=name: table.without(study=name),  # type: ignore[misc]
        )
        for name in names
    ]


def data_set_choices(
    fit: Fit, sets: str | os.PathLike[str] | pd.DataFrame, by: str = "set"
) -> tuple[Choice, ...]:
    """Put every data set that is admissible in the place of the one that was fitted.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.
    sets : path-like or DataFrame
        A table of studies in any shape that `mutau.read_studies` knows, with one more column that says which set a
        row belongs to. Of its other columns those that the model selects by are read, the rest is carried along.
    by : str
        That column.

    Returns
    -------
    tuple of Choice
        One for each set, in the order of the table. Without a column ``provenance`` the sets have that of the fit's
        studies.

    Raises
    ------
    InputError
        The file cannot be read; there is no such column, or no row of the outcome.

    Examples
    --------
    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> studies = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> fit = mutau.fit(studies, mutau.load_model(shipped_path("models", "avoidant.toml")), engine="exact", seed=1)
    >>> choices = data_set_choices(fit, shipped_path("data", "pip", "admissible_attachment.csv"))
    >>> len(choices), choices[0].label
    (17, 'data set: set 1')
    """
    return _data_sets(fit.model, fit.studies, sets, by)


def _data_sets(
    model: OutcomeModel, studies: StudyTable, sets: str | os.PathLike[str] | pd.DataFrame, by: str
) -> tuple[Choice, ...]:
    if isinstance(sets, pd.DataFrame):
        frame, source = sets, "data sets"
    else:
        source = os.fspath(sets)
        raw = raw_from_csv(read_bytes(sets), source)
        if raw.faults:
            raise StudyDataError(raw.faults)
        frame = pd.DataFrame([row.cells for row in raw.rows], columns=list(raw.header))
    if by not in frame:
        rule = "A column says which set a row belongs to"
        raise ArgumentError(
            Fault(f"there is no column {by!r}", rule, nearest(by, tuple(map(str, frame))), file=source)
        )
    for column, value in model.where.items():
        if column in frame:
            frame = frame[frame[column].astype(str) == str(value)]
    if frame.empty:
        rule = "The data sets hold rows of the outcome that the model selects"
        raise ArgumentError(Fault("no row is left", rule, "Check the columns of `where`", file=source))
    if "provenance" not in frame:
        frame = frame.assign(provenance="; ".join(studies.provenance))
    return tuple(
        Choice("data set", f"{by} {name}", studies=_instead(rows.drop(columns=by), f"{source}, {by} {name}"))
        for name, rows in frame.groupby(by, sort=False)
    )


def _instead(rows: pd.DataFrame, source: str) -> Callable[[StudyTable], StudyTable]:
    """Give these studies, whatever there were before."""

    def studies(_: StudyTable) -> StudyTable:
        return StudyTable.from_frame(rows, source)

    return studies


def unhalved_choices(fit: Fit, study: str, arm: str = "treatment") -> tuple[Choice, Choice]:
    """Undo the halving of an arm that a review shared between two comparisons.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model of counts.
    study : str
        The study.
    arm : {"treatment", "control"}
        The arm that was entered at half its size.

    Returns
    -------
    tuple of Choice
        The arm at twice its size with 2x and with 2x + 1 events, both of which halve to the x that was entered if
        halves were rounded down.

    Raises
    ------
    ArgumentError
        The study or its counts are not there.
    """
    return _unhalved(fit.effects, study, arm)


def _unhalved(effects: pd.DataFrame, study: str, arm: str) -> tuple[Choice, Choice]:
    names = tuple(effects["study"].astype(str))
    faults = []
    if study not in names:
        faults.append(Fault(f"study = {study!r}", "It is a study of the outcome", nearest(study, names)))
    if arm not in ("treatment", "control"):
        faults.append(Fault(f"arm = {arm!r}", "An arm is treatment or control", "Give one of these"))
    if not _has_counts(effects):
        faults.append(Fault("no counts", "Halving is undone in counts", "Leave this choice out"))
    if faults:
        raise ArgumentError(faults)
    row = effects.iloc[names.index(study)]
    events, n = int(row[f"events_{arm}"]), int(row[f"n_{arm}"])
    first, second = (
        Choice(
            "halved arm",
            f"{study}, {arm}: {2 * events + odd} of {2 * n}",
            studies=_doubled(study, arm, odd),
        )
        for odd in (0, 1)
    )
    return first, second


def _doubled(study: str, arm: str, odd: int) -> Callable[[StudyTable], StudyTable]:
    """Double an arm's participants and events, and add the event that rounding may have lost."""

    def studies(table: StudyTable) -> StudyTable:
        wide = table.wide().drop(columns="row")
        own = wide["study"].astype(str) == study
        events, n = f"events_{arm}", f"n_{arm}"
        wide[events] = np.where(own, 2 * wide[events] + odd, wide[events])
        wide[n] = np.where(own, 2 * wide[n], wide[n])
        return StudyTable.from_frame(wide, f"{table.source}, {study} not halved")

    return studies
