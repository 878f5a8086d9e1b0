"""The canonical table of studies: one row per study and arm, and one per ready-made estimate. Frozen."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import Self

import pandas as pd

from mutau.errors import Fault, StudyDataError
from mutau.shown import Shown
from mutau.studies.build import Frames, build
from mutau.studies.columns import OWN_COLUMNS
from mutau.studies.reading import RawTable, raw_from_csv, raw_from_frame, read_bytes
from mutau.studies.selecting import matching_contrasts, repeated_studies
from mutau.studies.views import wide_view

__all__ = ["StudyTable", "read_studies"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class StudyTable(Shown):
    """Studies as they enter an analysis: checked, and frozen.

    Made by `read_studies` from a file or by `StudyTable.from_frame` from a DataFrame, never by hand. Two
    tables are equal when they hold the same studies in the same order, wherever they were read from.

    Parameters
    ----------
    source : str
        The file's name as it was given, or the name given to `from_frame`.
    sha256 : str
        Of the file's bytes; of a table that came from a DataFrame, of its content written as CSV. A selection
        keeps that of the whole, because that is what can be compared with a file.
    notes : tuple of str
        What a reader must know about the reading: rows whose provenance is not stated, characters that were read as
        meant, numbers that look like a slip of a known kind.

    Examples
    --------
    >>> import pandas as pd
    >>> crib = pd.DataFrame(
    ...     {"study": ["Cicchetti 1999a", "Cicchetti 2006b"], "ai": [31, 8], "n1i": [46, 14],
    ...      "ci": [9, 1], "n2i": [54, 54]})
    >>> table = StudyTable.from_frame(crib)
    >>> table
    <StudyTable 'table': 2 studies, 4 arms; provenance: not stated>
    >>> table.arms[["study", "arm", "events", "n"]]
                 study        arm  events     n
    0  Cicchetti 1999a  treatment    31.0  46.0
    1  Cicchetti 1999a    control     9.0  54.0
    2  Cicchetti 2006b  treatment     8.0  14.0
    3  Cicchetti 2006b    control     1.0  54.0
    """

    _frames: Frames
    source: str
    sha256: str
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, source: str = "table") -> Self:
        """Read studies from a DataFrame of any of the shapes and names that `read_studies` knows.

        Parameters
        ----------
        frame : DataFrame
            One row per study (wide, or estimates) or per study and arm (long). The index is not read.
        source : str
            What messages call it.

        Returns
        -------
        StudyTable
            Its ``row`` counts the rows of `frame` from 1.

        Raises
        ------
        StudyDataError
            With every fault found.
        """
        return cls._from_raw(raw_from_frame(frame, source))

    @classmethod
    def _from_raw(cls, raw: RawTable) -> Self:
        frames, notes = build(raw)
        return cls(frames, raw.source, raw.sha256 or _digest(frames), notes)

    @property
    def arms(self) -> pd.DataFrame:
        """One row per study and arm (a copy).

        Columns comparison, outcome, timepoint, study, arm ("treatment" or "control"), treatment (what the
        arm was given), events, n, mean, sd, person_time (float, NaN where not given), provenance, note, then
        what the table brought along, then ``contrast`` (which two rows stand side by side) and ``row`` (line
        in the file). An arm that a trial shares between two contrasts stands once in each.
        """
        return self._frames.arms.copy()

    @property
    def estimates(self) -> pd.DataFrame:
        """One row per ready-made effect (a copy).

        Columns comparison, outcome, timepoint, study, yi and sei (analysis scale: log for ratios; NaN of samples,
        whose numbers follow), provenance, note, then what the table brought along, then ``contrast`` and ``row``.
        """
        return self._frames.estimates.copy()

    @property
    def study_names(self) -> tuple[str, ...]:
        """The studies' names, each once, in the order of the file."""
        both = pd.concat([frame[["row", "study"]] for frame in self._frames.both])
        return tuple(dict.fromkeys(str(name) for name in both.sort_values("row", kind="stable")["study"]))

    @property
    def k(self) -> int:
        """Number of studies. A trial with several contrasts counts once."""
        return len(self.study_names)

    @property
    def provenance(self) -> tuple[str, ...]:
        """The distinct words on where the numbers come from, in the order of the file."""
        both = pd.concat([frame[["row", "provenance"]] for frame in self._frames.both])
        return tuple(
            dict.fromkeys(str(words) for words in both.sort_values("row", kind="stable")["provenance"])
        )

    def wide(self) -> pd.DataFrame:
        """Both arms of a contrast in one row, as most reviews tabulate them.

        Returns
        -------
        DataFrame
            One row per contrast: comparison, outcome, timepoint, study, arm_treatment, arm_control,
            events_treatment, n_treatment, events_control, n_control, mean_treatment, sd_treatment,
            mean_control, sd_control, time_treatment, time_control, provenance, note, what the table brought
            along (arm by arm with ``_treatment`` and ``_control`` where the arms differ), and row. Where the
            provenance or notes of the two arms differ both are given. Ready-made effects are in `estimates`.

        Examples
        --------
        >>> from mutau.shipped import shipped_path
        >>> table = read_studies(shipped_path("data", "pip", "studies.csv"))
        >>> secure = table.select(outcome="Infant attachment: secure").wide()
        >>> secure[["study", "events_treatment", "n_treatment", "events_control", "n_control"]]
                     study  events_treatment  n_treatment  events_control  n_control
        0  Cicchetti 1999a              31.0         46.0             9.0       54.0
        1  Cicchetti 2006b               8.0         14.0             1.0       54.0
        """
        return wide_view(self._frames.arms, self._frames.arm_extras)

    def select(self, **filters: object) -> Self:
        """Keep the contrasts and estimates whose cells equal what is asked for.

        Parameters
        ----------
        **filters
            Column and value. Any column of `wide` or `estimates` (so what a reviewer sees in a wide CSV, such
            as ``arm_control="routine primary care"``), or of `arms` (then one of the two arms has to match).
            Text is compared exactly, numbers as numbers.

        Returns
        -------
        StudyTable
            With the same `source` and `sha256`; ``row`` and ``contrast`` keep their numbers.

        Raises
        ------
        StudyDataError
            An unknown column, a value that does not occur, or nothing left; it lists what exists, the nearest
            first.

        Examples
        --------
        >>> from mutau.shipped import shipped_path
        >>> table = read_studies(shipped_path("data", "pip", "studies.csv"))
        >>> table.select(arm_control="routine primary care").study_names
        ('Cooper 2003',)
        """
        kept = matching_contrasts(self._frames, filters, self.source)
        return type(self)(self._frames.only(kept), self.source, self.sha256, self.notes)

    def without(self, **filters: object) -> Self:
        """Leave out the contrasts and estimates that `select` would keep.

        Parameters
        ----------
        **filters
            Column and value, as for `select`; what has all of the values is left out.

        Returns
        -------
        StudyTable
            The others, with the same `source` and `sha256`.

        Raises
        ------
        StudyDataError
            An unknown column, a value that does not occur, or nothing left.

        Examples
        --------
        >>> from mutau.shipped import shipped_path
        >>> table = read_studies(shipped_path("data", "pip", "studies.csv"))
        >>> table.without(study="Cooper 2003").study_names
        ('Cicchetti 1999a', 'Cicchetti 2006b')
        """
        dropped = set(matching_contrasts(self._frames, filters, self.source))
        kept = sorted({int(c) for frame in self._frames.both for c in frame["contrast"]} - dropped)
        if not kept:
            named = ", ".join(f"{column} = '{value}'" for column, value in filters.items())
            rule = "A table of studies has at least one study"
            raise StudyDataError(
                Fault(f"every row has {named}", rule, "Leave out fewer of them", file=self.source)
            )
        return type(self)(self._frames.only(kept), self.source, self.sha256, self.notes)

    def require_unique_studies(self) -> None:
        """Refuse a table in which a study stands more than once: one model, one row of each study.

        Raises
        ------
        StudyDataError
            Naming the rows, and the column that tells them apart.
        """
        faults = repeated_studies(self._frames, self.source)
        if faults:
            raise StudyDataError(faults)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StudyTable):
            return NotImplemented
        return all(
            _content(mine).equals(_content(theirs))
            for mine, theirs in zip(self._frames.both, other._frames.both, strict=True)
        )

    def __hash__(self) -> int:
        return hash((self.study_names, self.provenance))

    def __repr__(self) -> str:
        counts = [f"{self.k} {'study' if self.k == 1 else 'studies'}"]
        counts += [f"{len(self._frames.arms)} arms"] if len(self._frames.arms) else []
        ready = int(self._frames.estimates["yi"].notna().sum())
        counts += [f"{ready} estimates"] if ready else []
        return f"<StudyTable '{self.source}': {', '.join(counts)}; provenance: {'; '.join(self.provenance)}>"


