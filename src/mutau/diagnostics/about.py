"""What the effects of a diagnostic are of: measure, outcome, arms, and where the studies' numbers come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mutau.measures import Measure, get_measure
from mutau.outcomes import OutcomeModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["About", "about_table"]


@dataclass(frozen=True, slots=True)
class About:
    """What effects are of; carried by every record, so that tables and pictures say it.

    Parameters
    ----------
    measure : str
        Code of the measure; ``"GEN"`` where none is known.
    title : str
        Of the outcome; empty without an outcome model.
    treatment, control : str
        What the arms are called; empty where that is not known.
    benefit : {"lower", "higher", ""}
        Which effects help; empty without an outcome model.
    provenance : tuple of str
        Where the numbers come from, as the table says; empty for ready-made arrays.
    """

    measure: str = "GEN"
    title: str = ""
    treatment: str = ""
    control: str = ""
    benefit: str = ""
    provenance: tuple[str, ...] = ()

    @property
    def record(self) -> Measure:
        """The measure, on the scale on which classic pooling works."""
        return get_measure(self.measure)

    def columns(self) -> dict[str, str]:
        """Give what every frame says beside its numbers: ``measure`` and ``provenance``."""
        return {"measure": self.measure, "provenance": "; ".join(self.provenance)}


def about_table(table: pd.DataFrame, measure: str | OutcomeModel) -> About:
    """Say what a table of effects is of, from its model and from what all of its rows have in common.

    Parameters
    ----------
    table : DataFrame
        Effects as `mutau.effects` gives them.
    measure : str or OutcomeModel
        Code, or the model that selected the studies.
    """
    provenance = tuple(dict.fromkeys(_texts(table, "provenance")))
    if isinstance(measure, OutcomeModel):
        arms = measure.treatment_label, measure.control_label
        return About(measure.measure, measure.title, *arms, measure.benefit, provenance)
    arms = _shared(table, "arm_treatment"), _shared(table, "arm_control")
    return About(measure, _shared(table, "outcome"), *arms, "", provenance)


def _texts(table: pd.DataFrame, column: str) -> list[str]:
    return [] if column not in table.columns else table[column].dropna().astype(str).to_list()


def _shared(table: pd.DataFrame, column: str) -> str:
    found = set(_texts(table, column))
    return found.pop() if len(found) == 1 else ""
