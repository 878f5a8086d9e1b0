"""`fit_many` and `pool_many` answer like `fit` and `pool`, row for row, and say what is wrong with a table."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
import mutau.classic
from mutau import priors
from mutau.errors import ArgumentError, DataWarning, StudyDataError

DATA = Path(__file__).parents[1] / "data"
MODEL = mutau.OutcomeModel(name="all", measure="RR", benefit="lower")
ROUNDING = 1e-10  # the studies are sorted first, so sums run in another order


def counts():
    rng = np.random.default_rng(2)
    sizes = [1, 2, 3, 6]
    rows = [
        {
            "meta_analysis": name, "study": f"study {i}", "events_treatment": rng.integers(1, 20), "n_treatment": 60,
            "events_control": rng.integers(1, 25), "n_control": 55, "field": "a",
        }
        for name, size in zip("dbca", sizes, strict=True)
        for i in range(size)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_every_meta_analysis_has_the_answers_of_its_own_fit():
    table = counts()
    found = mutau.fit_many(table, MODEL, prob=0.9)
    assert list(found["meta_analysis"].unique()) == ["a", "b", "c", "d"]
    for name, rows in found.groupby("meta_analysis"):
        own = table[table["meta_analysis"] == name].drop(columns="meta_analysis")
        fitted = mutau.fit(own, MODEL, engine="exact", seed=1)
        by = rows.set_index("quantity")
        assert (by["k"] == fitted.k).all()
        for quantity, scale in (("mu", "natural"), ("theta_new", "natural"), ("tau", "analysis")):
            expected = mutau.interval(fitted, quantity, 0.9, scale)
            np.testing.assert_allclose(
                by.loc[quantity, ["lower", "upper"]].to_numpy(float),
                [expected.lower, expected.upper],
                rtol=ROUNDING,
            )
            assert by.loc[quantity, "scale"] == scale
        chance = mutau.probability_of_benefit(fitted)
        assert by.loc["mu", "p_benefit"] == pytest.approx(chance.benefit, rel=ROUNDING)
        assert by.loc["theta_new", "p_harm"] == pytest.approx(chance.harm_new, rel=ROUNDING)
        assert by.loc["mu", "log_marginal"] == pytest.approx(fitted.exact.log_marginal, abs=ROUNDING)


def test_order_of_rows_and_threads_change_no_bit():
    table = counts()
    reference = mutau.fit_many(table, MODEL)
    for seed in range(3):
        shuffled = table.sample(frac=1, random_state=seed)
        pd.testing.assert_frame_equal(
            mutau.fit_many(shuffled, MODEL, threads=seed + 1), reference, check_exact=True
        )


def test_a_study_table_and_a_selection():
    studies = mutau.read_studies(DATA / "pip" / "studies.csv")
    model = replace(mutau.load_model(DATA.parent / "models" / "secure.toml"), likelihood="normal")
    attachment = [f"Infant attachment: {kind}" for kind in ("secure", "insecure to secure")]
    frame = studies.wide()
    both = mutau.fit_many(frame[frame["outcome"].isin(attachment)], mutau.OutcomeModel(
        name="all", measure="RR", benefit="higher"), by="outcome")  # fmt: skip
    only = mutau.fit_many(studies, model, by="outcome")
    pd.testing.assert_frame_equal(
        only.reset_index(drop=True), both[both["outcome"] == attachment[0]].reset_index(drop=True)
    )


def test_what_is_wrong_with_a_table_is_said_at_once():
    table = counts().astype({"meta_analysis": object})
    table.loc[2, "meta_analysis"] = None
    table.loc[4, "study"] = table.loc[3, "study"]
    with pytest.raises(StudyDataError) as error:
        mutau.fit_many(table, MODEL)
    text = str(error.value)
    assert "the cell is empty" in text
    assert "stands again in meta_analysis" in text
    with pytest.raises(ArgumentError, match="no column 'meta'") as unknown:
        mutau.fit_many(table, MODEL, by="meta")
    assert "meta_analysis" in str(unknown.value)


def test_many_faults_are_counted_not_listed():
    table = pd.DataFrame({"meta_analysis": [None] * 500, "yi": 0.1, "sei": 0.2})
    with pytest.raises(StudyDataError) as error:
        mutau.fit_many(table, mutau.OutcomeModel(name="all", measure="SMD", benefit="lower"))
    assert "480 more rows have this fault" in str(error.value)
    assert len(str(error.value)) < 6000


def test_an_effect_that_does_not_exist_names_its_row():
    table = counts()
    table.loc[0, "events_treatment"] = 0
    model = mutau.OutcomeModel(
        name="all", measure="RR", benefit="lower", zero_cells=mutau.outcomes.ZeroCells(to="none")
    )
    with pytest.raises(StudyDataError, match="no RR can be computed"):
        mutau.fit_many(table, model)
    with pytest.warns(DataWarning, match="added"):
        assert len(mutau.fit_many(table, MODEL)) == 12


def test_a_prior_without_a_rule_is_refused_with_the_way_out():
    model = mutau.OutcomeModel(name="all", measure="RR", benefit="lower", mu_prior=priors.Uniform(-1, 1))
    with pytest.raises(ArgumentError, match=r"call mutau\.fit on each"):
        mutau.fit_many(counts(), model)


def test_the_note_says_why_something_is_nan():
    model = mutau.OutcomeModel(
        name="all", measure="RR", benefit="lower", mu_prior=priors.Flat(), tau_prior=priors.HalfCauchy(0.5)
    )
    found = mutau.fit_many(counts(), model)
    assert found.loc[found["k"] == 1, "sd"].isna().all()
    assert "improper" in found.attrs["note"]


@pytest.mark.parametrize(
    ("tau2", "ci", "prediction", "tau2_ci"),
    [
        ("REML", "HK", "HTS", "QP"), ("REML", "KR", "KR(df-1)", "wald"), ("DL", "cochrane", "HK(k-2)", "QP"),
        ("PMM", "HK-adhoc", "HK", "QP"), ("SJ", "t", "normal", "wald"), ("CE", "wald", "HTS", "QP"),
    ],
)  # fmt: skip
def test_every_meta_analysis_has_the_classic_answers_of_its_own_pooling(tau2, ci, prediction, tau2_ci):
    """The same bits: ratios of 1 to 6 studies, one set of equal effects, one with two maxima of the likelihood."""
    chosen = {"tau2": tau2, "ci": ci, "prediction": prediction, "tau2_ci": tau2_ci, "prob": 0.9}
    ready = mutau.effects(counts(), measure="RR").assign(meta_analysis=counts()["meta_analysis"].to_numpy())
    odd = {
        "equal": ([0.1] * 3, [1e-4, 0.3, 2.0]),
        "two": ([-6.11, -0.93, 0.74, 0.94], [6.515, 0.614, 0.003, 0.045]),
    }
    extra = [pd.DataFrame({"meta_analysis": name, "yi": y, "vi": v}) for name, (y, v) in odd.items()]
    table = pd.concat([ready[["meta_analysis", "yi", "vi"]], *extra], ignore_index=True)
    many = mutau.pool_many(table, **chosen, threads=2)
    assert list(many["meta_analysis"]) == ["a", "b", "c", "d", "equal", "two"]
    for row in many.itertuples():
        own = table[table["meta_analysis"] == row.meta_analysis]
        pooled = mutau.pool(yi=own["yi"], vi=own["vi"], **chosen)
        for name in set(many.columns) - {"meta_analysis", "maxima"}:
            np.testing.assert_array_equal(getattr(row, name), getattr(pooled, name), err_msg=name)
    assert any("One study" in note and "1 of 6 sets" in note for note in many.attrs["notes"])
    assert any("several maxima" in note for note in many.attrs["notes"]) == (tau2 == "REML")


def test_what_many_sets_cannot_have_is_said_all_at_once():
    with pytest.raises(ArgumentError) as caught:
        mutau.pool_many(counts(), "RRR", ci="permutation", prediction="NNF", tau2_ci="BJ", add=-1)
    assert len(caught.value.faults) == 5
    with pytest.raises(ArgumentError, match="no column 'meta_analyses'"):
        mutau.pool_many(counts(), "RR", by="meta_analyses")


def test_a_search_that_fails_is_counted(monkeypatch):
    monkeypatch.setattr("mutau.classic.pooled_mean.STEPS", 1)
    many = mutau.classic.inverse_variance_many(
        [0.0, 2.0, 5.0, 1.0], [0.01, 0.2, 3.0, 1.0], [3, 1], tau2="REML"
    )
    assert np.isnan([*many.tau2, many.estimate[0]]).all()
    assert many.estimate[1] == 1.0
    assert any("search for tau2" in note and "1 of 2 sets" in note for note in many.notes)
