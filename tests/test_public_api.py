"""Every public name works, also after every submodule has been imported, and stays what it was."""

import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau import priors

ROOT = Path(__file__).parents[1]
PIP = ROOT / "data" / "pip" / "studies.csv"
SMALL = ROOT / "tests" / "data" / "small_review"
SECURE = ROOT / "models" / "secure.toml"
DEPRESSION = ROOT / "models" / "depression_incidence.toml"
RESULT_FIELDS = [
    *("estimate", "se", "lower", "upper", "p_value", "tau2", "q", "q_p_value", "i2", "h2"),
    *("prediction_lower", "prediction_upper"),
]


def import_everything():
    for module in pkgutil.walk_packages(mutau.__path__, "mutau."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def effects_of(studies):
    return pd.DataFrame({"study": studies, "yi": 0.2, "sei": 0.1})


def of_effects(studies):
    model = mutau.OutcomeModel(name="m", measure="SMD", benefit="lower")
    return mutau.fit(effects_of(studies), model, engine="exact", seed=1)


def calls(secure, tmp_path):
    """One call per public name, in the way the README and the stable entry points promise."""
    counts = mutau.StudyTable.from_frame(pd.read_csv(PIP)).select(outcome="Infant attachment: secure")
    exactly = mutau.fit(mutau.read_studies(PIP), mutau.load_model(SECURE), engine="exact", seed=1)
    return {
        "MEASURES": lambda: mutau.MEASURES["RR"].name,
        "Fit": lambda: isinstance(secure, mutau.Fit),
        "OutcomeModel": lambda: mutau.OutcomeModel(name="m", measure="RR", benefit="lower").measure,
        "SamplingSettings": lambda: mutau.SamplingSettings(chains=2).chains,
        "StudyTable": lambda: mutau.StudyTable.from_frame(pd.read_csv(PIP)).k,
        "Table": lambda: isinstance(mutau.table(secure), mutau.Table),
        "benefit_by_tau": lambda: len(mutau.benefit_by_tau(exactly)),
        "bivariate": lambda: mutau.bivariate(mutau.read_studies(ROOT / "data" / "bcg" / "bcg.csv")).k,
        "check_review": lambda: len(mutau.check_review(ROOT / "models", only="secure")[1]),
        "compare_likelihoods": lambda: len(mutau.compare_likelihoods(exactly)),
        "combine_arms": lambda: len(mutau.combine_arms(counts)),
        "compare_shared_arms": lambda: len(mutau.compare_shared_arms(counts)),
        "shared_arms": lambda: mutau.shared_arms(counts).measure,
        "split_arms": lambda: len(mutau.split_arms(counts)),
        "compare": lambda: len(mutau.compare(secure, {})),
        "decide": lambda: mutau.decide(exactly, baselines=0.02, alternatives={}).importance.actions,
        "diagnose": lambda: mutau.diagnose(counts, measure="RR").k,
        "effects": lambda: list(mutau.effects(counts.wide(), measure="RR")["vi"]),
        "errors": lambda: mutau.errors.MutauError.__name__,
        "exact": lambda: mutau.exact.normal([0.1, 0.4], [0.2, 0.3]).mu.mean,
        "extraction": lambda: mutau.extraction.sd_from_se("0.6", 50).value,
        "fit_many": lambda: len(mutau.fit_many(counts.wide(), secure.model, by="outcome")),
        "pool_many": lambda: len(mutau.pool_many(counts.wide(), "RR", by="outcome")),
        "fit": lambda: (
            mutau.fit(mutau.read_studies(PIP), mutau.load_model(SECURE), engine="auto", seed=1).engine.seed
        ),
        "interval": lambda: mutau.interval(secure).lower,
        "load_model": lambda: mutau.load_model(SECURE).name,
        "load_review": lambda: mutau.load_review(ROOT / "models").title,
        "regress": lambda: mutau.regress(yi=[0.1, 0.4, 0.2], sei=[0.1, 0.2, 0.1], moderators=[1, 2, 4]).tau2,
        "pool": lambda: mutau.pool(yi=np.array([0.1, 0.4]), vi=np.array([0.1, 0.2])).estimate,
        "pooled": lambda: mutau.pooled(mutau.load_model(DEPRESSION)).conditional.benefit,
        "priors": lambda: str(mutau.priors.Normal(0, 4)),
        "probabilities": lambda: len(mutau.probabilities(secure)),
        "probability_of_benefit": lambda: float(mutau.probability_of_benefit(secure)),
        "pymc_model": lambda: len(
            mutau.pymc_model(mutau.read_studies(PIP), mutau.load_model(SECURE)).free_RVs
        ),
        "read_studies": lambda: mutau.read_studies(PIP).k,
        "run_review": lambda: len(
            mutau.run_review(SMALL, tmp_path, only="pain", engine="exact", level=None).outcomes
        ),
        "sensitivity": lambda: len(mutau.sensitivity(exactly).named),
        "evidence_profile": lambda: len(mutau.evidence_profile([exactly]).rows),
        "summary": lambda: len(mutau.summary(secure)),
        "summary_of_findings": lambda: len(mutau.summary_of_findings([exactly]).rows),
        "table": lambda: mutau.table(secure, "data").to_markdown(),
        "update": lambda: len(mutau.update(of_effects(["a", "b"]), effects_of(["c"])).to_frame()),
    }


def test_every_public_name_called_twice_after_importing_everything(secure, tmp_path):
    import_everything()
    todo = calls(secure, tmp_path)
    assert set(todo) == set(mutau.__all__)
    for name, call in todo.items():
        assert call() == call(), name


def test_all_is_sorted_and_complete():
    assert mutau.__all__ == sorted(mutau.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
    assert set(mutau.__all__) <= set(dir(mutau))
    for name in mutau.__all__:
        assert getattr(mutau, name).__doc__ or name == "MEASURES"


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'pooling_'"):
        _ = mutau.pooling_


def test_pool_by_every_stated_way():
    yi, vi = np.array([0.1, 0.4, 0.3]), np.array([0.1, 0.2, 0.05])
    for tau2 in ("CE", "DL", "PM", "REML"):
        for ci in ("wald", "HK", "HK-adhoc", "cochrane"):
            result = mutau.pool(yi=yi, vi=vi, tau2=tau2, ci=ci)
            assert all(isinstance(getattr(result, field), float) for field in RESULT_FIELDS)


def test_priors_are_reached_by_attribute():
    assert mutau.priors.Normal(0, 4) == priors.Normal(0, 4)
    assert mutau.priors.Flat().is_proper is False
    assert mutau.priors.HalfNormal(0.5).label == "half-normal(0.5)"