def read_studies(path: str | os.PathLike[str]) -> StudyTable:
    """Read a table of studies from a CSV file, check every row, and freeze it.

    Parameters
    ----------
    path : path-like
        A CSV file in UTF-8 (with or without a byte-order mark) with commas and decimal points. Its shape is
        told from its header: wide (a row per study: ``study, events_treatment, n_treatment, events_control,
        n_control`` and/or ``mean_treatment, sd_treatment, ...``), long (a row per study and arm: ``study,
        arm, events, n, mean, sd``), estimates (``study, yi`` with ``sei`` or ``vi``) or samples without two arms: one
        group (``study, events, n``; ``study, mean, sd, n``; ``study, events, person_time``), correlations (``study,
        r, n``; ``study, t, n, predictors``), changes (``study, mean_after, sd_after, mean_before, sd_before, r, n``),
        matched pairs (``study, pairs_both, pairs_treatment_only, pairs_control_only, pairs_neither``), hazard ratios
        (``study, hr, hr_lower, hr_upper``; ``study, o_minus_e, v``). metafor's names
        (``ai n1i ci n2i``, ``m1i sd1i``, ``yi vi``, ``xi ni``, ``mi sdi ni``, ``ri ni``), RevMan's (``Experimental
        cases``, ``Control N``, ``GIV Mean``) and those of R's meta (``event.e``) are known; ``bi`` and ``di`` may
        stand for the participants without the event.

    Returns
    -------
    StudyTable
        Columns that mutau does not know are carried along.

    Raises
    ------
    StudyDataError
        Carrying every fault found, each with file, row (line as an editor counts it), study, column, the rule
        and the remedy.

    Notes
    -----
    A table without a column ``provenance`` is read with ``"not stated"`` in every row, which then shows in
    every table and page; ``StudyTable.notes`` says so. Empty, ``NA``, ``N/A`` and ``NaN`` are missing
    numbers; blank lines are passed over. Digits of any script, the several minus signs, a raised decimal point and
    invisible blanks around a number are read as what they mean, and `StudyTable.notes` says so; so it does of
    standard deviations that may be standard errors or variances, and of person-time that may be in another unit.
    What only looks like a known name or number is refused with the character named. A table has at most 1000
    columns. A trial with several control arms may stand in several rows when
    the names of the arms differ; a model then has to select one of them.

    Examples
    --------
    >>> from mutau.shipped import shipped_path
    >>> read_studies(shipped_path("data", "bcg", "bcg.csv")).k
    13
    """
    source = os.fspath(path)
    return StudyTable._from_raw(raw_from_csv(read_bytes(path), str(source)))


def _content(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.drop(columns=list(OWN_COLUMNS)).reset_index(drop=True)


def _digest(frames: Frames) -> str:
    text = "\n".join(_content(frame).to_csv(index=False) for frame in frames.both)
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
