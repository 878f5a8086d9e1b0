"""mutau: Bayesian random-effects meta-analysis beside classic pooling.

mu is the mean effect, tau the between-study standard deviation. A few trials, one table::

    import mutau

    studies = mutau.read_studies("data/pip/studies.csv")
    model = mutau.load_model("models/secure.toml")
    fit = mutau.fit(studies, model, seed=1)
    print(mutau.probability_of_benefit(fit))
    print(mutau.compare(fit))

Importing mutau is quick; each name loads what it needs when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mutau import errors, exact, extraction, priors
    from mutau.batches import fit_many, pool_many
    from mutau.both_arms import bivariate
    from mutau.comparing import compare, compare_likelihoods
    from mutau.decisions import decide
    from mutau.diagnostics import diagnose
    from mutau.fitting import Fit, fit, pymc_model
    from mutau.grading import evidence_profile, summary_of_findings
    from mutau.living import update
    from mutau.measures import MEASURES, effects
    from mutau.multiarm import combine_arms, compare_shared_arms, shared_arms, split_arms
    from mutau.outcomes import OutcomeModel, load_model, load_review
    from mutau.pooled_only import pooled
    from mutau.pooling import pool
    from mutau.regression import regress
    from mutau.review import check_review, run_review
    from mutau.sampling import SamplingSettings
    from mutau.sensitivities import sensitivity
    from mutau.studies import StudyTable, read_studies
    from mutau.summaries import benefit_by_tau, interval, probabilities, probability_of_benefit, summary
    from mutau.tables import Table
    from mutau.tabling import table

__version__ = "0.1.0"

_HOMES = {
    "Fit": "mutau.fitting",
    "MEASURES": "mutau.measures",
    "OutcomeModel": "mutau.outcomes",
    "SamplingSettings": "mutau.sampling",
    "StudyTable": "mutau.studies",
    "Table": "mutau.tables",
    "benefit_by_tau": "mutau.summaries",
    "bivariate": "mutau.both_arms",
    "check_review": "mutau.review",
    "combine_arms": "mutau.multiarm",
    "compare": "mutau.comparing",
    "compare_likelihoods": "mutau.comparing",
    "compare_shared_arms": "mutau.multiarm",
    "decide": "mutau.decisions",
    "diagnose": "mutau.diagnostics",
    "effects": "mutau.measures",
    "evidence_profile": "mutau.grading",
    "fit": "mutau.fitting",
    "fit_many": "mutau.batches",
    "interval": "mutau.summaries",
    "load_model": "mutau.outcomes",
    "load_review": "mutau.outcomes",
    "pool": "mutau.pooling",
    "pool_many": "mutau.batches",
    "pooled": "mutau.pooled_only",
    "probabilities": "mutau.summaries",
    "probability_of_benefit": "mutau.summaries",
    "pymc_model": "mutau.fitting",
    "read_studies": "mutau.studies",
    "regress": "mutau.regression",
    "run_review": "mutau.review",
    "sensitivity": "mutau.sensitivities",
    "shared_arms": "mutau.multiarm",
    "split_arms": "mutau.multiarm",
    "summary": "mutau.summaries",
    "summary_of_findings": "mutau.grading",
    "table": "mutau.tabling",
    "update": "mutau.living",
}
_MODULES = ("errors", "exact", "extraction", "priors")

__all__ = [
    "MEASURES",
    "Fit",
    "OutcomeModel",
    "SamplingSettings",
    "StudyTable",
    "Table",
    "benefit_by_tau",
    "bivariate",
    "check_review",
    "combine_arms",
    "compare",
    "compare_likelihoods",
    "compare_shared_arms",
    "decide",
    "diagnose",
    "effects",
    "errors",
    "evidence_profile",
    "exact",
    "extraction",
    "fit",
    "fit_many",
    "interval",
    "load_model",
    "load_review",
    "pool",
    "pool_many",
    "pooled",
    "priors",
    "probabilities",
    "probability_of_benefit",
    "pymc_model",
    "read_studies",
    "regress",
    "run_review",
    "sensitivity",
    "shared_arms",
    "split_arms",
    "summary",
    "summary_of_findings",
    "table",
    "update",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"mutau.{name}")
    if name in _HOMES:
        value = getattr(importlib.import_module(_HOMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'mutau' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
