"""Check and run a whole review: every outcome model against its data."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mutau.decisions import learning_faults
from mutau.errors import (
    ArgumentError,
    DataWarning,
    Fault,
    ImproperPosteriorError,
    InputError,
    ModelFileError,
    nearest,
)
from mutau.fitting import prepare
from mutau.outcomes import OutcomeModel, Review, load_review
from mutau.pooled_only import PooledResult, pooled
from mutau.review.files import run_info, top_files
from mutau.review.folder import ResultsFolder, results_folder
from mutau.review.keeping import keep, read_kept, why_not
from mutau.review.making import Task, run_outcome, say
from mutau.review.notes import review_notes
from mutau.review.parallel import make_all
from mutau.review.plain import shown
from mutau.review.records import OutcomeResult, ReviewResult
from mutau.sensitivities.choices import stated_choices
from mutau.sensitivities.whole import LEVEL
from mutau.stakes import ControlArms
from mutau.studies import StudyTable, read_studies

if TYPE_CHECKING:
    from mutau.report import OutcomePage

__all__ = ["KEPT", "RUN_ENGINES", "check_review", "read_outcome", "run_review"]

RUN_ENGINES = ("both", "exact", "sampling", "auto")
"""What a run takes as engine."""

KEPT = "unchanged, kept"
"""What a run says of an outcome that it took over."""


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
        A prior looks like that of another scale, a printed effect is not what its arms give, or no model selects a
        study of the table.
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
        The model names no data, or the data cannot be used, or not as it says that they may be analysed otherwise.
    """
    if model.data is None:
        rule = "An outcome model names its table of studies"
        remedy = 'Add data = "studies.csv" (from the folder of the model file) to it or to review.toml'
        raise ModelFileError(Fault("it is missing", rule, remedy, file=f"{model.name}.toml", key="data"))
    studies, effects = prepare(read_studies(shown(Path(model.data))), model)
    stated_choices(model, studies, effects)
    _require_control_arms(model, effects)
    return studies, effects


def _require_control_arms(model: OutcomeModel, effects: pd.DataFrame) -> None:
    """Refuse a baseline that shall be learnt from control arms of which the table has no counts."""
    stated = () if model.decision is None else model.decision.baselines
    faults = [
        replace(fault, file=f"{model.name}.toml", key=f"decision.baselines[{place}]")
        for place, each in enumerate(stated, start=1)
        if isinstance(each, ControlArms)
        for fault in learning_faults(effects)
    ]
    if faults:
        raise ModelFileError(faults)


