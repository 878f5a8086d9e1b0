"""Write a run: each outcome's folder whole or not at all, then the review's own files, ``run.json`` last."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mutau import __version__, tables
from mutau.fitting import Fit
from mutau.outcomes.defaults import OWN
from mutau.pooled_only.files import file_contents, run_entry

if TYPE_CHECKING:
    from mutau.report import OutcomePage

from mutau.review.records import OutcomeResult, ReviewResult

__all__ = ["write"]


def write(result: ReviewResult, seed: int) -> None:
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
