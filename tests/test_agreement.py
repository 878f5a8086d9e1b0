"""The table of agreement in `tests/reference/README.md`, and an outside number for every method."""

from __future__ import annotations

import importlib.util
import inspect
import json
import math
import sys
from pathlib import Path

import pytest

from mutau import classic, diagnostics
from mutau.classic import (
    CI_METHODS,
    MIXED_METHODS,
    PREDICTION_METHODS,
    REGRESSION_CI_METHODS,
    REGRESSION_PREDICTION_METHODS,
    REGRESSION_TAU2_CI_METHODS,
    TAU2_CI_METHODS,
    TAU2_METHODS,
)
from mutau.measures import MEASURES, VARIANCES
from mutau.pooling import METHODS, OF_COUNTS

TESTS = Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("agreement", TESTS / "reference" / "agreement.py")
agreement = importlib.util.module_from_spec(SPEC)
sys.modules.setdefault("agreement", agreement)
SPEC.loader.exec_module(agreement)

PROGRAMS = "classic/test_classic_against_programs.py::"
PREDICTIONS = PROGRAMS + "test_prediction_intervals_equal_metafors"
METAFOR = "classic/test_estimators_against_metafor.py::"
PUBLISHED = "published/test_published_heterogeneity.py::"
FURTHER = "classic/test_further_intervals.py::"
DIAGNOSTICS = "diagnostics/test_against_metafor.py::"
REGRESSION = "classic/test_meta_regression.py::"
PRINTED_REGRESSION = "published/test_published_regression.py::"
CONDITIONAL = "classic/test_conditional_and_tarone.py::"
MIXED = "classic/test_mixed_models.py::test_the_maximum_is_that_of_the_integrated_likelihood"

