"""How fast classic pooling is: ratios to plain NumPy in the same run, the best of several, so that load cancels."""

from __future__ import annotations

import importlib.util
import time
from pathlib import Path

import numpy as np
import pytest

import mutau
from mutau.classic import TAU2_METHODS, inverse_variance, inverse_variance_many
from mutau.numerics.pooling import pool_sets

SPEC = importlib.util.spec_from_file_location("plain", Path(__file__).parents[2] / "benchmarks" / "plain.py")
plain = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(plain)

RNG = np.random.default_rng(12)
VI = np.exp(RNG.normal(-2, 1, 13 * 2_000))
YI = RNG.normal(0, np.sqrt(VI + 0.3))
ROWS = list(zip(YI.reshape(-1, 13), VI.reshape(-1, 13), strict=True))


def best(call, repeats=5):
    """Least processor time of a call."""
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return min(seconds)


@pytest.fixture(scope="module")
def reference():
    """Processor seconds of one REML fit in plain NumPy, by Fisher scoring."""
    pool_sets.left = 0.0  # no more interpreting in this process
    mutau.pool(yi=YI[:13], vi=VI[:13])
    return best(lambda: [plain.plain_reml(*row) for row in ROWS[:40]]) / 40


def test_plain_numpy_gives_the_same_answers(reference):
    for yi, vi in ROWS[:40]:
        result = inverse_variance(yi, vi, tau2="REML", ci="HK")
        tau2, mean, half, reach, q, p = plain.plain_reml(yi, vi)
        found = [
            result.tau2,
            result.estimate,
            result.upper - mean,
            result.prediction_upper - mean,
            result.q,
            result.q_p_value,
        ]
        np.testing.assert_allclose(found, [tau2, mean, half, reach, q, p], rtol=1e-6, atol=1e-9)


def test_one_pool_takes_less_than_plain_numpy(reference):
    """Though it also gives Q-profile limits, I2, H2, weights and notes, and finds every maximum: usually a sixth."""
    assert best(lambda: [mutau.pool(yi=yi, vi=vi) for yi, vi in ROWS[:100]]) / 100 < 0.6 * reference


def test_many_fits_take_a_small_part_of_it(reference):
    """Usually a fiftieth (REML) and a hundredth (DerSimonian-Laird)."""
    k = np.full(2_000, 13)
    for tau2, share in (("REML", 1 / 12), ("DL", 1 / 20)):
        seconds = (
            best(lambda tau2=tau2: inverse_variance_many(YI, VI, k, tau2=tau2, ci="HK", threads=1)) / 2_000
        )
        assert seconds < share * reference, tau2


def test_time_grows_with_the_number_of_studies_and_no_faster(reference):
    """100,000 studies in each estimator; a fit of 13 takes tens of microseconds, so this stays far below a second."""
    vi = np.exp(RNG.normal(-2, 1, 100_000))
    yi = RNG.normal(0, np.sqrt(vi + 0.1))
    for tau2 in TAU2_METHODS:
        assert best(lambda tau2=tau2: inverse_variance(yi, vi, tau2=tau2), 2) < 2_000 * reference, tau2


@pytest.mark.slow
@pytest.mark.parametrize("tau2_ci", ["PL", "BJ", "BT", "J", "wald"])
def test_every_interval_of_tau2_for_very_many_studies(tau2_ci, reference):
    """Below a second, where plain NumPy takes a quarter of a millisecond for 13 studies."""
    vi = np.exp(RNG.normal(-2, 1, 100_000))
    yi = RNG.normal(0, np.sqrt(vi + 0.1))
    assert best(lambda: inverse_variance(yi, vi, tau2="REML", tau2_ci=tau2_ci), 2) < 4_000 * reference


@pytest.mark.slow
@pytest.mark.parametrize(("tau2", "ci"), [("DL", "HC"), ("ML", "PL"), ("ML", "BC"), ("DL", "NNF")])
def test_every_interval_of_the_mean_for_very_many_studies(tau2, ci, reference):
    """Below a second too; the prediction interval of NNF reads the same table as its interval of the mean."""
    vi = np.exp(RNG.normal(-2, 1, 100_000))
    yi = RNG.normal(0, np.sqrt(vi + 0.1))
    assert best(lambda: inverse_variance(yi, vi, tau2=tau2, ci=ci), 2) < 4_000 * reference


@pytest.mark.slow
def test_a_permutation_interval(reference):
    """1,024 patterns at some 60 means, each a REML fit: some 60,000 fits."""
    yi, vi = YI[:11], VI[:11]
    assert best(lambda: inverse_variance(yi, vi, tau2="REML", ci="permutation"), 2) < 4_000 * reference
