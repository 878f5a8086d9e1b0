"""Diagnostics and tests of asymmetry against metafor, and against R's lm on the papers' formulas."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mutau import diagnostics
from mutau.errors import ApproximationWarning, ArgumentError

REFERENCE = json.loads(
    (Path(__file__).parents[1] / "reference" / "metafor_diagnostics.json").read_text(encoding="utf-8")
)
ARRAYS, COUNTS = REFERENCE["arrays"], REFERENCE["counts"]
CLOSED = 1e-6  # closed forms; the stored digits are 15
ITERATIVE = 1e-5  # REML, which metafor stops at an absolute change
METHODS = {"CE": ("EE", CLOSED), "DL": ("DL", CLOSED), "REML": ("REML", ITERATIVE)}
CASES = [(name, tau2) for name in ARRAYS for tau2 in METHODS]

pytestmark = pytest.mark.filterwarnings("ignore::mutau.errors.ApproximationWarning")


def close(found, expected, rtol, scale=1e-9):
    expected = np.array([np.nan if one is None else one for one in np.atleast_1d(expected)], dtype=float)
    np.testing.assert_allclose(np.atleast_1d(found), expected, rtol=rtol, atol=scale)


@pytest.fixture(params=CASES, ids="-".join)
def case(request):
    name, tau2 = request.param
    data = ARRAYS[name]
    key, rtol = METHODS[tau2]
    return data, data[key], {"yi": data["yi"], "vi": data["vi"], "tau2": tau2}, rtol


def test_leave_one_out(case):
    _, expected, given, rtol = case
    found = diagnostics.leave_one_out(**given, ci="wald")
    names = {
        "estimate": "estimate",
        "se": "se",
        "p_value": "pval",
        "lower": "ci.lb",
        "upper": "ci.ub",
        "q": "Q",
    }
    for ours, theirs in names.items():
        close(getattr(found, ours), expected["leave1out"][theirs], rtol)
    if given["tau2"] != "CE":
        close(found.tau2, expected["leave1out"]["tau2"], rtol, scale=1e-7 * max(given["vi"]))


def test_influence(case):
    _, expected, given, rtol = case
    found = diagnostics.influence(**given)
    names = {
        "cook_d": "cook.d",
        "cov_r": "cov.r",
        "qe_deleted": "QE.del",
    }
    names |= {name: name for name in ("rstudent", "dffits", "hat", "weight")}
    for ours, theirs in names.items():
        close(getattr(found, ours), expected["influence"][theirs], rtol, scale=1e-6)
    close(found.tau2_deleted, expected["influence"]["tau2.del"], rtol, scale=1e-7 * max(given["vi"]))
    close(found.dfbetas, expected["dfbetas"], rtol, scale=1e-6)
    assert list(found.influential) == expected["influential"]


def test_baujat_and_radial(case):
    _, expected, given, rtol = case
    shares, spokes = diagnostics.baujat(**given), diagnostics.radial(**given)
    close(shares.x, expected["baujat"]["x"], rtol)
    close(shares.y, expected["baujat"]["y"], rtol, scale=1e-7)
    close(spokes.x, expected["radial"]["x"], rtol)
    close(spokes.z, expected["radial"]["z"], rtol)


def test_normal_quantiles(case):
    _, expected, given, rtol = case
    found = diagnostics.normal_quantiles(**given)
    close(found.theoretical, expected["qq"]["x"], CLOSED)
    close(found.sample, expected["qq"]["y"], rtol, scale=1e-6)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("estimator", diagnostics.TRIM_ESTIMATORS)
def test_trim_and_fill(case, estimator, side):
    _, expected, given, rtol = case
    found = diagnostics.trim_and_fill(**given, estimator=estimator, side=side, ci="wald")
    expected = expected["trimfill"][estimator][side]
    if not expected:
        assert np.isnan(found.k0)
        assert found.pooled is None
        assert any("does not exist" in note for note in found.notes)
        return
    assert found.k0 == expected["k0"]
    if expected["se_k0"] is not None:
        close(found.k0_se, expected["se_k0"], CLOSED)
    close([found.pooled.estimate, found.pooled.se], [expected["estimate"], expected["se"]], rtol)
    close([y for y, filled in zip(found.yi, found.filled, strict=True) if filled], expected["filled"], rtol)


def test_the_side_is_metafors(case):
    _, expected, given, _ = case
    assert diagnostics.trim_and_fill(**given).side == expected["side"]


def test_egger_mixed(case):
    data, expected, given, rtol = case
    for predictor, row in expected["regtest"].items():
        found = diagnostics.egger(**given, sizes=data["ni"], model="rma", predictor=predictor)
        close(
            [found.estimate, found.se, found.statistic],
            [row[n] for n in ("estimate", "se", "statistic")],
            rtol,
        )
        close(found.p_value, row["p_value"], rtol)
        if row["limit"]:
            close(
                [found.limit, found.limit_lower, found.limit_upper],
                [row[n] for n in ("limit", "lower", "upper")],
                rtol,
            )


@pytest.mark.parametrize("name", ARRAYS)
def test_egger_and_begg(name):
    data = ARRAYS[name]
    given = {"yi": data["yi"], "vi": data["vi"]}
    for predictor, row in data["lm"].items():
        found = diagnostics.egger(**given, sizes=data["ni"], predictor=predictor)
        close(
            [found.statistic, found.df, found.p_value], [row["statistic"], row["df"], row["p_value"]], CLOSED
        )
        if row["limit"]:
            close(
                [found.limit, found.limit_lower, found.limit_upper],
                [row[n] for n in ("limit", "lower", "upper")],
                CLOSED,
            )
    rank = diagnostics.begg(**given)
    close([rank.estimate, rank.p_value], [data["ranktest"]["tau"], data["ranktest"]["p_value"]], CLOSED)


@pytest.mark.parametrize("name", COUNTS)
def test_harbord_peters_and_deeks(name):
    data = COUNTS[name]
    table = pd.DataFrame({key: value for key, value in data.items() if isinstance(value, list)})
    for test in ("harbord", "peters", "deeks"):
        found = getattr(diagnostics, test)(table)
        close([getattr(found, key) for key in data[test]], list(data[test].values()), CLOSED)


def test_gosh():
    seen = 0
    for data in ARRAYS.values():
        for tau2, (key, rtol) in METHODS.items():
            if "gosh" not in data[key]:
                continue
            seen += 1
            expected = data[key]["gosh"]
            found = diagnostics.gosh(yi=data["yi"], vi=data["vi"], tau2=tau2)
            order = np.argsort(expected["incl"])
            assert found.complete
            assert [sum(2**i for i in one) for one in found.subset] == sorted(expected["incl"])
            close(found.estimate, np.array(expected["estimate"])[order], rtol, scale=1e-7)
            close(found.q, np.array(expected["q"])[order], rtol)
    assert seen


def test_warnings_say_how_many_studies():
    with pytest.warns(ApproximationWarning, match="rests on 4 studies"):
        found = diagnostics.egger(yi=[0.1, 0.3, 0.5, 0.9], sei=[0.1, 0.2, 0.3, 0.4])
    assert "4 studies" in str(found)
    assert found.to_frame().loc[0, "k"] == 4


def test_pet_peese_are_eggers_limits():
    data = ARRAYS["bcg"]
    found = diagnostics.pet_peese(yi=data["yi"], vi=data["vi"])
    close([found.pet, found.peese], [data["lm"]["sei"]["limit"], data["lm"]["vi"]["limit"]], CLOSED)
    assert found.chosen == "PET"


def test_frames_have_a_row_per_study():
    data = ARRAYS["bcg"]
    given = {"yi": data["yi"], "vi": data["vi"], "tau2": "DL"}
    for name in ("leave_one_out", "influence", "baujat", "radial", "normal_quantiles"):
        assert len(getattr(diagnostics, name)(**given).to_frame()) == 13
    drawn = diagnostics.gosh(**given, subsets=20, seed=3)
    assert len(drawn.to_frame()) == 20
    assert drawn == diagnostics.gosh(**given, subsets=20, seed=3)


def test_wrong_arguments_are_said_together():
    with pytest.raises(ArgumentError) as caught:
        diagnostics.egger(yi=[1, 2, 3], vi=[1, 1, 2], model="glm", predictor="n")
    assert len(caught.value.faults) == 2
    with pytest.raises(ArgumentError, match="at least 3 studies"):
        diagnostics.egger(yi=[1, 2], vi=[1, 2])
    with warnings.catch_warnings(), pytest.raises(ArgumentError, match="differ between studies"):
        diagnostics.egger(yi=[1, 2, 3], vi=[1, 1, 1])


def test_studies_of_equal_precision_have_no_slope_and_no_side():
    equal = {"yi": [1, 2, 3, 5], "vi": [1, 1, 1, 1]}
    with pytest.raises(ArgumentError, match="differ between studies"):
        diagnostics.egger(**equal, model="rma")
    with pytest.raises(ArgumentError, match="Say side"):
        diagnostics.trim_and_fill(**equal)
    assert diagnostics.trim_and_fill(**equal, side="left").k0 >= 0


def test_a_table_and_a_model_are_read_as_pooling_reads_them():
    from mutau import OutcomeModel, pool

    data = COUNTS["bcg"]
    table = pd.DataFrame({key: value for key, value in data.items() if isinstance(value, list)})
    table.insert(0, "study", [f"trial {i}" for i in range(len(table))])
    model = OutcomeModel(name="tb", measure="RR", benefit="lower")
    by_code, by_model = (diagnostics.leave_one_out(table, measure=m, tau2="DL") for m in ("RR", model))
    assert by_code == by_model
    assert by_code.study[0] == "trial 0"
    assert by_code.whole.estimate == pool(table, measure="RR", tau2="DL").estimate
    assert diagnostics.peters(table, measure=model).p_value == diagnostics.peters(table).p_value
    assert diagnostics.egger(table, measure="RR", predictor="ninv").k == 13


def test_a_studies_file_is_read_too():
    from mutau import read_studies

    studies = read_studies(Path(__file__).parents[2] / "data" / "bcg" / "bcg.csv")
    found = diagnostics.harbord(studies)
    close(
        [found.statistic, found.p_value],
        [COUNTS["bcg"]["harbord"][n] for n in ("statistic", "p_value")],
        CLOSED,
    )
    assert diagnostics.influence(studies, measure="RR").study[3] == "Hart & Sutherland 1977"


def test_sizes_are_numbers_of_participants():
    with pytest.raises(ArgumentError, match="above 0"):
        diagnostics.egger(yi=[1, 2, 3], vi=[1, 1, 2], sizes=[0, 1, 2], predictor="ninv")