OUTSIDE = {
    "ci": {
        "wald": PROGRAMS + "test_inverse_variance_equals_metafor",
        "t": METAFOR + "test_t_intervals_equal_metafors",
        "HK": PROGRAMS + "test_inverse_variance_equals_metafor",
        "HK-adhoc": PROGRAMS + "test_inverse_variance_equals_metafor",
        "KR": PUBLISHED + "test_kenward_roger_prediction",
        **dict.fromkeys(
            ("robust", "robust-HC0", "SJ"), FURTHER + "test_robust_errors_equal_metafors_and_clubsandwichs"
        ),
        "permutation": METAFOR + "test_permutation_limits_equal_metafors",
        "HC": FURTHER + "test_henmi_and_copas_interval_equals_metafors",
        **dict.fromkeys(("PL", "BC"), FURTHER + "test_intervals_of_the_mean_equal_pimetas"),
        "NNF": FURTHER + "test_the_bootstrap_interval_of_the_mean_is_pimetas",
    },
    "prediction": {
        **dict.fromkeys(("HTS", "t(k-1)", "normal", "HK", "HK(k-2)"), PREDICTIONS),
        "KR": PUBLISHED + "test_kenward_roger_prediction",
        "KR(df-1)": PUBLISHED + "test_kenward_roger_prediction",
        "SJ": FURTHER + "test_prediction_intervals_equal_pimetas",
        "NNF": PUBLISHED + "test_nagashima_2019",
    },
    "method": {
        "IV": PROGRAMS + "test_inverse_variance_equals_metafor",
        "MH": PROGRAMS + "test_mantel_haenszel_equals_metafor",
        "Peto": "classic/test_peto_and_rates.py::test_peto_equals_metafors_on_bcg",
        "CMLE": CONDITIONAL + "test_the_conditional_odds_ratio_equals_clogits",
        **dict.fromkeys(MIXED_METHODS, MIXED),
    },
    "tau2_ci": {
        **dict.fromkeys(("QP", "PL", "wald"), METAFOR + "test_intervals_of_tau2_i2_and_h2_equal_metafors"),
        **dict.fromkeys(("BJ", "J"), PUBLISHED + "test_bcg_intervals_of_tau2"),
        "BT": "published/test_published_intervals.py::test_collins_1985_biggerstaff_tweedie",
        "SJ": "published/test_published_pooling.py::test_sidik_jonkmans_interval_of_collins",
    },
    "tau2 of a regression": {
        **dict.fromkeys(TAU2_METHODS, REGRESSION + "test_estimators_equal_metafors"),
        **dict.fromkeys(
            ("GENQM", "GENQM(1/vi)"), REGRESSION + "test_median_unbiased_estimates_against_imhof"
        ),
    },
    "ci of a regression": {
        "wald": REGRESSION + "test_estimators_equal_metafors",
        **dict.fromkeys(
            set(REGRESSION_CI_METHODS) - {"wald"},
            REGRESSION + "test_tests_and_intervals_of_coefficients_equal_metafors",
        ),
    },
    "prediction of a regression": dict.fromkeys(
        REGRESSION_PREDICTION_METHODS, REGRESSION + "test_predictions_equal_metafors"
    ),
    "tau2_ci of a regression": {
        **dict.fromkeys(("QP", "PL", "wald"), REGRESSION + "test_intervals_of_tau2_i2_and_h2_equal_metafors"),
        **dict.fromkeys(("BJ", "J"), PRINTED_REGRESSION + "test_jackson_2014"),
    },
    "diagnostics": {
        **dict.fromkeys(("leave_one_out",), DIAGNOSTICS + "test_leave_one_out"),
        "influence": DIAGNOSTICS + "test_influence",
        **dict.fromkeys(("baujat", "radial"), DIAGNOSTICS + "test_baujat_and_radial"),
        "cumulative": "diagnostics/test_what_is_drawn.py::test_cumulative_is_metafors",
        "gosh": DIAGNOSTICS + "test_gosh",
        "normal_quantiles": DIAGNOSTICS + "test_normal_quantiles",
        **dict.fromkeys(("egger", "begg"), DIAGNOSTICS + "test_egger_and_begg"),
        **dict.fromkeys(("harbord", "peters", "deeks"), DIAGNOSTICS + "test_harbord_peters_and_deeks"),
        "pet_peese": DIAGNOSTICS + "test_pet_peese_are_eggers_limits",
        "fail_safe_n": "diagnostics/test_fail_safe.py::test_closed_forms_are_metafors",
        "shrunken": "diagnostics/test_shrunken.py::test_estimates_are_those_of_metafors_blup",
        "trim_and_fill": DIAGNOSTICS + "test_trim_and_fill",
    },
    "classic": {
        "inverse_variance": PROGRAMS + "test_inverse_variance_equals_metafor",
        "inverse_variance_many": PROGRAMS
        + "test_inverse_variance_equals_metafor",  # the same bits: test_batches.py
        "meta_regression": REGRESSION + "test_estimators_equal_metafors",
        "mantel_haenszel": PROGRAMS + "test_mantel_haenszel_equals_metafor",
        "mantel_haenszel_rates": "classic/test_peto_and_rates.py::test_rates_equal_metafors",
        "peto": "classic/test_peto_and_rates.py::test_peto_equals_metafors_on_bcg",
        "bivariate_means": "classic/test_bivariate.py::test_estimates_are_those_of_metafors_rma_mv",
        "conditional": CONDITIONAL + "test_the_conditional_odds_ratio_equals_clogits",
        "glmm": MIXED,
        "stratified_tests": CONDITIONAL + "test_tests_of_tables_equal_metafors",
    },
    "multiarm": {
        "shared_arms": "test_multiarm.py::test_gleser_and_olkin_counts",
    },
    "tau2": dict.fromkeys(set(TAU2_METHODS) - {"CE"}, METAFOR + "test_estimators_equal_metafors")
    | {"CE": PROGRAMS + "test_inverse_variance_equals_metafor"},
}
"""Where each method's number from another program or a paper is tested."""

NO_NUMBER_OF_THEIR_OWN = {"given_effects", "diagnose", "funnel", "labbe", "drapery", "shrunken_beside"}
"""They read, gather or draw what the others give; test_what_is_drawn.py holds them to `pool` and `trim_and_fill`."""


