"""What a run writes: the files of an outcome's folder, the review's own files, and what ``run.json`` says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from mutau import __version__, tables
from mutau.grading import evidence_profile, summary_of_findings
from mutau.outcomes.defaults import OWN
from mutau.pooled_only.files import run_entry, written_tables
from mutau.pooled_only.wording import noted_apart, overview
from mutau.review.diagnosing import write_diagnosis
from mutau.review.folder import write_file
from mutau.review.records import OutcomeResult, ReviewResult, joined

if TYPE_CHECKING:
    from mutau.decisions import Decision
    from mutau.fitting import Fit
    from mutau.outcomes import Review
    from mutau.pooled_only import PooledResult
    from mutau.report import DecisionPage, OutcomePage, SensitivityPage
    from mutau.sensitivities import Sensitivity

__all__ = [
    "OUTCOME_FORMATS",
    "result_record",
    "run_info",
    "top_files",
    "write_outcome",
    "write_pooled",
]

OUTCOME_FORMATS = ("md", "docx", "csv")
"""What the tables of one outcome are written as; those of the whole review come in every format of a `Table`, and
`mutau.table` gives any table in any."""


def top_files(
    review: Review, pages: Sequence[OutcomePage], alone: Sequence[PooledResult], info: Mapping[str, Any]
) -> dict[str, str | bytes]:
    """Give the review's own files, by name: every outcome's rows one under the other, tables, and the page."""
    from mutau.report import ReportInput, render_report

    compared = joined(pages)
    files: dict[str, str | bytes] = {
        "compare.csv": tables.csv_text(compared),
        "summary.csv": tables.csv_text(compared[compared["engine"].isin(tables.BAYESIAN)]),
        "report.html": render_report(ReportInput(review, tuple(pages), info, tuple(alone))),
    }
    for table in _review_tables(review, pages, alone):
        files |= {f"{table.name}.{form}": table.writer(form)(None) for form in tables.FORMATS}
    return files


def _review_tables(
    review: Review, pages: Sequence[OutcomePage], alone: Sequence[PooledResult]
) -> list[tables.Table]:
    """The tables of all outcomes, those of a pooled result alone apart."""
    found = []
    if pages:
        models = [page.model for page in pages]
        found.append(tables.kinds.review(f"{review.title}: all outcomes", models, joined(pages)))
        found += [noted_apart(summary_of_findings(pages), alone), evidence_profile(pages)]
    if alone:
        found.append(overview(f"{review.title}: outcomes of which only the pooled result is known", alone))
    return found


def write_pooled(alone: PooledResult, folder: Path) -> None:
    """Write the tables of an outcome of which only the pooled result is known."""
    _write_tables(folder, written_tables(alone))


def write_outcome(
    outcome: OutcomeResult,
    folder: Path,
    sensitivity: Sensitivity | None = None,
    decision: Decision | None = None,
) -> OutcomePage:
    """Write one outcome's tree, tables and figures, and give what the report shows of it."""
    from mutau import plots
    from mutau.report import OutcomePage

    fitted, model = outcome.fit, outcome.model
    fitted.to_netcdf(folder / "fit.nc")
    if outcome.sampled:
        outcome.sampled[OWN].to_netcdf(folder / "fit.sampled.nc")
    diagnosed, diagnosis = write_diagnosis(fitted, folder)
    _write_tables(folder, [*_outcome_tables(outcome), *diagnosed])
    taus = {label: each.model.tau_prior for label, each in [(OWN, fitted), *outcome.alternatives.items()]}
    said = tables.prior_quantiles(model, taus).assign(provenance="; ".join(fitted.studies.provenance))
    write_file(folder / "priors.csv", tables.csv_text(said))
    figures = plots.outcome_figures(fitted, outcome.alternatives, outcome.compared, outcome.sampled.get(OWN))
    if "benefit_by_tau" in figures:
        by_tau, _ = figures["benefit_by_tau"]
        given = {"mu_prior": model.mu_prior.label, "likelihood": model.likelihood}
        told = by_tau.assign(provenance="; ".join(fitted.studies.provenance), **given)
        write_file(folder / "benefit_by_tau.csv", tables.csv_text(told))
    if "cumulative" in figures:
        steps, _ = figures["cumulative"]
        write_file(
            folder / "cumulative.csv", tables.csv_text(steps.drop(columns=list(plots.CUMULATIVE_TEXTS)))
        )
    readings = {name: _reading(frame.attrs["labels"]) for name, (frame, _) in figures.items()}
    return OutcomePage(
        model=model,
        fit=fitted,
        alternatives=outcome.alternatives,
        compared=outcome.compared,
        summarised=outcome.summarised,
        chances=outcome.chances,
        pictures={name: plots.save(picture, folder / name) for name, (_, picture) in figures.items()},
        readings={name: reading for name, reading in readings.items() if reading},
        sampled=outcome.sampled,
        agreement=outcome.agreement,
        likelihoods=outcome.likelihoods,
        sensitivity=None if sensitivity is None else _write_sensitivity(sensitivity, folder),
        diagnosis=diagnosis,
        decision=None if decision is None else _write_decision(decision, fitted, folder),
    )


