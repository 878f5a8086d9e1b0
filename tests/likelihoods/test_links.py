"""The links from (eta, theta) to two risks, against 60-digit arithmetic and their own definitions."""

from decimal import Decimal, localcontext

import numpy as np
import pytest

from mutau.likelihoods.links import LINKS

ETAS = (-60.0, -14.0, -3.0, -1e-9, 0.0, 0.5, 7.0, 40.0, 60.0)
THETAS = (-12.0, -3.0, -0.4, -1e-10, 0.0, 1e-14, 1e-7, 0.02, 1.0, 5.0, 12.0)
RELATIVE = 1e-14  # of the logarithm: a few roundings
ABSOLUTE = 1e-15


def precise_risks(measure, eta, theta):
    """p1, p0 by the textbook forms, cancellation and all, in arithmetic that can afford it."""
    eta, theta = Decimal(eta), Decimal(theta)
    if measure == "OR":
        return [1 / (1 + (-(eta + sign * theta) / 2).exp()) for sign in (1, -1)]
    half = theta / 2
    if measure == "RR":
        sinh, cosh = (half.exp() - (-half).exp()) / 2, (half.exp() + (-half).exp()) / 2
        d = cosh + (sinh * sinh + (-eta).exp()).sqrt()
        return [half.exp() / d, (-half).exp() / d]
    difference, t = (((2 * x).exp() - 1) / ((2 * x).exp() + 1) for x in (theta, eta / 2))
    u = t * (1 - difference**2) / 2 / (1 + (1 - t * t * (1 - difference**2)).sqrt())
    return [Decimal("0.5") + u + difference / 2, Decimal("0.5") + u - difference / 2]


@pytest.mark.parametrize("measure", LINKS)
@pytest.mark.parametrize("eta", ETAS)
def test_log_risks_against_sixty_digits(measure, eta):
    for theta in THETAS:
        with localcontext() as context:
            context.prec = 60
            p1, p0 = precise_risks(measure, eta, theta)
            expected = [float(p.ln()) for p in (p1, 1 - p1, p0, 1 - p0)]
        got = LINKS[measure](np.float64(eta), np.float64(theta))
        np.testing.assert_allclose(got, expected, rtol=RELATIVE, atol=ABSOLUTE, err_msg=f"theta {theta}")


@pytest.mark.parametrize("measure", LINKS)
def test_effect_and_odds_product_come_back(measure):
    eta, theta = np.meshgrid(np.linspace(-8, 8, 17), np.linspace(-2, 2, 9))
    log_p1, log_q1, log_p0, log_q0 = LINKS[measure](eta, theta)
    np.testing.assert_allclose(log_p1 - log_q1 + log_p0 - log_q0, eta, atol=1e-13)
    effect = {
        "OR": log_p1 - log_q1 - log_p0 + log_q0,
        "RR": log_p1 - log_p0,
        "RD": np.arctanh(np.exp(log_p1) - np.exp(log_p0)),
    }[measure]
    np.testing.assert_allclose(effect, theta, atol=1e-13)


@pytest.mark.parametrize("measure", LINKS)
def test_swapping_the_arms_swaps_the_sign_of_theta_exactly(measure):
    eta, theta = np.meshgrid(np.linspace(-30, 30, 61), np.linspace(-4, 4, 40))
    p1, q1, p0, q0 = LINKS[measure](eta, theta)
    for ours, theirs in zip(LINKS[measure](eta, -theta), (p0, q0, p1, q1), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("measure", LINKS)
def test_nothing_is_infinite_however_extreme(measure):
    eta, theta = np.meshgrid([-1400.0, -700, -90, 0, 90, 700, 1400], [-1400.0, -300, -1e-200, 0, 50, 1400])
    assert np.isfinite(LINKS[measure](eta, theta)).all()
