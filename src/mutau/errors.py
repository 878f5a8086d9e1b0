"""Everything mutau raises or warns, as one tree.

::

    MutauError                      anything mutau refuses to do
    ├── InputError (ValueError)     what was given is wrong; carries every `Fault` found, not just the first
    │   ├── StudyDataError          a table of studies: a cell, a row, a column
    │   ├── ModelFileError          an outcome model or review file: a key, a value
    │   ├── ArgumentError           an argument of a function call
    │   └── ResultsFolderError      a folder of results: in use, not writable, not what a run wrote
    ├── ImproperPosteriorError      the priors and the data do not define a posterior; says why
    ├── SamplingError               the sampler itself failed (not: did not converge, which is a warning)
    └── RunError                    a run could not be finished: the disk is full, a process died

    MutauWarning (UserWarning)
    ├── ConvergenceWarning          draws that should not be relied on yet, with the remedy
    ├── ApproximationWarning        a simplification that matters for these data
    └── DataWarning                 data that were accepted but changed or look odd (zero cells, ...)

A message says what came in, where, the rule it breaks, and the remedy.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "ApproximationWarning",
    "ArgumentError",
    "ConvergenceWarning",
    "DataWarning",
    "Fault",
    "ImproperPosteriorError",
    "InputError",
    "ModelFileError",
    "MutauError",
    "MutauWarning",
    "ResultsFolderError",
    "RunError",
    "SamplingError",
    "StudyDataError",
    "nearest",
    "printable",
]

_SHOWN = 80
"""Characters of a study's or a column's name that a message shows."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with an input: what came in, where, the rule, the remedy.

    Parameters
    ----------
    what : str
        What came in, quoted: ``"events 60 above n 54"``.
    rule : str
        The rule it breaks.
    remedy : str
        What to do about it.
    file, study, column, key, model : str, optional
        Where it is. `column` is a table's, `key` a model file's (dotted: ``priors.tau``); `model` the outcome
        model that asked.
    row : int, optional
        Line of the file as a text editor counts it (the header is line 1).
    """

    what: str
    rule: str
    remedy: str
    file: str | None = None
    row: int | None = None
    study: str | None = None
    column: str | None = None
    key: str | None = None
    model: str | None = None

    @property
    def where(self) -> str:
        """The place in words, empty when nothing is known of it."""
        parts = [
            self.file,
            None if self.row is None else f"row {self.row}",
            None if self.study is None else f"study '{_shortened(self.study)}'",
            None if self.column is None else f"column '{_shortened(self.column)}'",
            None if self.key is None else f"key '{self.key}'",
            None if self.model is None else f"model '{_shortened(self.model)}'",
        ]
        return ", ".join(part for part in parts if part)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return printable(f"{place}{self.what}. {self.rule}. {self.remedy}.")


class MutauError(Exception):
    """Anything mutau refuses to do."""


class InputError(MutauError, ValueError):
    """What was given is wrong; `faults` holds every fault found.

    Parameters
    ----------
    faults : Fault or iterable of Fault
        At least one.
    """

    def __init__(self, faults: Fault | Iterable[Fault]) -> None:
        self.faults: tuple[Fault, ...] = (faults,) if isinstance(faults, Fault) else tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


class StudyDataError(InputError):
    """A table of studies is wrong: a cell, a row, a column."""


class ModelFileError(InputError):
    """An outcome model or a review file is wrong: a key, a value."""


class ArgumentError(InputError):
    """An argument of a function call is wrong."""


class ResultsFolderError(InputError):
    """A folder of results cannot be used: another run is at work in it, it cannot be written, or is none."""


class ImproperPosteriorError(MutauError):
    """The priors and the data do not define a posterior distribution."""


class SamplingError(MutauError):
    """The sampler failed outright."""


class RunError(MutauError):
    """A run could not be finished: its results cannot be written, or a process of it died."""


class MutauWarning(UserWarning):
    """Anything mutau wants read before a result is used."""


class ConvergenceWarning(MutauWarning):
    """Draws that should not be relied on yet."""


class ApproximationWarning(MutauWarning):
    """A simplification that matters for these data."""


class DataWarning(MutauWarning):
    """Data that were accepted but changed, or that look odd."""


def printable(text: str) -> str:
    r"""Write what cannot be seen as an escape, so that no input moves a terminal's cursor or breaks a line.

    Examples
    --------
    >>> printable("a\x1b[31m\nb")
    'a\\x1b[31m\\nb'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in text)


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 3]}..."


def nearest(given: str, valid: Sequence[str]) -> str:
    """Say which values are valid, the nearest first: ``"Did you mean 'REML'? Valid: 'CE', 'DL', ..."``."""
    lowered = {name.lower(): name for name in valid}
    close = difflib.get_close_matches(str(given).lower(), lowered, n=1, cutoff=0.5)
    listing = ", ".join(f"'{name}'" for name in valid)
    guess = f"Did you mean '{lowered[close[0]]}'? " if close else ""
    return f"{guess}Valid: {listing}"
