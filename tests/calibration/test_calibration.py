"""The bands hold what they promise, the stored calibration of the PyMC model is inside them, the faults are not."""

import json
from dataclasses import asdict
from pathlib import Path

import bands
import numpy as np
import pymc_engine
import pytest
import simulation

from mutau.sampling.checks import DIVERGENT_SHARE_MAX, ESS_MIN

STORED = json.loads((Path(__file__).parent / "pymc_normal.json").read_text())
STUDIES = STORED["studies"]
RERUN = "what was calibrated has changed: run python tests/calibration/calibrate.py pymc"

MONTE_CARLO_SE = 4.0  # a true statement fails once in 16,000
AUTHORS_GAMMA = {  # (ranks, bins): github.com/TeemuSailynoja/simultaneous-confidence-bands, data/gamma_vals_N_K.csv
    (10, 2000): 0.00864977215040974,
    (20, 200): 0.00638850929352667,
    (100, 100): 0.00404870243290342,
    (100, 2000): 0.00243443819471708,
    (1000, 1000): 0.00152571540610586,
}
AUTHORS_LEVEL = 0.95
AUTHORS_RELATIVE_ERROR = (
    0.03  # theirs are simulated; all with 100 bins or more agree so, with fewer gamma jumps
)


def uniform(rng, ranks, bins, repetitions):
    return rng.multinomial(ranks, np.full(bins, 1 / bins), size=repetitions)


@pytest.mark.parametrize("design", AUTHORS_GAMMA)
def test_gamma_agrees_with_the_authors_own(design):
    expected = pytest.approx(AUTHORS_GAMMA[design], rel=AUTHORS_RELATIVE_ERROR)
    assert bands.gamma_for(*design, AUTHORS_LEVEL) == expected


@pytest.mark.parametrize(("ranks", "bins"), [(200, 400), (400, 20), (20_000, 100)])
def test_uniform_ranks_stay_inside_as_often_as_computed(ranks, bins):
    level, repetitions = 0.95, 4000
    lower, upper = bands.band(ranks, bins, level)
    below = uniform(np.random.default_rng(1), ranks, bins, repetitions).cumsum(axis=1)[:, :-1]
    inside = ((lower <= below) & (below <= upper)).all(axis=1).mean()
    exact = bands.coverage(lower, upper, ranks)
    assert exact >= level
    assert abs(inside - exact) < MONTE_CARLO_SE * np.sqrt(exact * (1 - exact) / repetitions)


def test_a_calibrated_family_raises_a_false_alarm_in_at_most_one_of_a_hundred():
    rng, repetitions, family = np.random.default_rng(2), 2000, 10
    alarms = 0
    for _ in range(repetitions):
        counts = dict(enumerate(uniform(rng, 400, pymc_engine.BINS, family)))
        alarms += bool(bands.outside(bands.deviations({2: counts})))
    allowed = 1 - bands.FAMILY_LEVEL
    assert alarms / repetitions < allowed + MONTE_CARLO_SE * np.sqrt(allowed * (1 - allowed) / repetitions)


def test_p_values_say_what_the_bands_say():
    rng, ranks, bins = np.random.default_rng(5), 100, 50
    for tilt in rng.uniform(1.0, 2.0, size=300):  # beta(tilt, 1): from uniform to far from it
        counts = np.histogram(rng.beta(tilt, 1.0, size=ranks), bins, (0, 1))[0]
        (found,) = bands.deviations({2: {"mu": counts}})
        assert found.outside == (bands.p_value(counts) < 1 - bands.FAMILY_LEVEL)


@pytest.mark.parametrize("shape", [(1.5, 1.0), (1.0, 1.5), (1.6, 1.6), (0.6, 0.6)])
def test_ranks_that_are_not_uniform_are_outside(shape):
    """A posterior too low, too high, too wide, too narrow."""
    pits = np.random.default_rng(3).beta(*shape, size=400)
    counts = np.histogram(pits, pymc_engine.BINS, (0, 1))[0]
    assert bands.outside(bands.deviations({2: {"mu": counts}})) == [(2, "mu")]


