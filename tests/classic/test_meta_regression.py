"""Meta-regression against metafor (tight control), its equivariance, its edges and its faults."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import integrate

from mutau.classic import inverse_variance, meta_regression
from mutau.classic.quadratic import chi_squared_sum
from mutau.classic.regression import residual_tau2
from mutau.classic.regression.designs import project
from mutau.errors import ArgumentError

REFERENCE = json.loads((Path(__file__).parents[1] / "reference" / "regression.json").read_text())
DATA = [name for name in REFERENCE if name != "meta"]

CLOSED_FORM = 1e-10  # the same sums in another order
ITERATIVE = 1e-8  # metafor stopped at a change of 1e-13 in tau2 near 1
FAR_OFF = 2e-8  # years are 300 times their spread: metafor's normal equations square that, and a p-value enlarges it
PROFILE = 1e-6  # metafor's limits of the profile likelihood: uniroot on a curve that is flat there
AT_ZERO = 1e-12  # of the mean sampling variance: metafor ends its search a little above 0 where tau2 is 0
EQUIVARIANT = 1e-12
SEARCHED = ("ML", "REML", "EB", "PM", "PMM")
CI = {"t": "t", "knha": "HK", "adhoc": "HK-adhoc", "robust": "robust", "white": "robust-HC0"}


def given(name):
    block = REFERENCE[name]
    x = np.column_stack([np.array(column, dtype=float) for column in block["x"].values()])
    return np.array(block["yi"]), np.array(block["vi"]), x


def number(result, name):
    test = result.moderators
    return (
        {"qm": test.statistic, "qm_p_value": test.p_value}[name]
        if name[:2] == "qm"
        else getattr(result, name)
    )


def agree(found, expected, tolerance, at_zero=0.0):
    if expected is None or (isinstance(expected, list) and None in expected):
        return True
    return found == pytest.approx(
        tuple(expected) if isinstance(expected, list) else expected, rel=tolerance, abs=at_zero
    )


@pytest.mark.parametrize("data", DATA)
def test_estimators_equal_metafors(data):
    yi, vi, x = given(data)
    far = data in ("bcg_ablat_year", "jackson2014_2")
    zero = {"tau2": AT_ZERO * float(np.mean(vi)), "i2": 1e-9}
    for method, expected in REFERENCE[data]["fits"].items():
        result = meta_regression(yi, vi, x, tau2=method)
        tolerance = FAR_OFF if far else ITERATIVE if method in SEARCHED else CLOSED_FORM
        for name, value in expected.items():
            found = number(result, name)
            if name == "r2" and math.isnan(found):
                assert (value, result.tau2_without) == (0, 0)
                assert any(note.startswith("No R2: tau2 without moderators is 0") for note in result.notes)
                continue
            loose = 100 * tolerance if name.endswith("p_value") else tolerance
            assert agree(found, value, min(loose, ITERATIVE) if not far else loose, zero.get(name, 0)), (
                method,
                name,
            )


@pytest.mark.parametrize("data", DATA)
def test_tests_and_intervals_of_coefficients_equal_metafors(data):
    yi, vi, x = given(data)
    for key, expected in REFERENCE[data]["tests"].items():
        method, test = key.split("_")
        result = meta_regression(yi, vi, x, tau2=method, ci=CI[test])
        for name, value in expected.items():
            assert agree(number(result, name), value, FAR_OFF), (key, name)


@pytest.mark.parametrize("data", DATA)
def test_intervals_of_tau2_i2_and_h2_equal_metafors(data):
    yi, vi, x = given(data)
    compared = 0
    for key, expected in REFERENCE[data]["intervals"].items():
        kind, method = key.split("_")
        if None in expected:
            continue
        result = meta_regression(yi, vi, x, tau2=method, tau2_ci=kind)
        found = [
            getattr(result, f"{what}_{end}") for what in ("tau2", "i2", "h2") for end in ("lower", "upper")
        ]
        sizes = np.array([AT_ZERO * np.mean(vi)] * 2 + [1e-9] * 4)
        apart = np.abs(np.array(found) - expected) - sizes
        assert np.all(apart <= (PROFILE if kind == "PL" else FAR_OFF) * np.abs(expected)), key
        compared += 1
    assert compared >= 6


@pytest.mark.parametrize("data", DATA)
def test_predictions_equal_metafors(data):
    yi, vi, x = given(data)
    at = np.column_stack(list(REFERENCE[data]["at"].values()))
    for key, expected in REFERENCE[data]["predictions"].items():
        ci, prediction = key.split("_")
        found = meta_regression(yi, vi, x, ci=ci, prediction=prediction).predict_rows(at)
        size = float(np.sqrt(np.mean(vi)))
        for name, value in expected.items():
            assert agree(getattr(found, name), value, FAR_OFF, 1e-9 * size), (key, name)


@pytest.mark.parametrize("tau2", ["CE", "DL", "REML", "ML", "PM", "SJ"])
def test_results_move_with_the_units(tau2):
    """Other units of the effects, and of a moderator."""
    for data in ("bcg_ablat_year", "linde2005", "one_of_a_kind"):
        yi, vi, x = given(data)
        plain = meta_regression(yi, vi, x, tau2=tau2, ci="HK", tau2_ci="QP")
        for effect, moderator in ((3.7, 1.0), (1e-7, 1e-3), (3e8, 7e11)):
            units = np.array([1.0] + [moderator] * (x.shape[1] - 1))
            scaled = meta_regression(yi * effect, vi * effect**2, x * units, tau2=tau2, ci="HK")
            for name in ("estimate", "se", "lower", "upper"):
                expected = np.array(getattr(plain, name)) * effect / units
                assert getattr(scaled, name) == pytest.approx(expected, rel=EQUIVARIANT), (data, name)
            for name in ("statistic", "r2", "i2", "h2", "qe"):
                same = pytest.approx(getattr(plain, name), rel=EQUIVARIANT, nan_ok=True)
                assert getattr(scaled, name) == same, (data, name)
            for name in ("tau2", "tau2_se", "tau2_lower", "tau2_upper"):
                expected = getattr(plain, name) * effect**2
                assert getattr(scaled, name) == pytest.approx(expected, rel=EQUIVARIANT, nan_ok=True), (
                    data,
                    name,
                )


@pytest.mark.parametrize(
    "tau2",
    ["CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "PM", "PMM", "GENQ", "GENQM", "GENQM(1/vi)", "DL2"],
)
def test_a_regression_on_nothing_is_a_pooled_mean(tau2):
    yi, vi, _ = given("bcg_ablat")
    pooled = inverse_variance(yi, vi, tau2=tau2, ci="HK", tau2_ci="J", prediction="HK(k-2)")
    result = meta_regression(yi, vi, np.ones((13, 1)), tau2=tau2, ci="HK", tau2_ci="J", prediction="HK(k-2)")
    assert (*result.estimate, *result.se, *result.lower) == pytest.approx(
        (pooled.estimate, pooled.se, pooled.lower)
    )
    for name in ("tau2", "tau2_se", "tau2_lower", "tau2_upper", "i2", "h2"):
        assert getattr(result, name) == pytest.approx(getattr(pooled, name), rel=1e-12, nan_ok=True), name
    there = result.predict_rows([[1.0]])
    limits = [pooled.prediction_lower, pooled.prediction_upper]
    assert [*there.prediction_lower, *there.prediction_upper] == pytest.approx(limits, nan_ok=True)


def test_a_study_of_its_own_kind_leaves_the_others_alone():
    """One indicator for one study: its coefficient takes that study out, whatever its weight."""
    yi, vi, _ = given("one_of_a_kind")
    others = inverse_variance(yi[1:], vi[1:], tau2="REML")
    for variance in (1e-3, 1e-9, 1e6):
        result = meta_regression(yi, [variance, *vi[1:]], [1, 0, 0, 0, 0, 0], tau2="REML")
        assert result.tau2 == pytest.approx(others.tau2, rel=1e-10)
        apart = np.array(result.estimate) - [others.estimate, yi[0] - others.estimate]
        assert np.all(np.abs(apart) <= EQUIVARIANT * np.array(result.se))


def test_the_highest_of_several_maxima_is_taken():
    yi = [
        0.06326797958033235,
        0.025544888565161974,
        0.17583433793654513,
        -0.8684227265447421,
        1.3750450664078824,
    ]
    vi = [
        0.0003430965272074067,
        0.8364376778437076,
        0.001411521041927947,
        0.09488487973099259,
        0.044641033646040613,
    ]
    result = meta_regression(yi, vi, np.arange(5), tau2="ML", tau2_ci="PL")
    assert any("2 maxima" in note for note in result.notes)
    order = np.argsort(vi)
    basis = np.linalg.qr(np.column_stack([np.ones(5), np.arange(5)]))[0]
    model = residual_tau2.MixedModel(np.array(yi)[order], np.array(vi)[order], basis[order], 0.0)
    grid = [model.log_likelihood(tau**2, False) for tau in np.linspace(0, 5, 2001)]
    best = model.log_likelihood(result.tau2, False)
    assert result.log_likelihood == pytest.approx(best, rel=1e-12)
    assert max(grid) <= best <= max(grid) + 1e-4
    high = [
        tau**2 for tau, value in zip(np.linspace(0, 5, 2001), grid, strict=True) if value > best - 1.9207294
    ]
    assert [result.tau2_lower, result.tau2_upper] == pytest.approx([high[0], high[-1]], abs=0.03)


@pytest.mark.parametrize(("tau2", "tried"), [("REML", "2 halvings"), ("PM", "2 of Newton's steps")])
def test_a_search_that_ends_early_gives_nothing(tau2, tried, monkeypatch):
    monkeypatch.setattr(residual_tau2, "STEPS", 2)
    result = meta_regression([0.0, 3, 1, 4, 9], [0.1, 0.2, 0.1, 0.3, 0.2], [0, 1, 2, 3, 4], tau2=tau2)
    assert all(
        math.isnan(value) for value in (*result.estimate, *result.se, result.tau2, result.r2, result.i2)
    )
    assert result.qe == pytest.approx(90.1167, abs=1e-4)
    assert tried in result.notes[0]


def test_projections_against_plain_matrices():
    rng = np.random.default_rng(3)
    basis = np.linalg.qr(rng.normal(size=(9, 3)))[0]
    w, d = np.array([1e4, *rng.uniform(0.1, 3, 8)]), rng.uniform(0.1, 2, 9)
    p = project(basis, w)
    plain = np.diag(w) - w[:, None] * basis @ np.linalg.inv(basis.T @ (w[:, None] * basis)) @ (basis.T * w)
    assert p.trace() == pytest.approx(np.trace(plain), rel=1e-9)  # the plain one takes 1e4 from 1e4
    assert p.trace_of_square(d) == pytest.approx(np.trace(plain * d @ plain * d), rel=1e-8)
    y = rng.normal(size=9)
    assert p.quadratic(y) == pytest.approx(y @ plain @ y, rel=1e-9)


def imhof(q, weights):
    """P(sum of weighted chi-squared <= q), Imhof (1961, doi:10.1093/biomet/48.3-4.419); no contour, no product."""

    def integrand(u):
        turned = np.sum(np.arctan(weights * u)) / 2 - q * u / 2
        return math.sin(turned) / (u * np.prod((1 + (weights * u) ** 2) ** 0.25))

    return 0.5 - integrate.quad(integrand, 1e-12, np.inf, limit=2000)[0] / math.pi


@pytest.mark.parametrize(
    ("q", "weights"), [(3.0, [1, 2, 5]), (20.0, [0.1, 0.2, 0.3, 4, 5, 6, 7]), (0.7, [1] * 10)]
)
def test_sums_of_chi_squared_against_imhof(q, weights):
    each = np.array(weights, dtype=float)
    assert chi_squared_sum(q, each) == pytest.approx(imhof(q, each), abs=1e-7)


@pytest.mark.parametrize(("tau2", "power"), [("GENQM", 0.5), ("GENQM(1/vi)", 1.0)])
def test_median_unbiased_estimates_against_imhof(tau2, power):
    """metafor's GENQM needs a package that Debian lacks: Q lies below the observed with probability 1/2."""
    yi, vi, x = given("jackson2014_1")
    result = meta_regression(yi, vi, x, tau2=tau2)
    a = np.diag(vi**-power)
    p = a - a @ x @ np.linalg.inv(x.T @ a @ x) @ x.T @ a
    root = np.sqrt(vi + result.tau2)
    weights = np.linalg.eigvalsh(root[:, None] * p * root)[2:]
    assert imhof(yi @ p @ yi, weights) == pytest.approx(0.5, abs=1e-7)
    assert result.tau2 > 0
    assert result.tau2_se > 0