def cells(table):
    """Numbers of a table in Markdown, by row and column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    return {
        (row[0], column): cell
        for row in rows[2:]
        for column, cell in zip(rows[0][1:], row[1:], strict=True)
        if cell
    }


def functions(room):
    """Public functions of a room."""
    return {name for name in room.__all__ if inspect.isfunction(getattr(room, name))}


def power(cell):
    return math.log10(float(cell)) if cell.startswith("1e") else cell


def test_the_table_in_the_readme_is_what_a_fresh_comparison_gives():
    """Another machine may round a difference over a power of ten."""
    readme = agreement.README.read_text(encoding="utf-8")
    written = cells(readme.split(agreement.BEGIN)[1].split(agreement.END)[0])
    fresh = cells(agreement.table())
    assert written.keys() == fresh.keys()
    assert {key: power(cell) for key, cell in written.items()} == {
        key: pytest.approx(power(cell), abs=1.01) if cell.startswith("1e") else cell
        for key, cell in fresh.items()
    }
    assert len(agreement.reference()) >= 20


def test_a_wrong_number_shows_in_the_table():
    assert agreement.rounded(agreement.relative(1.002, 1.0, "estimate", 1.0)) == "1e-02"
    assert agreement.rounded(agreement.relative(math.nan, 1.0, "estimate", 1.0)) == "none"
    assert agreement.rounded(agreement.relative(1.0, None, "estimate", 1.0)) == "-"


@pytest.mark.parametrize(
    ("argument", "names"),
    [
        ("ci", set(CI_METHODS) - {"cochrane"}),  # Wald's or Hartung and Knapp's by a rule; nothing of its own
        ("prediction", set(PREDICTION_METHODS)),
        ("method", set(METHODS)),
        ("tau2_ci", set(TAU2_CI_METHODS)),
        ("tau2 of a regression", set(TAU2_METHODS)),
        ("ci of a regression", set(REGRESSION_CI_METHODS)),
        ("prediction of a regression", set(REGRESSION_PREDICTION_METHODS)),
        ("tau2_ci of a regression", set(REGRESSION_TAU2_CI_METHODS)),
        ("tau2", set(TAU2_METHODS)),
        ("diagnostics", functions(diagnostics) - NO_NUMBER_OF_THEIR_OWN),
        ("classic", functions(classic)),
    ],
)
def test_every_method_has_an_outside_number(argument, names):
    assert set(OUTSIDE[argument]) == names
    for where in OUTSIDE[argument].values():
        file, test = where.split("::")
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), where


def further_tables(text):
    """Tables after the estimators' by heading."""
    inside = text.split(agreement.BEGIN_FURTHER)[1].split(agreement.END_FURTHER)[0]
    parts = [part.split("\n\n", 1) for part in inside.split("### ")[1:]]
    return dict(parts)


def test_every_measure_and_variance_has_an_outside_number():
    """In the table of agreement; ready-made effects are not computed."""
    tables = further_tables(agreement.README.read_text(encoding="utf-8"))
    shown = {row for row, _ in cells(tables["Effect measures against escalc"])}
    assert shown == set(MEASURES) - {"HR", "GEN"}
    cases = json.loads((TESTS / "reference" / "effect_sizes.json").read_text(encoding="utf-8"))
    met = {(case["measure"], case["vtype"]) for case in cases.values() if "vtype" in case}
    assert met >= set(VARIANCES)


def test_every_measure_of_counts_has_an_outside_number_for_each_method():
    tables = further_tables(agreement.README.read_text(encoding="utf-8"))
    headings = (
        "Counts and rates against rma.mh, clogit and glm",
        "Mixed models of counts against lme4 and rma.glmm",
    )
    columns = {column for heading in headings for _, column in cells(tables[heading])}
    wanted = {f"MH {measure}" for measure in OF_COUNTS["MH"]} | set(OF_COUNTS) - {"MH"}
    assert columns >= wanted


@pytest.mark.slow
def test_the_further_tables_are_what_a_fresh_comparison_gives():
    written = further_tables(agreement.README.read_text(encoding="utf-8"))
    fresh = further_tables(agreement.BEGIN_FURTHER + agreement.further() + agreement.END_FURTHER)
    assert written.keys() == fresh.keys()
    for heading, table in fresh.items():
        ours, theirs = cells(written[heading]), cells(table)
        assert ours.keys() == theirs.keys(), heading
        for place, cell in theirs.items():
            for one, other in zip(numbers(ours[place]), numbers(cell), strict=True):
                assert power(one) == (pytest.approx(power(other), abs=1.01) if other != "-" else "-"), place


def numbers(cell):
    """Powers of ten in a cell of one or of several data sets."""
    return [word for word in cell.replace(",", "").split() if word == "-" or word.startswith("1e-")]
