"""Run a whole review: every outcome model against its data, into a folder of results."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau import __version__, tables
from mutau.comparing import (
    COMPARE_COLUMNS,
    compare,
    compare_likelihoods,
    disagreement,
    fit_alternatives,
)
from mutau.errors import ArgumentError, Fault, InputError, ModelFileError, nearest
from mutau.fitting import Fit, fit, prepare
from mutau.outcomes import OutcomeModel, Review, load_review
from mutau.outcomes.defaults import OWN
from mutau.pooled_only import PooledResult, pooled
from mutau.pooled_only.files import file_contents, run_entry
from mutau.studies import StudyTable, read_studies
from mutau.summaries import probabilities, summary

if TYPE_CHECKING:
    from mutau.report import OutcomePage

__all__ = ["RUN_ENGINES", "OutcomeResult", "ReviewResult", "check_review", "run_review"]

RUN_ENGINES = ("both", "exact", "sampling", "auto")
"""What a run takes as engine."""

Z_MAX = 5.0
"""Monte Carlo standard errors by which engines may differ: of a run's some 200 figures, a true engine passes this
limit once in 8,000 runs."""


@dataclass(frozen=True, slots=True, eq=False)
class OutcomeResult:
    """One outcome model, fitted under all its priors, with the tables made from it.

    Parameters
    ----------
    fit : Fit
        Under the model's own prior for tau.
    alternatives : dict of str to Fit
        Under its other priors, by label.
    compared, summarised, chances : DataFrame
        `mutau.compare`, `mutau.summary` and `mutau.probabilities` of it; the last under every prior.
    sampled : dict of str to Fit
        The same fits sampled, by label, where both engines ran; else empty.
    agreement : DataFrame, optional
        `mutau.comparing.disagreement` of the two engines, where both ran.
    likelihoods : DataFrame, optional
        `mutau.comparing.compare_likelihoods`, where the likelihood is of counts.
    """

    fit: Fit
    alternatives: dict[str, Fit]
    compared: pd.DataFrame
    summarised: pd.DataFrame
    chances: pd.DataFrame
    sampled: dict[str, Fit] = field(default_factory=dict)
    agreement: pd.DataFrame | None = None
    likelihoods: pd.DataFrame | None = None

    @property
    def model(self) -> OutcomeModel:
        """The outcome model."""
        return self.fit.model

    @property
    def fits(self) -> dict[str, Fit]:
        """Every fit that the tables show, by the label of its prior for tau."""
        return {OWN: self.fit, **self.alternatives}

    @property
    def every_fit(self) -> dict[str, Fit]:
        """Every fit made: those of the tables, then the sampled ones that check them."""
        return self.fits | {f"{label}, sampled": each for label, each in self.sampled.items()}

    @property
    def agreed(self) -> bool:
        """Whether the two engines agree within what Monte Carlo error allows (true where one ran)."""
        return self.agreement is None or bool(self.agreement["z"].abs().max() <= Z_MAX)


@dataclass(frozen=True, slots=True, eq=False)
class ReviewResult:
    """A review that was run.

    Parameters
    ----------
    review : Review
        What was asked.
    outcomes : tuple of OutcomeResult
        One per outcome model that has trials, in the order of the review.
    folder : Path
        Where the results are.
    seconds : float
        Wall time.
    pooled : tuple of PooledResult
        One per outcome model of which only the pooled result is known; apart from the others everywhere.
    """

    review: Review
    outcomes: tuple[OutcomeResult, ...]
    folder: Path
    seconds: float
    pooled: tuple[PooledResult, ...] = ()

    @property
    def compared(self) -> pd.DataFrame:
        """Every outcome's `mutau.compare`, one under the other (without those in `pooled`)."""
        frames = [outcome.compared for outcome in self.outcomes]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=list(COMPARE_COLUMNS))

    @property
    def converged(self) -> bool:
        """Whether every fit under every prior passed its checks."""
        return all(each.engine.converged for outcome in self.outcomes for each in outcome.every_fit.values())

    @property
    def agreed(self) -> bool:
        """Whether the engines agree on every outcome (true where one ran)."""
        return all(outcome.agreed for outcome in self.outcomes)


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
        A model's priors and number of studies define no posterior.
    """
    review = load_review(folder)
    if only is not None:
        names = [model.name for model in review.models]
        if only not in names:
            raise ArgumentError(
                Fault(f"--only {only!r}", "no outcome model has this name", nearest(only, names))
            )
        review = replace(review, models=tuple(model for model in review.models if model.name == only))
    faults: list[Fault] = []
    selected: dict[str, StudyTable] = {}
    for model in review.models:
        if model.is_pooled:
            continue
        try:
            selected[model.name], _ = read_outcome(model)
        except InputError as error:
            faults += [fault for fault in error.faults if fault not in faults]
    if faults:
        raise InputError(faults)
    return review, selected


def read_outcome(model: OutcomeModel) -> tuple[StudyTable, pd.DataFrame]:
    """Read the data an outcome model names: the studies it selects, and their effects.

    Raises
    ------
    InputError
        The model names no data, or the data cannot be used.
    """
    if model.data is None:
        rule = "an outcome model file names its data"
        remedy = 'add data = "studies.csv" (relative to the model file) to it or to review.toml'
        raise ModelFileError(Fault("no data file", rule, remedy, file=f"{model.name}.toml", key="data"))
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
    _write(result, seed)
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


def _write(result: ReviewResult, seed: int) -> None:
    """Write every outcome's folder, then the review's own files, ``run.json`` last."""
    from mutau.report import ReportInput, render_report

    pages = []
    for outcome in result.outcomes:
        with _replaced_folder(result.folder / outcome.model.name) as folder:
            pages.append(_write_outcome(outcome, folder))
    for alone in result.pooled:
        with _replaced_folder(result.folder / alone.model.name) as folder:
            for name, text in file_contents(alone).items():
                _write_text(folder / name, text)
    compared = result.compared
    bayesian = compared[compared["engine"].isin(tables.BAYESIAN)]
    _write_text(result.folder / "compare.csv", _csv(compared))
    _write_text(result.folder / "summary.csv", _csv(bayesian))
    if result.pooled:
        frames = [alone.to_frame() for alone in result.pooled]
        _write_text(result.folder / "pooled.csv", _csv(pd.concat(frames, ignore_index=True)))
    info = _run_info(result, seed)
    page = render_report(ReportInput(result.review, tuple(pages), info, result.pooled))
    _write_text(result.folder / "report.html", page)
    _write_text(result.folder / "run.json", json.dumps(info, indent=2) + "\n")


def _write_outcome(outcome: OutcomeResult, folder: Path) -> OutcomePage:
    """Write one outcome's tree, tables and figures, and give what the report shows of it."""
    from mutau import plots
    from mutau.report import OutcomePage

    fitted, model = outcome.fit, outcome.model
    fitted.to_netcdf(folder / "fit.nc")
    if outcome.sampled:
        outcome.sampled[OWN].to_netcdf(folder / "fit.sampled.nc")
    exports = {
        "data": fitted.effects,
        "summary": outcome.summarised.assign(provenance="; ".join(fitted.studies.provenance)),
        "compare": outcome.compared,
        "probabilities": outcome.chances.assign(provenance="; ".join(fitted.studies.provenance)),
    }
    if outcome.agreement is not None:
        exports["agreement"] = outcome.agreement.assign(provenance="; ".join(fitted.studies.provenance))
    by_tau = None if plots.why_no_benefit_by_tau(fitted) else plots.prepare_benefit_by_tau(fitted)
    if by_tau is not None:
        exports["benefit_by_tau"] = by_tau.assign(provenance="; ".join(fitted.studies.provenance))
    if outcome.likelihoods is not None:
        exports["likelihoods"] = outcome.likelihoods
    for name, frame in exports.items():
        _write_text(folder / f"{name}.csv", _csv(frame))
    default = outcome.chances[outcome.chances["prior"] == OWN]
    readable = {
        "main": tables.main_table(outcome.compared, model),
        "data": tables.data_table(fitted.effects, model),
        "summary": tables.summary_table(outcome.summarised),
        "compare": tables.comparison_table(outcome.compared, model),
        "probabilities": tables.probability_table(default),
        "checks": pd.concat(
            [
                tables.check_table(each).assign(**{"Prior for tau": label})
                for label, each in outcome.every_fit.items()
            ]
        ),
    }
    if outcome.agreement is not None:
        readable["agreement"] = tables.agreement_table(outcome.agreement)
    if outcome.likelihoods is not None:
        readable["likelihoods"] = tables.likelihood_table(outcome.likelihoods, model)
    for name, table in readable.items():
        heading = f"{model.title}: {tables.CAPTIONS[name]}"
        _write_text(folder / f"{name}.md", tables.markdown_page(heading, table, fitted.studies.provenance))
    forest = plots.plot_forest(plots.prepare_forest(fitted, outcome.alternatives, outcome.compared))
    posterior = plots.plot_posterior(plots.prepare_posterior(fitted))
    return OutcomePage(
        model=model,
        fit=fitted,
        alternatives=outcome.alternatives,
        compared=outcome.compared,
        summarised=outcome.summarised,
        chances=outcome.chances,
        forest_svg=plots.save(forest, folder / "forest"),
        posterior_svg=plots.save(posterior, folder / "posterior"),
        by_tau=by_tau,
        by_tau_svg=""
        if by_tau is None
        else plots.save(plots.plot_benefit_by_tau(by_tau), folder / "benefit_by_tau"),
        sampled=outcome.sampled,
        agreement=outcome.agreement,
        likelihoods=outcome.likelihoods,
    )