def test_effects_on_the_line_have_no_hartung_knapp_interval():
    x = np.arange(6.0)
    result = meta_regression(2 - 0.3 * x, np.full(6, 0.1), x, ci="HK")
    assert result.estimate == pytest.approx([2, -0.3])
    assert (result.q, result.tau2) == (0, 0)
    assert np.isnan([*result.se, *result.lower, result.moderators.p_value]).all()
    assert any("lie on the regression" in note for note in result.notes)


def test_coefficients_are_tested_together_by_name():
    yi, vi, x = given("linde2005")
    names = ["intercept", "dose", "severity", "both"]
    whole = meta_regression(yi, vi, x, names=names, ci="HK")
    part = meta_regression(yi, vi, x, names=names, ci="HK", tested=["dose", "both"])
    assert whole.moderators.names == ("dose", "severity", "both")
    assert whole.test(["dose", "both"]) == part.moderators
    assert whole.test("dose").statistic == pytest.approx(whole.statistic[1] ** 2)
    assert whole.test("dose").p_value == pytest.approx(whole.p_value[1])
    with pytest.raises(ArgumentError, match="Did you mean 'dose'"):
        whole.test(["dosis"])


def test_frames_have_a_row_per_coefficient_and_one_of_the_model():
    yi, vi, x = given("bcg_ablat_year")
    result = meta_regression(yi, vi, x, names=["intercept", "latitude", "year"])
    assert result.to_frame()["coefficient"].to_list() == ["intercept", "latitude", "year"]
    row = result.model_frame().iloc[0]
    assert (row["tau2"], row["qm"], row["tested"]) == (
        result.tau2,
        result.moderators.statistic,
        "latitude, year",
    )
    frame = result.predict_rows([[1, 33, 1970]]).to_frame()
    assert frame["latitude"].to_list() == [33]
    fitted = meta_regression(yi, vi, x).predict_rows(x).estimate
    assert result.fitted == pytest.approx(fitted)