def _reading(labels: Any) -> str:
    """Give what is read from a picture, in words, where its labels say it."""
    return str(getattr(labels, "chance", "") or getattr(labels, "reading", ""))


def _write_decision(found: Decision, fitted: Fit, folder: Path) -> DecisionPage:
    """Write every number of a decision and its figure, and give what the report shows of it."""
    from mutau import plots
    from mutau.report import DecisionPage

    frames, model = found.to_frames(), found.model
    made = tables.decision_kinds(frames, model)
    _write_tables(folder, made)
    if "next_trial_sizes" in frames:
        told = tables.with_conditions(frames["next_trial_sizes"], model)
        write_file(folder / "decision_next_trial_sizes.csv", tables.csv_text(told))
    figures, readings = {}, {}
    if found.next_trial is not None:
        drawn = plots.prepare_next_trial(fitted, found.next_trial)
        figures["next_trial"] = plots.save(plots.plot_next_trial(drawn), folder / "decision_next_trial")
        readings["next_trial"] = _reading(drawn.attrs["labels"])
    return DecisionPage(
        tables.decision_sentences(frames, model),
        tables.decision_tables(frames, model),
        {table.name.removeprefix("decision_"): table.notes for table in made},
        found.assumptions,
        found.unstated,
        None if found.absolute is None else found.absolute.to_frame(),
        figures,
        readings,
    )


def _write_sensitivity(found: Sensitivity, folder: Path) -> SensitivityPage:
    """Write every number of a sensitivity analysis as CSV, its figures, and give what the report shows of it."""
    from mutau import plots
    from mutau.report import SensitivityPage

    fitted, frames = found.fit, found.to_frames()
    provenance = "; ".join(fitted.studies.provenance)
    made = tables.sensitivity_kinds(frames, fitted.model, fitted.studies.provenance)
    _write_tables(folder, made)
    for name in set(frames) - {table.name.removeprefix("sensitivity_") for table in made}:
        told = tables.with_conditions(frames[name], fitted.model).assign(provenance=provenance)
        write_file(folder / f"sensitivity_{name}.csv", tables.csv_text(told))
    drawn: dict[str, Any] = {
        grid.name: plots.plot_prior_grid(plots.prepare_prior_grid(fitted, grid, found.level))
        for grid in found.grids
    }
    drawn["specifications"] = plots.plot_specification_curve(
        plots.prepare_specification_curve(found.multiverse)
    )
    if found.named["p_benefit"].notna().any():
        drawn["named_priors"] = plots.plot_named_priors(plots.prepare_named_priors(fitted, found.named))
    figures = {name: plots.save(figure, folder / f"sensitivity_{name}") for name, figure in drawn.items()}
    shown = tables.sensitivity_tables(frames, fitted.model)
    return SensitivityPage(found.level, found.verdict.text, shown, figures, found.missing, found.notes)


