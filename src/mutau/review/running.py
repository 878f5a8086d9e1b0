"""Check and run a whole review: every outcome model against its data."""

from __future__ import annotations

import hashlib
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mutau.comparing import (
    compare,
    compare_likelihoods,
    disagreement,
    fit_alternatives,
)
from mutau.errors import (
    ArgumentError,
    DataWarning,
    Fault,
    ImproperPosteriorError,
    InputError,
    ModelFileError,
    nearest,
)
from mutau.fitting import Fit, fit, prepare
from mutau.outcomes import OutcomeModel, Review, load_review
from mutau.outcomes.defaults import OWN
from mutau.pooled_only import pooled
from mutau.review.files import write
from mutau.review.notes import review_notes
from mutau.review.records import OutcomeResult, ReviewResult
from mutau.studies import StudyTable, read_studies
from mutau.summaries import probabilities, summary

if TYPE_CHECKING:
    pass

__all__ = ["RUN_ENGINES", "check_review", "read_outcome", "run_review"]

RUN_ENGINES = ("both", "exact", "sampling", "auto")
"""What a run takes as engine."""


def check_review(
    folder: str | os.PathLike[str], only: str | None = None
) -> tuple[Review, dict[str, StudyTable]]:
    """Validate everything a run needs, and sample nothing.

    Parameters
    ----------
    folder : path
        Folder of outcome models (TOML), with ``review.toml`` for what they share.
    only : str, optional
        Name of the one outcome model to keep.

    Returns
    -------
    Review
        With its models, or the one kept.
    dict of str to StudyTable
        The studies each model selects, by the model's name; a model of a pooled result alone selects none.

    Raises
    ------
    InputError
        With every fault of every file.
    ImproperPosteriorError
        Priors and number of studies of some models define no posterior; it names each.

    Warns
    -----
    DataWarning
        A prior looks like that of another scale, or no model selects a study of the table.
    """
    review = load_review(folder)
    if only is not None:
        names = [model.name for model in review.models]
        if only not in names:
            raise ArgumentError(
                Fault(f"--only {only!r}", "No outcome model has this name", nearest(only, names))
            )
        review = replace(review, models=tuple(model for model in review.models if model.name == only))
    faults: list[Fault] = []
    improper: list[str] = []
    selected: dict[str, StudyTable] = {}
    for model in review.models:
        if model.is_pooled:
            continue
        try:
            selected[model.name], _ = read_outcome(model)
        except InputError as error:
            faults += [fault for fault in error.faults if fault not in faults]
        except ImproperPosteriorError as error:
            improper.append(str(error))
    if faults:
        raise InputError(faults)
    if improper:
        raise ImproperPosteriorError("\n".join(improper))
    for note in review_notes(review, selected, whole=only is None):
        warnings.warn(note, DataWarning, stacklevel=2)
    return review, selected


def read_outcome(model: OutcomeModel) -> tuple[StudyTable, pd.DataFrame]:
    """Read the data an outcome model names: the studies it selects, and their effects.

    Raises
    ------
    InputError
        The model names no data, or the data cannot be used.
    """
    if model.data is None:
        rule = "An outcome model names its table of studies"
        remedy = 'Add data = "studies.csv" (from the folder of the model file) to it or to review.toml'
        raise ModelFileError(Fault("it is missing", rule, remedy, file=f"{model.name}.toml", key="data"))
    return prepare(read_studies(_shown(Path(model.data))), model)


def _shown(path: Path) -> Path:
    """A path as a person would write it: from the working folder, where it lies inside it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def run_review(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] = "results",
    *,
    only: str | None = None,
    seed: int = 1,
    engine: str = "both",
    progress: Callable[[str, int, int], None] | None = None,
) -> ReviewResult:
    """Fit every outcome model of a review and write tables, figures and a report.

    Parameters
    ----------
    folder : path
        Folder of outcome models with ``review.toml``.
    out : path
        Folder for the results; made if needed. Each outcome's folder is replaced whole.
    only : str, optional
        Name of the one outcome model to run.
    seed : int
        The same seed gives the same numbers. Each outcome's own seed follows from it and the outcome's name,
        so that ``only`` gives the same numbers as the whole run.
    engine : {"both", "exact", "sampling", "auto"}
        The engine of every fit. ``"both"``: exact, and sampled to check it (sampled alone where the exact engine
        cannot fit a model).
    progress : callable, optional
        Called with (outcome, done, total) before each outcome and once at the end.

    Returns
    -------
    ReviewResult
        Everything that was computed.

    Raises
    ------
    InputError
        With every fault of every file, before anything is written.
    """
    start = time.perf_counter()
    if engine not in RUN_ENGINES:
        raise ArgumentError(
            Fault(f"engine = {engine!r}", "There is no such engine", nearest(engine, RUN_ENGINES))
        )
    review, selected = check_review(folder, only)
    report = progress or (lambda *_: None)
    target = Path(out)
    target.mkdir(parents=True, exist_ok=True)
    outcomes, alone = [], []
    for done, model in enumerate(review.models):
        report(model.title, done, len(review.models))
        if model.is_pooled:
            alone.append(pooled(model))
            continue
        outcome = _run_outcome(model, selected[model.name], _seed_of(seed, model.name), engine)
        outcomes.append(outcome)
    report("report", len(review.models), len(review.models))
    result = ReviewResult(review, tuple(outcomes), target, time.perf_counter() - start, tuple(alone))
    write(result, seed)
    return result


def _seed_of(seed: int, name: str) -> int:
    """An outcome's own seed, from the run's seed and the outcome's name."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def _run_outcome(model: OutcomeModel, studies: StudyTable, seed: int, engine: str) -> OutcomeResult:
    fitted = fit(studies, model, engine="auto" if engine == "both" else engine, seed=seed)
    alternatives = fit_alternatives(fitted)
    fits = {OWN: fitted, **alternatives}
    chances = pd.concat(
        [probabilities(each).assign(prior=label) for label, each in fits.items()], ignore_index=True
    )
    sampled: dict[str, Fit] = {}
    if engine == "both" and fitted.engine.name == "exact":
        check = fit(studies, model, engine="sampling", seed=seed)
        sampled = {OWN: check, **fit_alternatives(check)}
    compared = compare(fitted, alternatives, others=sampled)
    agreement = disagreement(fits, sampled) if sampled else None
    likelihoods = compare_likelihoods(fitted) if model.of_counts else None
    return OutcomeResult(
        fitted, alternatives, compared, summary(fitted), chances, sampled, agreement, likelihoods
    )
