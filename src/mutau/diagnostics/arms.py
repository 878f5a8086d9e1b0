"""What a L'Abbé plot shows: the risk in one arm against the risk in the other, study by study."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic import inverse_variance
from mutau.diagnostics.given import FloatArray, given_effects
from mutau.diagnostics.results import Columns
from mutau.errors import ArgumentError, Fault, StudyDataError, nearest
from mutau.outcomes import OutcomeModel

if TYPE_CHECKING:
    import pandas as pd

    from mutau.studies import StudyTable

__all__ = ["LABBE_MEASURES", "Labbe", "labbe"]

LABBE_MEASURES = ("RR", "OR", "RD")
"""Measures that draw a line through risks."""


@dataclass(frozen=True, slots=True)
class Labbe(Columns):
    """Risks of both arms of every study. Made by `labbe`.

    Parameters
    ----------
    study : tuple of str
        Names.
    risk_treatment, risk_control : tuple of float
        Events over participants, as counted.
    n : tuple of float
        Participants of both arms.
    weight : tuple of float
        Weight in pooling, percent.
    estimate : float
        Pooled effect on the analysis scale.
    tau2_method : str
        By which it is pooled.
    """

    study: tuple[str, ...]
    risk_treatment: tuple[float, ...]
    risk_control: tuple[float, ...]
    n: tuple[float, ...]
    weight: tuple[float, ...]
    estimate: float
    tau2_method: str

    def risk_with(self, control: FloatArray) -> FloatArray:
        """Give the risk with treatment that the pooled effect leads to from risks without it; NaN outside 0 to 1."""
        if self.about.measure == "OR":
            odds = np.exp(self.estimate) * control
            found = odds / (1 - control + odds)
        else:
            found = control * np.exp(self.estimate) if self.about.measure == "RR" else control + self.estimate
        return np.where((found >= 0) & (found <= 1), found, np.nan)


def labbe(studies: StudyTable | pd.DataFrame, *, measure: str | OutcomeModel, tau2: str = "REML") -> Labbe:
    """Collect what a L'Abbé plot shows.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        Counts of two arms, as `mutau.effects` takes them.
    measure : {"RR", "OR", "RD"} or OutcomeModel
        Of the pooled effect, whose line is drawn.
    tau2 : str
        Estimator of the between-study variance, see `mutau.pool`.

    Returns
    -------
    Labbe
        To be drawn by `mutau.plots.plot_labbe`.

    Raises
    ------
    ArgumentError, StudyDataError
        Another measure; no counts; a study without an effect.

    References
    ----------
    L'Abbé KA, Detsky AS, O'Rourke K (1987). Annals of Internal Medicine 107:224-233.
    doi:10.7326/0003-4819-107-2-224

    Examples
    --------
    >>> import pandas as pd
    >>> trials = pd.DataFrame({"ai": [5, 9, 30], "n1i": [20, 40, 200], "ci": [9, 14, 35], "n2i": [20, 40, 200]})
    >>> labbe(trials, measure="RR", tau2="CE").risk_control
    (0.45, 0.35, 0.175)
    """
    code = measure.measure if isinstance(measure, OutcomeModel) else measure
    if code not in LABBE_MEASURES:
        rule = "A L'Abbé plot draws the line of a risk ratio, odds ratio or risk difference"
        raise ArgumentError(
            Fault(f"measure={code!r}", rule, nearest(str(code), LABBE_MEASURES), key="measure")
        )
    given = given_effects(studies, measure=measure, tau2=tau2)
    if given.counts is None:
        rule = "A L'Abbé plot shows the risk in each arm, from counts"
        raise StudyDataError(Fault("no counts", rule, "Give events and participants of both arms"))
    events, n, events_control, n_control = given.counts
    whole = inverse_variance(given.yi, given.vi, tau2=tau2)
    return Labbe(
        given.labels,
        tuple((events / n).tolist()),
        tuple((events_control / n_control).tolist()),
        tuple((n + n_control).tolist()),
        whole.weights,
        whole.estimate,
        tau2,
        about=given.about,
    )
