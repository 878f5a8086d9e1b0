"""What a report is made from: frozen records that hold everything already computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from mutau.fitting import Fit
    from mutau.outcomes import OutcomeModel, Review
    from mutau.pooled_only import PooledResult

__all__ = ["DecisionPage", "DiagnosisPage", "OutcomePage", "ReportInput", "SensitivityPage"]


@dataclass(frozen=True, slots=True, eq=False)
class DecisionPage:
    """What a report shows of what an outcome means for a decision.

    Parameters
    ----------
    sentences : tuple of str
        `mutau.tables.decision_sentences`.
    tables : mapping of str to DataFrame
        `mutau.tables.decision_tables`, text.
    notes : mapping of str to tuple of str
        What each of them takes for granted, by the same names.
    assumptions : tuple of str
        What all of it takes for granted.
    unstated : tuple of str
        What nobody stated, and what could not be asked.
    absolute : DataFrame, optional
        Events per 1,000, unrounded: the frame of `mutau.decisions.AbsoluteEffects`.
    figures, readings : mapping of str to str
        Whole SVG documents by name, ``next_trial`` where sizes of one are asked about, and what is read from each.
    """

    sentences: tuple[str, ...]
    tables: Mapping[str, pd.DataFrame]
    notes: Mapping[str, tuple[str, ...]]
    assumptions: tuple[str, ...]
    unstated: tuple[str, ...]
    absolute: pd.DataFrame | None = None
    figures: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class SensitivityPage:
    """What a report shows of an outcome's sensitivity.

    Parameters
    ----------
    level : float
        The P(benefit) asked about.
    verdict : str
        The paragraph.
    tables : mapping of str to DataFrame
        `mutau.tables.sensitivity_tables`, text.
    figures : mapping of str to str
        Whole SVG documents by name: ``named_priors``, ``scales``, ``locations``, ``specifications``.
    missing : tuple of str
        What could not be asked, and why.
    notes : tuple of str
        From which draws the answers were read, where they are not exact.
    """

    level: float
    verdict: str
    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, str]
    missing: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DiagnosisPage:
    """What a report shows of an outcome's diagnostics: which trial matters, and whether small trials differ.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `mutau.tables.diagnosis_tables`, text, those that are shown.
    figures : mapping of str to str
        Whole SVG documents by name: ``funnel``, where there are trials enough.
    sentences : tuple of str
        What is not shown, and why.
    """

    tables: Mapping[str, pd.DataFrame]
    figures: Mapping[str, str]
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class OutcomePage:
    """One outcome's part of a report.

    Parameters
    ----------
    model : OutcomeModel
        What was asked.
    fit : Fit
        Under the model's own prior for tau.
    alternatives : mapping of str to Fit
        Under its other priors for tau, by label.
    compared, summarised : DataFrame
        `mutau.compare` and `mutau.summary` of the fit.
    chances : DataFrame
        `mutau.probabilities` under every prior, with the prior's label in a column ``prior`` ("default" for `fit`).
    pictures : mapping of str to str
        Whole SVG documents, as `mutau.plots.save` and `mutau.plots.svg_text` give them, by the names of
        `mutau.plots.outcome_figures`.
    readings : mapping of str to str
        What is read from a picture, in words, by the same names; for a reader who does not see it.
    sampled : mapping of str to Fit
        The same fits sampled, where both engines ran.
    agreement : DataFrame, optional
        `mutau.comparing.disagreement` of the two engines, where both ran.
    likelihoods : DataFrame, optional
        `mutau.comparing.compare_likelihoods`, where the likelihood is of counts.
    sensitivity : SensitivityPage, optional
        What would change the answer, where that was asked.
    diagnosis : DiagnosisPage, optional
        Which trial matters, and whether small trials find other effects.
    decision : DecisionPage, optional
        What it means for a decision, where the model states what one needs.
    """

    model: OutcomeModel
    fit: Fit
    alternatives: Mapping[str, Fit]
    compared: pd.DataFrame
    summarised: pd.DataFrame
    chances: pd.DataFrame
    pictures: Mapping[str, str]
    readings: Mapping[str, str] = field(default_factory=dict)
    sampled: Mapping[str, Fit] = field(default_factory=dict)
    agreement: pd.DataFrame | None = None
    likelihoods: pd.DataFrame | None = None
    sensitivity: SensitivityPage | None = None
    diagnosis: DiagnosisPage | None = None
    decision: DecisionPage | None = None

    @property
    def absolute(self) -> pd.DataFrame | None:
        """Events per 1,000, unrounded, where a baseline risk is stated."""
        return None if self.decision is None else self.decision.absolute

    @property
    def every_fit(self) -> tuple[tuple[str, Fit], ...]:
        """Every fit made, the sampled ones that check the others last."""
        return (*self.fits, *((f"{label}, sampled", fit) for label, fit in self.sampled.items()))

    @property
    def fits(self) -> tuple[tuple[str, Fit], ...]:
        """Every fit with its label, the default first."""
        return (("default", self.fit), *self.alternatives.items())


@dataclass(frozen=True, slots=True, eq=False)
class ReportInput:
    """Everything a report shows.

    Parameters
    ----------
    review : Review
        Title, citation and note.
    outcomes : tuple of OutcomePage
        In the order of the page.
    run_info : mapping
        How it was made: plain values (version, seed, seconds) and a mapping ``versions``. What is neither is left
        to ``run.json``: fits, seeds and data are read from `outcomes`.
    pooled : tuple of PooledResult
        Outcomes of which only the pooled result is known, in the order of the page; they stand apart.
    """

    review: Review
    outcomes: tuple[OutcomePage, ...]
    run_info: Mapping[str, Any]
    pooled: tuple[PooledResult, ...] = ()
