"""What a run writes and shows of an outcome's diagnostics, as far as its number of trials allows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mutau import tables
from mutau.diagnostics import diagnose, funnel
from mutau.tables import Table

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.report import DiagnosisPage

__all__ = ["write_diagnosis"]

LEAST, ENOUGH = 3, 10
"""Trials from which leaving one out says something, and from which asymmetry of a funnel may be asked about."""
_HOW = "Classic pooling: inverse variance, REML, with Hartung and Knapp's confidence interval."


def write_diagnosis(fitted: Fit, folder: Path) -> tuple[list[Table], DiagnosisPage]:
    """Diagnose an outcome, draw its funnel, and give the tables to write and what the report shows.

    Parameters
    ----------
    fitted : Fit
        Its studies are pooled the classic way (REML, Hartung-Knapp); those without an effect are left out.
    folder : Path
        Where the funnel plot is written.

    Returns
    -------
    list of Table
        Leave-one-out from three trials on, tests of small trials from ten.
    DiagnosisPage
        The same as text, and why something is not there.
    """
    from mutau import plots
    from mutau.report import DiagnosisPage

    model, effects = fitted.model, fitted.effects
    k = int((np.isfinite(effects["yi"]) & np.isfinite(effects["vi"])).sum())
    if k < LEAST:
        return [], DiagnosisPage({}, {}, (_few(k),))
    found = diagnose(fitted.studies, measure=model)
    names = ("leave_one_out", *(("small_studies",) if k >= ENOUGH else ()))
    whole = [table for name, table in tables.diagnosis_kinds(found).items() if name in names]
    figures, said = {}, [_untested(k)] if k < ENOUGH else []
    if k >= ENOUGH:
        usable = effects[np.isfinite(effects["yi"]) & np.isfinite(effects["vi"])]
        drawn = replace(funnel(usable, measure=model.measure), about=found.about)
        figures["funnel"] = plots.save(plots.plot_funnel(plots.prepare_funnel(drawn)), folder / "funnel")
    text = {name: frame for name, frame in tables.diagnosis_tables(found).items() if name in names}
    return whole, DiagnosisPage(text, figures, (_HOW, *said, *found.missing))


def _few(k: int) -> str:
    trials = f"there {'is one' if k == 1 else f'are {k}' if k else 'is none'}"
    return (
        f"Leaving out one trial at a time needs {LEAST} trials or more with an effect of their own; {trials}. Funnel "
        f"plots and tests of small trials need {ENOUGH}."
    )


def _untested(k: int) -> str:
    return (
        f"There is no funnel plot and no test of whether small trials find other effects: with fewer than {ENOUGH} "
        f"trials (here {k}) their authors advise against them (Sterne et al. 2011, doi:10.1136/bmj.d4002)."
    )
