"""Events per 1,000 with and without treatment, and the number needed to treat."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.special import expit, logit
from scipy.stats import beta, norm

from mutau import priors
from mutau.comparing import fit_alternatives
from mutau.decisions import (
    BetaRisk,
    FixedRisk,
    Instrument,
    LogitNormalRisk,
    absolute_effects,
    in_points,
    learnt_risk,
    number_needed,
)
from mutau.decisions.risks import risks_of
from mutau.decisions.roads import ROADS
from mutau.errors import ArgumentError

from .conftest import counts, ready_made  # noqa: TID252


@pytest.fixture(scope="module")
def ratios():
    """Log ratios with a normal posterior, by measure."""
    return {
        measure: ready_made([-0.4], [0.2], priors.PointMass(0), measure=measure, benefit="lower")
        for measure in ("OR", "RR", "HR")
    }


def mu(found, **where):
    rows = found.frame[found.frame["quantity"] == "mu"]
    for column, value in where.items():
        rows = rows[rows[column] == value]
    return rows.iloc[0]


def limits():
    """Quantiles of the log ratio of `ratios`: 50%, 2.5%, 97.5%."""
    precision = 1 / 0.2**2 + 1.0
    return norm.ppf([0.5, 0.025, 0.975], -0.4 / 0.2**2 / precision, precision**-0.5)


def test_altmans_examples():
    """BMJ 1998;317:1309: a reduction of 10% (-5% to 25%) is NNTB 10, through infinity to NNTH 20."""
    found = number_needed(0.10, -0.05, 0.25)
    assert (found.estimate, found.lower, found.upper) == pytest.approx((10, 4, -20))
    assert found.crosses
    assert str(found) == "NNTB 10 (NNTB 4.0 to ∞ to NNTH 20)"
    assert str(number_needed(0.10, 0.05, 0.15)) == "NNTB 10 (NNTB 6.7 to 20)"
    assert str(number_needed(-0.10, -0.15, -0.05)) == "NNTH 10 (NNTH 6.7 to 20)"
    assert number_needed(0.0, -0.1, 0.1).estimate == np.inf


@pytest.mark.parametrize("p0", [0.02, 0.3, 0.9])
def test_each_ratio_by_its_own_road(ratios, p0):
    ratio = np.exp(limits())
    wanted = {
        "OR": expit(logit(p0) + np.log(ratio)),
        "RR": p0 * ratio,
        "HR": 1 - (1 - p0) ** ratio,
    }
    for measure, risk in wanted.items():
        row = mu(absolute_effects(ratios[measure], p0))
        if np.isnan(row["with"]):
            continue
        assert row[["with", "with_lower", "with_upper"]].tolist() == pytest.approx(1000 * risk, abs=1e-6)
        assert row["difference"] == pytest.approx(row["with"] - 1000 * p0, abs=1e-6)
        assert row["nnt"] == pytest.approx(1000 / -row["difference"])


@pytest.mark.parametrize("p0", [0.0, 1.0])
def test_a_baseline_of_nought_or_one_is_left_as_it_is_by_odds_and_hazards(ratios, p0):
    for measure in ("OR", "HR"):
        row = mu(absolute_effects(ratios[measure], p0))
        assert (row["with"], row["difference"]) == (1000 * p0, 0)
        assert row["note"] == "the risk is the same with and without treatment"


def test_a_risk_past_one_is_reported_and_refused_never_capped():
    fit = counts([12, 14], [20, 22], [8, 9], [20, 22], "RR", benefit="higher")
    found = absolute_effects(fit, 0.6)
    row = mu(found, measure="RR")
    chance = 1 - fit.marginal("mu").cdf(np.log(1 / 0.6))
    assert row["impossible"] == pytest.approx(chance, abs=1e-9)
    assert np.isnan(row["with"])
    assert row["note"].startswith("refused")
    instead = mu(found, measure="OR")
    assert instead["prior_label"] == "odds ratio instead"
    assert 600 < instead["with"] < 1000
    assert any("stands in" in each for each in found.assumptions)


def test_a_distributed_baseline_agrees_with_monte_carlo(ratios):
    rng = np.random.default_rng(1)
    precision = 1 / 0.2**2 + 1.0
    log_ratio = rng.normal(-0.4 / 0.2**2 / precision, precision**-0.5, 400_000)
    baseline = BetaRisk(4, 16)
    risk = rng.beta(4, 16, 400_000)
    for measure in ("OR", "HR"):
        treated = ROADS[measure].risk(risk, np.exp(log_ratio))
        row = mu(absolute_effects(ratios[measure], baseline))
        for name, values in (("with", treated), ("difference", treated - risk)):
            wanted = 1000 * np.quantile(values, [0.5, 0.025, 0.975])
            assert row[[name, f"{name}_lower", f"{name}_upper"]].tolist() == pytest.approx(wanted, abs=1.5)


def test_a_wide_ratio_over_a_distributed_baseline_has_its_quantiles(avoidant):
    """The risk of a new setting may reach far past 1 in its tail; its quantiles are found all the same."""
    levels, learnt = np.array([0.025, 0.5, 0.975]), learnt_risk(avoidant)
    heavy = fit_alternatives(avoidant)["review group"]
    for fit, quantity, which in product((avoidant, heavy), ("mu", "theta_new"), (True, False)):
        risks = risks_of(fit, quantity, ROADS["RR"], learnt)
        values = risks.quantile(levels, which)
        assert [risks.cdf(value, which) for value in values] == pytest.approx(levels, abs=1e-9)


def test_swapping_the_arms_swaps_the_number_needed():
    one = counts([3, 5], [40, 50], [9, 12], [40, 50], "OR", benefit="lower")
    other = counts([3, 5], [40, 50], [9, 12], [40, 50], "OR", benefit="higher")
    a, b = (mu(absolute_effects(fit, 0.2)) for fit in (one, other))
    assert a["nnt"] == pytest.approx(-b["nnt"])
    assert a["nnt_text"].startswith("NNTB")
    assert b["nnt_text"].startswith("NNTH")


def test_risk_is_monotone_in_its_level(ratios):
    risks = risks_of(ratios["OR"], "mu", ROADS["OR"], BetaRisk(2, 8))
    values = risks.quantile(np.linspace(0.01, 0.99, 25), True)
    assert (np.diff(values) > 0).all()
    assert [risks.cdf(value, True) for value in values] == pytest.approx(
        np.linspace(0.01, 0.99, 25), abs=1e-9
    )


def test_stated_quantiles_come_back():
    for kind in (BetaRisk, LogitNormalRisk):
        risk = kind.from_quantiles((0.1, 0.05), (0.9, 0.3))
        assert risk.quantile([0.1, 0.9]) == pytest.approx([0.05, 0.3])
    assert BetaRisk(3, 7).quantile(0.2) == pytest.approx(beta.ppf(0.2, 3, 7))
    with pytest.raises(ArgumentError, match="greater risk"):
        BetaRisk.from_quantiles((0.1, 0.3), (0.9, 0.2))
    with pytest.raises(ArgumentError, match="between 0 and 1"):
        FixedRisk(17)


def test_a_risk_learnt_from_many_large_arms_is_theirs():
    fit = counts([200] * 8, [1000] * 8, [300] * 8, [1000] * 8, "OR")
    risk = learnt_risk(fit)
    low, middle, high = risk.quantile([0.025, 0.5, 0.975])
    assert middle == pytest.approx(0.3, abs=0.003)
    assert 0.2 < low < 0.29
    assert 0.31 < high < 0.4
    assert "learnt from 8 control arms" in str(risk)


def test_a_standardised_difference_in_points_and_pairs():
    fit = ready_made([-0.4], [0.2], priors.PointMass(0), measure="SMD", benefit="lower")
    d = limits()
    found = in_points(fit, Instrument("EPDS", 5.0, "stated")).set_index(["quantity", "expression"])
    points, pairs = (found.loc[("mu", name)] for name in ("points", "cles"))
    assert points[["estimate", "lower", "upper"]].tolist() == pytest.approx(list(5 * d), abs=1e-8)
    assert pairs["estimate"] == pytest.approx(norm.cdf(-d[0] / np.sqrt(2)), abs=1e-8)
    row = mu(absolute_effects(fit, 0.3))
    assert row["with"] == pytest.approx(1000 * norm.cdf(norm.ppf(0.3) - d[0]), abs=1e-6)
    assert np.isnan(in_points(fit, None)["estimate"].iloc[0])
