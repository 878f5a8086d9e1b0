"""The records between rows and the finished table: an arm, two arms side by side, a ready-made estimate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from mutau.studies.columns import ArmName

__all__ = ["Arm", "Contrast", "Estimate"]


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of one study, as read.

    Parameters
    ----------
    name : {"treatment", "control"}
    label : str
        Name of what the arm was given.
    values : mapping
        events, nonevents, n, mean, sd, person_time; NaN where not given.
    wrong : frozenset of str
        Values that were given wrongly, which has been reported.
    columns : mapping
        From a value to the name of its column in the table; values without a column are left out.
    row : int
    provenance, note : str
    extras : mapping
        What is carried along.
    """

    name: ArmName
    label: str
    values: Mapping[str, float]
    wrong: frozenset[str]
    columns: Mapping[str, str]
    row: int
    provenance: str
    note: str
    extras: Mapping[str, object] = field(default_factory=dict)

    def has(self, value: str) -> bool:
        """Say whether the cell is filled, rightly or wrongly."""
        return value in self.wrong or not math.isnan(self.values[value])


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two arms of a study; `key` holds comparison, outcome, timepoint and study."""

    key: tuple[str, ...]
    treatment: Arm
    control: Arm

    @property
    def arms(self) -> tuple[Arm, Arm]:
        """Treatment first."""
        return self.treatment, self.control


@dataclass(frozen=True, slots=True)
class Estimate:
    """A study's ready-made effect on the analysis scale."""

    key: tuple[str, ...]
    yi: float
    sei: float
    row: int
    provenance: str
    note: str
    labels: tuple[str, str] | None
    sizes: tuple[float, float] | None
    extras: Mapping[str, object]
    column: tuple[str, bool] = ("", False)
    """The column that its standard error was read from, and whether it holds the variance."""