@contextmanager
def _replaced_folder(target: Path) -> Iterator[Path]:
    """A temporary folder that takes the place of `target` when the block ends well, and vanishes if not."""
    building = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    building.chmod(0o755)
    try:
        yield building
        if target.exists():
            shutil.rmtree(target)
        os.replace(building, target)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8", newline="")
    os.replace(partial, path)


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def _run_info(result: ReviewResult, seed: int) -> dict[str, Any]:
    """What was run, on what, with what, for how long."""
    return {
        "mutau": __version__,
        "review": result.review.title,
        "review_sha256": _sha256(result.review.folder / "review.toml"),
        "seed": seed,
        "seconds": round(result.seconds, 2),
        "converged": result.converged,
        "engines_agree": result.agreed,
        "outcomes": [
            {
                "model": outcome.model.name,
                "title": outcome.model.title,
                "model_sha256": _sha256(result.review.folder / f"{outcome.model.name}.toml"),
                "data": outcome.fit.studies.source,
                "data_sha256": outcome.fit.studies.sha256,
                "provenance": list(outcome.fit.studies.provenance),
                "fits": {label: _fit_info(each) for label, each in outcome.every_fit.items()},
            }
            for outcome in result.outcomes
        ],
        "pooled_outcomes": [
            run_entry(alone) | {"model_sha256": _sha256(result.review.folder / f"{alone.model.name}.toml")}
            for alone in result.pooled
        ],
        "versions": result.outcomes[0].fit.engine.versions if result.outcomes else {"mutau": __version__},
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _fit_info(fitted: Fit) -> dict[str, Any]:
    engine = fitted.engine
    return {
        "mu_prior": fitted.model.mu_prior.stated,
        "tau_prior": fitted.model.tau_prior.stated,
        "likelihood": fitted.model.likelihood,
        "engine": engine.name,
        "settings": engine.settings,
        "seed": engine.seed,
        "attempts": engine.attempts,
        "seconds": round(engine.seconds, 3),
        "checks": [
            {"name": check.name, "value": _finite(check.value), "rule": check.rule, "passed": check.passed}
            for check in engine.checks
        ],
        "warnings": list(engine.warnings),
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
