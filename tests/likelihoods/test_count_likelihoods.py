"""Likelihoods of counts: baselines and effects integrated out, against sums and quadrature that share no code."""

import numpy as np
import pytest
from scipy import stats

from mutau.likelihoods import BINOMIAL, HYPERGEOMETRIC, LIKELIHOODS, NORMAL, POISSON
from mutau.likelihoods.links import LINKS

TABLES = (
    (31, 46, 9, 54),
    (0, 14, 1, 54),
    (0, 20, 0, 30),
    (20, 20, 30, 30),
    (20, 20, 3, 30),
    (0, 20, 30, 30),
    (1, 1000, 4, 1000),
    (50_000, 100_000, 49_000, 100_000),
    (0, 100_000, 3, 100_000),
    (5, 10, 0, 100_000),
    (0, 1, 1, 1),
)
THETA = np.array([-6.0, -2, -0.5, -0.02, -1e-6, 0, 1e-3, 0.1, 1, 3, 9])
RELATIVE_TO_MAXIMUM = 1e-9  # the accuracy that is promised
IN_LOG = 5e-9  # rounding of lgamma at 100,000
MARGINAL = 1e-6
AT_A_CORNER = 1e-5  # what EffectTable promises there


def data_of(*tables, columns=BINOMIAL.data_columns):
    return {name: np.array([float(t[i]) for t in tables]) for i, name in enumerate(columns)}


def dense_integral(log_density, theta, sd):
    """An equal-step sum so fine that it resolves 100,000 per arm: it converges exponentially."""
    limit = 10 * sd + 30 + 2 * abs(theta)
    eta = np.linspace(-limit, limit, 300_001)
    values = log_density(eta, theta) + stats.norm.logpdf(eta, 0, sd)
    top = values.max()
    return top + np.log(np.exp(values - top).sum() * (eta[1] - eta[0]))


def binomial_density(table, measure):
    a, n1, c, n0 = table
    constant = (
        stats.binom.logpmf(a, n1, 0.5) - n1 * np.log(0.5) + stats.binom.logpmf(c, n0, 0.5) - n0 * np.log(0.5)
    )

    def log_density(eta, theta):
        p1, q1, p0, q0 = LINKS[measure](eta, theta)
        return constant + a * p1 + (n1 - a) * q1 + c * p0 + (n0 - c) * q0

    return log_density


@pytest.mark.parametrize("measure", LINKS)
@pytest.mark.parametrize("table", TABLES)
def test_baseline_is_integrated_out(table, measure):
    got = BINOMIAL.study_log_likelihood(data_of(table), THETA, measure, 10.0)[0]
    expected = np.array([dense_integral(binomial_density(table, measure), t, 10.0) for t in THETA])
    largest = BINOMIAL.study_log_likelihood(data_of(table), np.linspace(-12, 12, 481), measure, 10.0).max()
    np.testing.assert_allclose(got, expected, rtol=0, atol=IN_LOG)
    np.testing.assert_allclose(np.exp(got - largest), np.exp(expected - largest), atol=RELATIVE_TO_MAXIMUM)


@pytest.mark.parametrize("sd", [1.0, 5.0, 20.0])
def test_other_baseline_sds(sd):
    for measure in LINKS:
        for table in TABLES[:4]:
            got = BINOMIAL.study_log_likelihood(data_of(table), THETA, measure, sd)[0]
            expected = [dense_integral(binomial_density(table, measure), t, sd) for t in THETA]
            np.testing.assert_allclose(got, expected, atol=IN_LOG)


@pytest.mark.parametrize("measure", LINKS)
def test_probabilities_of_all_tables_sum_to_one(measure):
    """So it is log p(data | theta), constants and all."""
    tables = [(a, 4, c, 3) for a in range(5) for c in range(4)]
    total = np.exp(BINOMIAL.study_log_likelihood(data_of(*tables), THETA, measure, 10.0)).sum(axis=0)
    np.testing.assert_allclose(total, 1, atol=1e-10)


@pytest.mark.parametrize("measure", LINKS)
def test_swapping_the_arms_swaps_the_sign_of_theta(measure):
    theta = np.array([-3.0, -0.7, 0.2, 1.9])
    for a, n1, c, n0 in TABLES:
        ours = BINOMIAL.study_log_likelihood(data_of((a, n1, c, n0)), theta, measure, 10.0)
        theirs = BINOMIAL.study_log_likelihood(data_of((c, n0, a, n1)), -theta, measure, 10.0)
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=IN_LOG)


