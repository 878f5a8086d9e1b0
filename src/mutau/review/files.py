"""What a run writes: the files of an outcome's folder, the review's own files, and what ``run.json`` says."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau import __version__, tables
from mutau.grading import evidence_profile, summary_of_findings
from mutau.outcomes.defaults import OWN
from mutau.pooled_only.files import file_contents, run_entry
from mutau.review.folder import GRADE_FILES, write_text
from mutau.review.records import OutcomeResult, ReviewResult, joined

if TYPE_CHECKING:
    from mutau.fitting import Fit
    from mutau.outcomes import Review
    from mutau.pooled_only import PooledResult
    from mutau.report import OutcomePage, SensitivityPage
    from mutau.sensitivities import Sensitivity

__all__ = ["plain_rows", "result_record", "run_info", "top_files", "write_outcome", "write_pooled"]


def top_files(
    review: Review, pages: Sequence[OutcomePage], alone: Sequence[PooledResult], info: Mapping[str, Any]
) -> dict[str, str | bytes]:
    """Give the review's own files, by name: every outcome's rows together, GRADE's tables, and the page."""
    from mutau.report import ReportInput, render_report

    compared = joined(pages)
    files: dict[str, str | bytes] = {
        "compare.csv": _csv(compared),
        "summary.csv": _csv(compared[compared["engine"].isin(tables.BAYESIAN)]),
        "report.html": render_report(ReportInput(review, tuple(pages), info, tuple(alone))),
    }
    if pages:
        graded = {table.name: table for table in (summary_of_findings(pages), evidence_profile(pages))}
        for name in GRADE_FILES:
            stem, _, form = name.partition(".")
            files[name] = graded[stem].writer(form)(None)
    if alone:
        frames = [each.to_frame() for each in alone]
        files["pooled.csv"] = _csv(pd.concat(frames, ignore_index=True))
    return files


def write_pooled(alone: PooledResult, folder: Path) -> None:
    """Write the tables of an outcome of which only the pooled result is known."""
    for name, text in file_contents(alone).items():
        write_text(folder / name, text)


def write_outcome(
    outcome: OutcomeResult, folder: Path, sensitivity: Sensitivity | None = None
) -> OutcomePage:
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
    figures = plots.outcome_figures(fitted, outcome.alternatives, outcome.compared, outcome.sampled.get(OWN))
    if "benefit_by_tau" in figures:
        by_tau, _ = figures["benefit_by_tau"]
        exports["benefit_by_tau"] = by_tau.assign(provenance="; ".join(fitted.studies.provenance))
    if outcome.likelihoods is not None:
        exports["likelihoods"] = outcome.likelihoods
    for name, frame in exports.items():
        write_text(folder / f"{name}.csv", _csv(frame))
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
        write_text(folder / f"{name}.md", tables.markdown_page(heading, table, fitted.studies.provenance))
    return OutcomePage(
        model=model,
        fit=fitted,
        alternatives=outcome.alternatives,
        compared=outcome.compared,
        summarised=outcome.summarised,
        chances=outcome.chances,
        pictures={name: plots.save(picture, folder / name) for name, (_, picture) in figures.items()},
        readings={
            name: frame.attrs["labels"].chance
            for name, (frame, _) in figures.items()
            if hasattr(frame.attrs["labels"], "chance")
        },
        sampled=outcome.sampled,
        agreement=outcome.agreement,
        likelihoods=outcome.likelihoods,
        sensitivity=None if sensitivity is None else _write_sensitivity(sensitivity, folder),
    )


def _write_sensitivity(found: Sensitivity, folder: Path) -> SensitivityPage:
    """Write every number of a sensitivity analysis as CSV, its figures, and give what the report shows of it."""
    from mutau import plots
    from mutau.report import SensitivityPage

    fitted, frames = found.fit, found.to_frames()
    provenance = "; ".join(fitted.studies.provenance)
    for name, frame in frames.items():
        write_text(folder / f"sensitivity_{name}.csv", _csv(frame.assign(provenance=provenance)))
    drawn = {
        grid.name: plots.plot_prior_grid(plots.prepare_prior_grid(fitted, grid, found.level))
        for grid in found.grids
    }
    figures = {name: plots.save(figure, folder / f"sensitivity_{name}") for name, figure in drawn.items()}
    curve = plots.plot_specification_curve(plots.prepare_specification_curve(found.multiverse))
    figures["specifications"] = plots.save(curve, folder / "sensitivity_specifications")
    shown = tables.sensitivity_tables(frames, fitted.model)
    return SensitivityPage(found.level, found.verdict.text, shown, figures, found.missing)


def _csv(frame: pd.DataFrame) -> str:
    return frame.to_csv(index=False, lineterminator="\n")


def run_info(
    review: Review,
    outcomes: Sequence[OutcomeResult],
    alone: Sequence[PooledResult],
    seed: int,
    seconds: float,
) -> dict[str, Any]:
    """What was run, on what, with what, for how long."""
    return {
        "mutau": __version__,
        "review": review.title,
        "review_sha256": _sha256(review.folder / "review.toml"),
        "about": {"citation": review.citation, "note": review.note},
        "seed": seed,
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
                "answers": plain_rows(outcome.compared),
            }
            for outcome in result.outcomes
        ],
        "pooled_outcomes": [
            {
                "model": alone.model.name,
                "title": alone.model.title,
                "said": result.said[alone.model.name],
                "answers": plain_rows(alone.to_frame()),
            }
            for alone in result.pooled
        ],
    }


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give a frame's rows as plain values; what is missing or infinite is None."""
    missing = frame.isna() | frame.isin([np.inf, -np.inf])
    rows = frame.astype(object).mask(missing, None).to_dict("records")
    return [{str(name): value for name, value in row.items()} for row in rows]


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
