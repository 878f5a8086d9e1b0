"""The stored coverage of intervals: whole, what its seed gives, what fresh ones give, and what the page says."""

from __future__ import annotations

import math

import interval_coverage as study
import numpy as np
import pytest

STORED = study.stored()
FRESH = 2_000
ERRORS = 4.5  # of 12 fresh shares; a false alarm in 10,000 runs
PAGE = study.PAGE.read_text(encoding="utf-8")


def of(**chosen):
    table = STORED
    for column, value in chosen.items():
        table = table[table[column] == value]
    return table


def test_every_cell_is_stored():
    cells = {(row.sizes, row.k, row.tau, row.method) for row in STORED.itertuples()}
    assert (
        len(STORED) == len(cells) == len(study.SIZES) * len(study.KS) * len(study.LEVELS) * len(study.METHODS)
    )
    assert set(STORED["replications"]) == {10_000}
    errors = np.sqrt(STORED["coverage"] * (1 - STORED["coverage"]) / 10_000)
    np.testing.assert_allclose(STORED["coverage_se"], errors, rtol=1e-4, atol=1e-9)
    assert STORED["coverage_se"].max() < 0.0046


def test_a_cell_is_what_its_seed_gives():
    again, stored = study.cell("one large", 2, "0.55"), of(sizes="one large", k=2, tau="0.55")
    assert list(again["method"]) == list(stored["method"])
    np.testing.assert_allclose(again["coverage"], stored["coverage"], atol=1.5e-4)  # one on the edge may fall
    np.testing.assert_allclose(again["mean_width"], stored["mean_width"], rtol=1e-5)


@pytest.mark.parametrize(("sizes", "k", "tau"), [("half large", 3, "0.95"), ("equal", 5, study.FROM_PRIORS)])
def test_fresh_simulations_agree(sizes, k, tau):
    """Another seed than the stored one's."""
    fresh, stored = study.cell(sizes, k, tau, FRESH, study.SEED + 1), of(sizes=sizes, k=k, tau=tau)
    for one, other in zip(fresh.itertuples(), stored.itertuples(), strict=True):
        variance = other.coverage * (1 - other.coverage) * (1 / FRESH + 1 / other.replications)
        assert abs(one.coverage - other.coverage) < ERRORS * math.sqrt(variance), one.method


def test_the_bayesian_interval_holds_what_it_promises_on_average_over_its_priors():
    promised = of(tau=study.FROM_PRIORS, method="Bayesian")
    assert (abs(promised["coverage"] - study.PROB) < 4 * promised["coverage_se"]).all()


def test_the_page_has_the_stored_tables():
    assert study.page(PAGE, STORED) == PAGE


def test_the_page_says_what_is_stored():
    """Each number of the paragraph, recomputed; `fixed` leaves out the cells whose tau is drawn."""
    fixed = STORED[STORED["tau"] != study.FROM_PRIORS]
    least = 100 * fixed.groupby("method")["coverage"].min()
    bayesian = fixed[fixed["method"] == "Bayesian"]
    by_tau = 100 * bayesian.groupby("tau")["coverage"].agg(["min", "max"])
    drawn = 100 * of(tau=study.FROM_PRIORS, method="Bayesian")["coverage"]
    width = {
        name: of(sizes="equal", k=2, tau="0.00", method=name)["median_width"].iloc[0]
        for name in study.METHODS
    }
    two = STORED[STORED["k"] == 2].pivot_table(
        index=["sizes", "tau"], columns="method", values="median_width"
    )
    widest = (two["Bayesian, wide"] / two["HK"]).max()
    ad_hoc = fixed[(fixed["method"] == "HK-adhoc") & (fixed["k"] == 2)]
    many = 100 * bayesian[(bayesian["tau"] == "0.95") & (bayesian["k"] == 20)]["coverage"].min()
    for said in (
        f"as few as {least['Wald, REML']:.1f} of 100",
        f"median width is {width['HK']:.2f} on the log scale",
        f"the Bayesian interval's is {width['Bayesian']:.2f}",
        f"down to {least['HK']:.1f}",
        f"({100 * ad_hoc['coverage'].min():.2f} or more)",
        f"at least {least['HK-adhoc']:.1f} elsewhere",
        f"holds {drawn.min():.1f} to {drawn.max():.1f} where mu and tau come",
        f"({by_tau['min']['0.00']:.1f} or more at tau = 0)",
        f"{by_tau['min']['0.55']:.1f} to {by_tau['max']['0.55']:.1f} at tau = 0.55",
        f"gives {100 * float(study.DEFAULTS.tau.sf(study.TAUS['0.95'])):.0f}% probability to be exceeded",
        f"it fails: {least['Bayesian']:.1f} with two trials",
        f"and {many:.1f} still with twenty",
        f"at least {least['Bayesian, wide']:.1f} in every cell",
        f"(at most {widest:.2f} of the median width)",
    ):
        assert said in " ".join(PAGE.split()), said
    equal = of(sizes="equal", method="HK")
    assert (
        abs(equal["coverage"] - study.PROB) < 4 * equal["coverage_se"]
    ).all()  # "exact for trials of equal size"