def _outcome_tables(outcome: OutcomeResult) -> list[tables.Table]:
    """Every table of an outcome's folder."""
    made, model, fitted = tables.kinds, outcome.model, outcome.fit
    found = [
        made.main(outcome.compared, model),
        made.data(fitted),
        made.summary(outcome.summarised, fitted),
        made.compare(outcome.compared, model),
        made.probabilities(outcome.chances, fitted),
        made.checks(outcome.every_fit),
    ]
    if outcome.agreement is not None:
        found.append(made.agreement(outcome.agreement, fitted))
    if outcome.likelihoods is not None:
        found.append(made.likelihoods(outcome.likelihoods, model))
    return found


def _write_tables(folder: Path, made: Iterable[tables.Table]) -> None:
    """Write each table under its name, in the formats of an outcome's folder."""
    for table in made:
        for form in OUTCOME_FORMATS:
            table.save(folder / f"{table.name}.{form}")


def run_info(
    review: Review,
    outcomes: Sequence[OutcomeResult],
    alone: Sequence[PooledResult],
    seed: int,
    seconds: float,
    asked: dict[str, Any],
) -> dict[str, Any]:
    """What was run, on what, with what, for how long."""
    return {
        "mutau": __version__,
        "review": review.title,
        "review_sha256": _sha256(review.folder / "review.toml"),
        "about": {"citation": review.citation, "note": review.note},
        "seed": seed,
        "asked": asked,
        "seconds": round(seconds, 2),
        "converged": all(outcome.converged for outcome in outcomes),
        "engines_agree": all(outcome.agreed for outcome in outcomes),
        "outcomes": [
            {
                "model": outcome.model.name,
                "title": outcome.model.title,
                "model_sha256": _sha256(review.folder / f"{outcome.model.name}.toml"),
                "data": outcome.fit.studies.source,
                "data_sha256": outcome.fit.studies.sha256,
                "provenance": list(outcome.fit.studies.provenance),
                "fits": {label: _fit_info(each) for label, each in outcome.every_fit.items()},
            }
            for outcome in outcomes
        ],
        "pooled_outcomes": [
            run_entry(each) | {"model_sha256": _sha256(review.folder / f"{each.model.name}.toml")}
            for each in alone
        ],
        "versions": outcomes[0].fit.engine.versions if outcomes else {"mutau": __version__},
    }


def result_record(result: ReviewResult) -> dict[str, Any]:
    """Give a run's results as plain values, unrounded: what `mutau run --json` prints.

    Parameters
    ----------
    result : ReviewResult
        Of `mutau.run_review`.

    Returns
    -------
    dict
        ``folder``, ``report``, ``review``, ``note``, ``converged``, ``engines_agree``; ``outcomes``, each with the
        rows of `mutau.compare`; ``pooled_outcomes``, apart, each with its answers. What is missing is None.
    """
    return {
        "folder": str(result.folder),
        "report": str(result.folder / "report.html"),
        "review": result.review.title,
        "note": result.review.note,
        "converged": result.converged,
        "engines_agree": result.agreed,
        "outcomes": [
            {
                "model": outcome.model.name,
                "title": outcome.model.title,
                "said": result.said[outcome.model.name],
                "converged": outcome.converged,
                "engines_agree": outcome.agreed,
                "answers": tables.plain_rows(outcome.compared),
            }
            for outcome in result.outcomes
        ],
        "pooled_outcomes": [
            {
                "model": alone.model.name,
                "title": alone.model.title,
                "said": result.said[alone.model.name],
                "answers": tables.plain_rows(alone.to_frame()),
            }
            for alone in result.pooled
        ],
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