def test_hypergeometric_is_fishers():
    theta = np.linspace(-3, 3, 13)
    for a, n1, c, n0 in TABLES[:7]:
        got = HYPERGEOMETRIC.study_log_likelihood(data_of((a, n1, c, n0)), theta, "OR", 10.0)[0]
        expected = [stats.nchypergeom_fisher.logpmf(a, n1 + n0, n1, a + c, np.exp(t)) for t in theta]
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8)  # SciPy's own accuracy
    swapped = HYPERGEOMETRIC.study_log_likelihood(data_of((9, 54, 31, 46)), -theta, "OR", 10.0)
    ours = HYPERGEOMETRIC.study_log_likelihood(data_of((31, 46, 9, 54)), theta, "OR", 10.0)
    np.testing.assert_allclose(ours, swapped, atol=1e-12)


def test_a_double_zero_study_says_nothing_conditionally_and_a_little_exactly():
    empty = data_of((0, 20, 0, 30))
    assert (HYPERGEOMETRIC.study_log_likelihood(empty, THETA, "OR", 10.0) == 0).all()
    exact = BINOMIAL.study_log_likelihood(empty, THETA, "OR", 10.0)[0]
    assert np.ptp(exact) > 0.1
    assert exact[THETA == 0] > exact[THETA == 9]  # it shrinks towards no effect


POISSON_TABLES = ((3, 100.0, 9, 110.0), (0, 50.0, 4, 40.0), (0, 50.0, 0, 70.0), (20_000, 1e6, 21_000, 1e6))


@pytest.mark.parametrize("table", POISSON_TABLES)
def test_poisson_baseline_is_integrated_out(table):
    a, t1, c, t0 = table

    def log_density(eta, theta):
        return stats.poisson.logpmf(a, t1 * np.exp((eta + theta) / 2)) + stats.poisson.logpmf(
            c, t0 * np.exp((eta - theta) / 2)
        )

    got = POISSON.study_log_likelihood(
        data_of(table, columns=POISSON.data_columns), THETA[1:-1], "IRR", 10.0
    )[0]
    with np.errstate(over="ignore", under="ignore"):
        expected = np.array([dense_integral(log_density, t, 10.0) for t in THETA[1:-1]])
    near = expected > expected.max() - 600
    np.testing.assert_allclose(got[near], expected[near], atol=2e-8)


def test_poisson_with_a_flat_baseline_is_the_conditional_binomial():
    """The difference to the conditional likelihood is a constant, up to the prior's curvature over the data's eta."""
    theta = np.linspace(-2, 2, 9)
    for table in POISSON_TABLES[:2]:
        a, t1, c, t0 = table
        data = data_of(table, columns=POISSON.data_columns)
        share = t1 * np.exp(theta) / (t1 * np.exp(theta) + t0)
        conditional = stats.binom.logpmf(a, a + c, share)
        difference = POISSON.study_log_likelihood(data, theta, "IRR", 3000.0)[0] - conditional
        assert np.ptp(difference) < 1e-5


def dense_over_effects(log_l, mu, tau, effects):
    """Brute force over theta: panels that halve towards mu and towards 0."""
    steps = 2.0 ** np.arange(-1, 6)
    halving = 2.0 ** np.arange(-26, 5)
    around_mu, around_0 = [mu - tau * steps, [mu], mu + tau * steps], [-halving, [0], halving]
    edges = np.concatenate([*around_mu, *around_0, np.linspace(-8, 8, 161)])
    edges = np.unique(edges[np.abs(edges - mu) <= 32 * tau])
    x, w = np.polynomial.legendre.leggauss(16)
    half = np.diff(edges)[:, np.newaxis] / 2
    theta = (edges[:-1, np.newaxis] + half * (1 + x)).ravel()
    values = log_l(theta) + effects.logpdf((theta - mu) / tau) - np.log(tau) + np.log((half * w).ravel())
    return values.max() + np.log(np.exp(values - values.max()).sum())


CASES = [(BINOMIAL, measure) for measure in LINKS] + [(HYPERGEOMETRIC, "OR")]