def run_review(
    folder: str | os.PathLike[str],
    out: str | os.PathLike[str] = "results",
    *,
    only: str | None = None,
    seed: int = 1,
    engine: str = "both",
    progress: Callable[[str, int, int], None] | None = None,
    jobs: int = 1,
    fresh: bool = False,
    level: float | None = LEVEL,
) -> ReviewResult:
    """Fit every outcome model of a review and write tables, figures and a report.

    What a run of the same review has left in the folder is kept where nothing that an outcome depends on has changed.

    Parameters
    ----------
    folder : path
        Folder of outcome models with ``review.toml``.
    out : path
        Folder for the results; made if needed. What it holds changes only when everything new is there.
    only : str, optional
        Name of the one outcome model to run. The folders of others stay as they are.
    seed : int
        The same seed gives the same numbers. Each outcome's own seed follows from it and the outcome's name,
        so that ``only`` gives the same numbers as the whole run.
    engine : {"both", "exact", "sampling", "auto"}
        The engine of every fit. ``"both"``: exact, and sampled to check it (sampled alone where the exact engine
        cannot fit a model).
    progress : callable, optional
        Called with (outcome, done, total) before each outcome and once at the end.
    jobs : int
        Outcomes that are fitted at the same time, each in a process of its own; no number changes with it. In a
        script, call it under ``if __name__ == "__main__":``, because the processes import the script.
    fresh : bool
        Fit everything anew, whatever the folder holds.
    level : float or None
        In (0.5, 1): the P(benefit) that each outcome's sensitivity is asked about (a convention; see
        `mutau.sensitivity`). None leaves sensitivity out.

    Returns
    -------
    ReviewResult
        Everything that was computed. The fits of an outcome that was kept, or fitted in another process, make their
        draws again when these are asked for.

    Raises
    ------
    InputError
        With every fault of every file, before anything is written; or the folder cannot be used.
    RunError
        The results cannot be written, or a process died.
    """
    start = time.perf_counter()
    if engine not in RUN_ENGINES:
        raise ArgumentError(
            Fault(f"engine = {engine!r}", "There is no such engine", nearest(engine, RUN_ENGINES))
        )
    if jobs < 1:
        raise ArgumentError(Fault(f"jobs = {jobs!r}", "At least one outcome is fitted at a time", "Use 1"))
    review, selected = check_review(folder, only)
    if level is not None and not 0.5 < level < 1:
        rule = "A level is a probability between 0.5 and 1"
        raise ArgumentError(Fault(f"level = {level!r}", rule, "State one, such as 0.9, or None"))
    tasks = [
        Task(model, selected.get(model.name), _seed_of(seed, model.name), engine, level)
        for model in review.models
    ]
    report = progress or (lambda *_: None)
    with results_folder(Path(out)) as results:
        said = {task.name: "fitted" if fresh else _found(results, task) for task in tasks}
        made = _make(results, [task for task in tasks if said[task.name] != KEPT], jobs, report, len(tasks))
        report("report", len(tasks), len(tasks))
        pages, alone = _read_back(results, tasks, said)
        outcomes = tuple(made.get(page.model.name) or OutcomeResult.of_page(page) for page in pages)
        seconds = time.perf_counter() - start
        asked = {"engine": engine, "level": level}
        info = run_info(review, outcomes, alone, seed, seconds, asked)
        for name, content in top_files(review, pages, alone, info).items():
            results.write(name, content)
        results.commit(info, [task.name for task in tasks], whole=only is None)
    return ReviewResult(review, outcomes, Path(out), seconds, tuple(alone), said)


def _found(results: ResultsFolder, task: Task) -> str:
    """Look for an outcome's folder that can be taken over, and say what is to be done."""
    reasons = []
    for home in results.homes(task.name):
        reason = why_not(home, task.key)
        if not reason:
            return KEPT
        reasons.append(reason)
        results.drop(task.name)
    return f"fitted again: {reasons[-1]}" if reasons else "fitted"


def _make(
    results: ResultsFolder,
    tasks: list[Task],
    jobs: int,
    report: Callable[[str, int, int], None],
    total: int,
) -> dict[str, OutcomeResult]:
    """Make outcomes and take over their folders; give the results that were made in this process."""
    made: dict[str, OutcomeResult] = {}
    before = total - len(tasks)
    titles = {task.name: task.model.title for task in tasks}

    def begin(name: str, finished: int) -> None:
        report(titles[name], before + finished, total)

    for task, outcome in make_all(tasks, results.building, jobs, begin):
        results.adopt(task.name)
        if isinstance(outcome, OutcomeResult):
            made[task.name] = outcome
    return made


def _read_back(
    results: ResultsFolder, tasks: list[Task], said: Mapping[str, str]
) -> tuple[list[OutcomePage], list[PooledResult]]:
    """Read every outcome's folder, new or kept: the page is made of nothing else."""
    pages: list[OutcomePage] = []
    alone: list[PooledResult] = []
    for task in tasks:
        home = results.homes(task.name)[0]
        kept, is_so = read_kept(home, run_outcome, task.studies, task.model.data)
        if not is_so:
            building = results.building(task.name)
            shutil.copytree(home, building, dirs_exist_ok=True)
            keep(building, task.key, kept.content, kept.notes)
            results.adopt(task.name)
        if said[task.name] == KEPT:
            say(kept.notes)
        if isinstance(kept.content, OutcomeModel):
            alone.append(pooled(kept.content))
        else:
            pages.append(kept.content)
    return pages, alone


def _seed_of(seed: int, name: str) -> int:
    """An outcome's own seed, from the run's seed and the outcome's name."""
    digest = hashlib.sha256(f"{seed}/{name}".encode()).digest()
    return int.from_bytes(digest[:4], "big")