def test_an_engine_that_ignores_the_data_is_seen_by_the_log_likelihood_alone():
    rng, last = np.random.default_rng(4), pymc_engine.BINS - 1
    ranks = {name: [] for name in simulation.QUANTITIES}
    for _ in range(400):
        truth = simulation.simulate(2, rng)
        mu = simulation.MU_SD * rng.standard_normal(last)
        tau = simulation.TAU_SCALE * abs(rng.standard_normal(last))
        theta_1, theta_new = (mu + tau * rng.standard_normal(last) for _ in range(2))
        known = simulation.log_likelihood(truth.yi, truth.sei, mu, tau)
        draws = dict(zip(simulation.QUANTITIES, (mu, tau, theta_1, theta_new, known), strict=True))
        for name, value in simulation.rank(truth.values(), draws).items():
            ranks[name].append(value)
    found = bands.deviations({2: simulation.counted(ranks, pymc_engine.BINS)})
    assert bands.outside(found) == [(2, "log_likelihood")]


def test_stored_calibration_is_inside_its_bands():
    assert STORED["tested"] == pymc_engine.tested(STUDIES)
    assert {(one["k"], one["quantity"]) for one in STORED["tested"]} == {
        (k, quantity) for k in pymc_engine.KS for quantity in simulation.QUANTITIES
    }
    assert [one for one in STORED["tested"] if one["outside"]] == []


def test_stored_calibration_is_of_the_present_settings_and_priors():
    origin = simulation.origin("pymc", pymc_engine.SEED, ())
    for key in ("engine", "made_by", "seed", "priors", "sei", "level"):
        assert STORED[key] == origin[key], RERUN
    assert STORED["settings"] == asdict(pymc_engine.SETTINGS), RERUN


@pytest.mark.parametrize("k", pymc_engine.KS)
def test_stored_calibration_left_no_fit_out_and_all_converged(k):
    one = STUDIES[str(k)]
    assert one["simulations"] >= 200
    assert {len(ranks) for ranks in one["ranks"].values()} == {one["simulations"]}
    assert one["not_converged"] == 0
    assert one["smallest_bulk_ess"] >= ESS_MIN > STORED["ranked_draws"]
    draws = one["simulations"] * pymc_engine.SETTINGS.draws * pymc_engine.SETTINGS.chains
    assert one["divergences"] <= DIVERGENT_SHARE_MAX * draws


def test_stored_ranks_are_those_of_this_driver():
    """The first fits again; another version or machine may draw differently, within the ranks' Monte Carlo error."""
    k, fits, last = 2, 3, pymc_engine.BINS - 1
    again = pymc_engine.study(k, fits, pymc_engine.SETTINGS, pymc_engine.SEED)["ranks"]
    for quantity, ranks in again.items():
        for now, then in zip(ranks, STUDIES[str(k)]["ranks"][quantity], strict=False):
            share = (then + 1) / (last + 2)
            assert abs(now - then) <= 1 + MONTE_CARLO_SE * np.sqrt(2 * last * share * (1 - share)), RERUN


def test_planted_fault_in_tau_is_caught():
    fault = STORED["fault_tau"]
    assert fault["power"] == pymc_engine.power(pymc_engine.ranks_of(fault["studies"]))
    for simulations in ("50", "200"):
        assert fault["power"][simulations]["caught"] == fault["power"][simulations]["repetitions"] > 0


def test_planted_fault_in_mu_is_caught():
    power = STORED["fault_mu"]["power"]
    assert power == pymc_engine.power(pymc_engine.with_shifted_mu(STUDIES))
    assert power["200"]["caught"] == power["200"]["repetitions"] > 0


@pytest.mark.slow
def test_fresh_calibration_is_inside_its_bands():
    """Other simulations than the stored ones."""
    studies = {
        k: pymc_engine.study(k, 200, pymc_engine.SETTINGS, pymc_engine.SEED + 2) for k in pymc_engine.KS
    }
    assert [one for one in pymc_engine.tested(studies) if one["outside"]] == []
    assert sum(one["not_converged"] for one in studies.values()) == 0


@pytest.mark.slow
def test_planted_fault_in_tau_is_caught_afresh():
    simulations, scale = 50, simulation.FAULT_TAU_SCALE
    studies = {
        k: pymc_engine.study(k, simulations, pymc_engine.SHORT, pymc_engine.SEED + 3, scale)
        for k in pymc_engine.KS
    }
    assert [one for one in pymc_engine.tested(studies) if one["outside"]]