@pytest.mark.parametrize(("likelihood", "measure"), CASES, ids=lambda x: getattr(x, "name", x))
@pytest.mark.parametrize("df", [np.inf, 30.0])
def test_effects_are_integrated_out(likelihood, measure, df):
    effects = stats.norm if np.isinf(df) else stats.t(df)
    scale = 0.3 if measure == "RD" else 1.0
    mu, tau = np.meshgrid([-0.4 * scale, 0.02, 1.2 * scale], [1e-7, 0.03, 0.4, 1.5])
    for table in (TABLES[0], TABLES[1], TABLES[2], TABLES[4], TABLES[6]):
        got = likelihood.log_likelihood(
            data_of(table), mu, tau, measure=measure, baseline_sd=10.0, effects_df=df
        )

        def log_l(theta, table=table):
            return likelihood.study_log_likelihood(data_of(table), theta, measure, 10.0)[0]

        expected = np.vectorize(lambda m, t, f=log_l: dense_over_effects(f, m, t, effects))(mu, tau)
        near = expected > expected.max() - 20
        allowed = MARGINAL if np.isinf(df) else 1e-4  # of t effects where there is a corner
        np.testing.assert_allclose(got[..., 0][near], expected[near], rtol=0, atol=allowed)


def test_as_tau_goes_to_zero_it_is_the_common_effect_likelihood():
    data, mu = data_of(*TABLES[:5]), np.linspace(-1, 2, 7)
    for measure in LINKS:
        expected = BINOMIAL.study_log_likelihood(data, mu, measure, 10.0).T
        for tau in (0.0, 1e-12, 1e-6):
            got = BINOMIAL.log_likelihood(data, mu, np.full_like(mu, tau), measure=measure)
            near = expected > expected.max(axis=0) - 20
            np.testing.assert_allclose(got[near], expected[near], rtol=0, atol=AT_A_CORNER)


@pytest.mark.parametrize(("mu", "tau"), [(0.0, 0.5), (0.2, 1e-5), (48.0, 3.0), (0.25, 0.04)])
def test_normal_likelihood_with_t_effects(mu, tau):
    for yi, sei in ((0.3, 0.2), (51.0, 7.0)):
        data = {"yi": np.array([yi]), "sei": np.array([sei])}

        def log_l(theta, yi=yi, sei=sei):
            return stats.norm.logpdf(yi, theta, sei)

        if abs(yi - mu) > 3 * sei:  # the tails of t over an interval that no brute force here covers
            continue
        got = NORMAL.log_likelihood(data, np.array(mu), np.array(tau), effects_df=4.0)
        x = np.sinh(np.arange(-12, 12, 2e-4))  # equal steps in asinh: 1e-12 of t's tail is left out
        mass = np.exp(log_l(mu + tau * x) + stats.t.logpdf(x, 4)) * np.sqrt(1 + x * x) * 2e-4
        assert got[0] == pytest.approx(np.log(mass.sum()), abs=1e-6)


@pytest.mark.parametrize("name", ["binomial", "hypergeometric", "poisson"])
def test_shapes_and_replicates(name):
    likelihood = LIKELIHOODS[name]
    measure = likelihood.measures[0]
    tables = [(31, 46, 9, 54), (0, 20, 0, 30), (8, 14, 1, 54)]
    data = data_of(*tables, columns=likelihood.data_columns)
    rng = np.random.default_rng(1)
    mu, tau = rng.normal(1, 0.3, (2, 500)), np.abs(rng.normal(0, 0.4, (2, 500)))
    assert likelihood.log_likelihood(data, mu, tau, measure=measure).shape == (2, 500, 3)
    drawn = likelihood.replicate(data, mu, tau, rng, measure=measure)
    assert drawn.shape == (2, 500, 3, 2)
    assert likelihood.observation(data).shape == (3, 2)
    assert ((drawn >= 0) & (drawn == drawn.round())).all()
    if name == "hypergeometric":
        assert (drawn.sum(axis=-1) == likelihood.observation(data).sum(axis=-1)).all()


def test_binomial_replicates_keep_the_baseline_and_renew_the_effect():
    """Against importance weighting of the prior of (theta, eta) for one mu and tau."""
    table, mu, tau, n = (31, 46, 9, 54), 1.2, 0.3, 100_000
    rng = np.random.default_rng(2)
    drawn = BINOMIAL.replicate(data_of(table), np.full(n, mu), np.full(n, tau), rng, measure="RR")
    theta, eta = rng.normal(mu, tau, 400_000), rng.normal(0, 10, 400_000)
    log_weight = binomial_density(table, "RR")(eta, theta)
    weight = np.exp(log_weight - log_weight.max())
    chosen = rng.choice(eta, n, p=weight / weight.sum())
    risks = LINKS["RR"](chosen, rng.normal(mu, tau, n))
    for arm, log_p in ((0, risks.p1), (1, risks.p0)):
        expected = rng.binomial(table[1 + 2 * arm], np.exp(log_p))
        assert drawn[:, 0, arm].mean() == pytest.approx(expected.mean(), abs=0.15)
        assert drawn[:, 0, arm].std() == pytest.approx(expected.std(), abs=0.15)
