"""The table of agreement in `tests/reference/README.md`, and an outside number for every method."""

from __future__ import annotations

import importlib.util
import math
import sys
from pathlib import Path

import pytest

from mutau.classic import CI_METHODS, PREDICTION_METHODS, TAU2_CI_METHODS, TAU2_METHODS
from mutau.pooling import METHODS

TESTS = Path(__file__).parent
SPEC = importlib.util.spec_from_file_location("agreement", TESTS / "reference" / "agreement.py")
agreement = importlib.util.module_from_spec(SPEC)
sys.modules.setdefault("agreement", agreement)
SPEC.loader.exec_module(agreement)

PROGRAMS = "classic/test_classic_against_programs.py::"
PREDICTIONS = PROGRAMS + "test_prediction_intervals_equal_metafors"
METAFOR = "classic/test_estimators_against_metafor.py::"
PUBLISHED = "published/test_published_heterogeneity.py::"

OUTSIDE = {
    "ci": {
        "wald": PROGRAMS + "test_inverse_variance_equals_metafor",
        "t": METAFOR + "test_t_intervals_equal_metafors",
        "HK": PROGRAMS + "test_inverse_variance_equals_metafor",
        "HK-adhoc": PROGRAMS + "test_inverse_variance_equals_metafor",
        "KR": PUBLISHED + "test_kenward_roger_prediction",
        "permutation": METAFOR + "test_permutation_limits_equal_metafors",
    },
    "prediction": {
        **dict.fromkeys(("HTS", "t(k-1)", "normal", "HK", "HK(k-2)"), PREDICTIONS),
        "KR": PUBLISHED + "test_kenward_roger_prediction",
        "KR(df-1)": PUBLISHED + "test_kenward_roger_prediction",
        "NNF": PUBLISHED + "test_nagashima_2019",
    },
    "method": {
        "IV": PROGRAMS + "test_inverse_variance_equals_metafor",
        "MH": PROGRAMS + "test_mantel_haenszel_equals_metafor",
        "Peto": "classic/test_peto_and_rates.py::test_peto_equals_metafors_on_bcg",
    },
    "tau2_ci": {
        **dict.fromkeys(("QP", "PL", "wald"), METAFOR + "test_intervals_of_tau2_i2_and_h2_equal_metafors"),
        **dict.fromkeys(("BJ", "J"), PUBLISHED + "test_bcg_intervals_of_tau2"),
    },
    "tau2": dict.fromkeys(set(TAU2_METHODS) - {"CE"}, METAFOR + "test_estimators_equal_metafors")
    | {"CE": PROGRAMS + "test_inverse_variance_equals_metafor"},
}
"""Where each method's number from another program or a paper is tested."""


def cells(table):
    """Numbers of a table in Markdown, by row and column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.strip().splitlines()]
    return {
        (row[0], column): cell
        for row in rows[2:]
        for column, cell in zip(rows[0][1:], row[1:], strict=True)
        if cell
    }


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
        ("tau2", set(TAU2_METHODS)),
    ],
)
def test_every_method_has_an_outside_number(argument, names):
    assert set(OUTSIDE[argument]) == names
    for where in OUTSIDE[argument].values():
        file, test = where.split("::")
        assert f"def {test}(" in (TESTS / file).read_text(encoding="utf-8"), where