FAULTY = [
    (
        {"tau2": "RMEL", "ci": "KR", "tau2_ci": "PM", "prob": 2, "prediction": "NNF"},
        ["REML", "HK", "QP", "0.95", "HTS"],
    ),
    ({"x": [1, 2, math.nan, 4, 5, math.inf]}, ["x[2, 1] = nan", "x[5, 1] = inf"]),
    ({"x": np.ones((6, 6))}, ["6 studies", "at least 7 studies"]),
    ({"x": np.ones((5, 2))}, ["6 effects and 5 rows"]),
    ({"x": "latitude"}, ["a matrix of numbers"]),
    ({"tau2": "DL", "tau2_ci": "PL"}, ["PL rests on the estimate of ML or REML"]),
    (
        {
            "x": np.column_stack([np.ones(6), np.arange(6), 2 * np.arange(6) + 1, np.full(6, 3)]),
            "tested": ["x4"],
        },
        ["x2 follows from intercept and x1", "x3 = 3 in all studies", "'x4'"],
    ),
    ({"yi": [1, math.nan, 2, 3, 4, 5], "ci": "no"}, ["yi[1] = nan", "ci='no'"]),
]


@pytest.mark.parametrize(("wrong", "said"), FAULTY)
def test_faults_are_said_together(wrong, said):
    asked = {"yi": np.arange(6.0) ** 2, "vi": np.ones(6), "x": np.arange(6)} | wrong
    with pytest.raises(ArgumentError) as caught:
        meta_regression(**asked)
    for words in said:
        assert words in str(caught.value)
