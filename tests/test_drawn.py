"""Marginals read from draws: answers of the draws, with an honest number of draws behind them."""

import numpy as np
import pytest
from scipy import stats

from mutau.drawn import DrawsMarginal

DRAWS = np.random.default_rng(1).normal(0.3, 2.0, size=(4, 5000))
MARGINAL = DrawsMarginal(DRAWS)


def test_answers_are_the_draws_own():
    assert MARGINAL.mean == DRAWS.mean()
    assert MARGINAL.sd == DRAWS.std(ddof=1)
    assert MARGINAL.cdf(0.0) == (DRAWS <= 0).mean()
    assert MARGINAL.sf(np.array([0.0, 1.0])) == pytest.approx([(DRAWS > 0).mean(), (DRAWS > 1).mean()])
    np.testing.assert_array_equal(MARGINAL.quantile([0.1, 0.5]), np.quantile(DRAWS, [0.1, 0.5]))


def test_density_integrates_to_the_share_inside():
    grid = np.linspace(-2, 3, 512)
    density = MARGINAL.pdf(grid)
    assert np.trapezoid(density, grid) == pytest.approx(((DRAWS > -2) & (DRAWS < 3)).mean(), rel=0.01)
    middle = slice(100, 400)  # away from the window's ends
    np.testing.assert_allclose(density[middle], stats.norm.pdf(grid, 0.3, 2.0)[middle], rtol=0.08)


def test_independent_draws_count_fully_and_sticky_ones_do_not():
    assert MARGINAL.ess_at(0.0) == pytest.approx(20_000, rel=0.1)
    sticky = DrawsMarginal(np.repeat(DRAWS[:, ::20], 20, axis=1))
    assert sticky.ess_at(0.0) == pytest.approx(1000, rel=0.3)
    assert MARGINAL.ess_at(100.0) == pytest.approx(
        20_000, rel=0.1
    )  # all on one side: of the draws themselves


def test_a_constant_has_no_diagnostics():
    fixed = DrawsMarginal(np.zeros((4, 10)))
    assert fixed.is_constant
    assert all(np.isnan(value) for value in fixed.diagnostics().values())
    assert fixed.cdf(0.0) == 1
    assert fixed.ess_at(1.0) == 40


def test_diagnostics_notice_chains_that_disagree():
    apart = DrawsMarginal(DRAWS + np.arange(4)[:, None])
    assert MARGINAL.diagnostics()["r_hat"] < 1.01 < apart.diagnostics()["r_hat"]
