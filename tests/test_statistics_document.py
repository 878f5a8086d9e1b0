"""Every figure of docs/statistics.md, recomputed by brute force from the shipped data, without any of mutau.

Plain quadrature on dense grids, written from the model's definition. A test first computes, then asks the
document for the sentence or table row with the figure in it, so neither can change without the other.
"""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import interpolate, optimize, special, stats

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data" / "pip"
NORMAL = stats.norm
Z = NORMAL.ppf(0.975)
ATTACHMENT = ("secure", "insecure to secure", "avoidant", "disorganised")


@cache
def document() -> str:
    return " ".join((ROOT / "docs" / "statistics.md").read_text(encoding="utf-8").split())


def stated(text: str) -> None:
    if " ".join(text.split()) not in document():
        pytest.fail(f"docs/statistics.md does not say: {text}")


def p3(probability: float) -> str:
    return f"{probability:.3f}".removeprefix("0")


def p4(probability: float) -> str:
    return f"{probability:.4f}".removeprefix("0")


def ratio(x: float) -> str:
    return f"{x:#.3g}"


def interval(median: float, lower: float, upper: float) -> str:
    return f"{ratio(median)} [{ratio(lower)}, {ratio(upper)}]"


# Data and effects


@cache
def rows(name: str = "studies.csv") -> tuple[dict[str, str], ...]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))


def counts(outcome: str, name: str = "studies.csv", **where: str) -> np.ndarray:
    """Events and n of treatment, events and n of control: one row per study."""
    columns = ("events_treatment", "n_treatment", "events_control", "n_control")
    chosen = [
        row
        for row in rows(name)
        if row["outcome"] == f"Infant attachment: {outcome}" and all(row[k] == v for k, v in where.items())
    ]
    return np.array([[float(row[column]) for column in columns] for row in chosen])


def log_risk_ratios(table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    a, n1, c, n2 = table.T
    return np.log(a / n1) - np.log(c / n2), 1 / a - 1 / n1 + 1 / c - 1 / n2


def epds(control: str) -> tuple[float, float]:
    """Hedges' g with the exact correction, and its large-sample variance (metafor's default)."""
    (row,) = [r for r in rows() if "EPDS" in r["outcome"] and r["arm_control"] == control]
    n1, n2 = float(row["n_treatment"]), float(row["n_control"])
    df = n1 + n2 - 2
    pooled = ((n1 - 1) * float(row["sd_treatment"]) ** 2 + (n2 - 1) * float(row["sd_control"]) ** 2) / df
    exact_j = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    g = exact_j * (float(row["mean_treatment"]) - float(row["mean_control"])) / np.sqrt(pooled)
    return float(g), 1 / n1 + 1 / n2 + g**2 / (2 * (n1 + n2))


# Quadrature


@cache
def legendre(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.polynomial.legendre.leggauss(n)


def gauss_legendre(n: int, lower: float, upper: float) -> tuple[np.ndarray, np.ndarray]:
    x, w = legendre(n)
    return lower + (upper - lower) * (x + 1) / 2, w * (upper - lower) / 2


def tau_nodes(n: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights over the half line."""
    u, w = gauss_legendre(n, 0, 1)
    return u / (1 - u), w / (1 - u) ** 2


def half_normal(scale: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda tau: stats.halfnorm.logpdf(tau, scale=scale)


def half_cauchy(scale: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda tau: stats.halfcauchy.logpdf(tau, scale=scale)


def given_tau(y: np.ndarray, v: np.ndarray, tau: np.ndarray, mu_sd: float) -> tuple[np.ndarray, ...]:
    """Log likelihood of tau, and mean and SD of mu given tau; `mu_sd` inf is a flat prior."""
    weight = 1 / (v[:, None] + tau**2)
    precision = mu_sd**-2 + weight.sum(0)
    mean = (weight * y[:, None]).sum(0) / precision
    residual = (weight * y[:, None] ** 2).sum(0) - mean**2 * precision
    return 0.5 * (np.log(weight).sum(0) - np.log(precision) - residual), mean, precision**-0.5


def normal_normal(
    y: np.ndarray, v: np.ndarray, mu_sd: float, log_tau_prior: Callable[[np.ndarray], np.ndarray]
) -> tuple[np.ndarray, ...]:
    """The posterior of mu as a mixture over tau: nodes, probabilities, means, SDs."""
    tau, w = tau_nodes()
    log_likelihood, mean, sd = given_tau(y, v, tau, mu_sd)
    log_p = log_likelihood + log_tau_prior(tau) + np.log(w)
    p = np.exp(log_p - log_p.max())
    return tau, p / p.sum(), mean, sd


def mixture_sf(x: float, p: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> float:
    return float((p * NORMAL.sf((x - mean) / sd)).sum())


def mixture_quantile(q: float, p: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> float:
    return optimize.brentq(lambda x: 1 - mixture_sf(x, p, mean, sd) - q, -50, 50, xtol=1e-12)


@cache
def normal_answer(outcome: str) -> tuple[str, float, float]:
    """Median RR with interval, P(RR > 1) and P(0.17 RR > 1) under the default priors."""
    _, p, mean, sd = normal_normal(*log_risk_ratios(counts(outcome)), 2.82, half_normal(0.5))
    values = [np.exp(mixture_quantile(q, p, mean, sd)) for q in (0.5, 0.025, 0.975)]
    return interval(*values), mixture_sf(0, p, mean, sd), mixture_sf(-np.log(0.17), p, mean, sd)


# The exact binomial likelihood for a risk ratio


def log_risks(theta: np.ndarray, eta: np.ndarray) -> tuple[np.ndarray, ...]:
    """log p0, log p1, log(1 - p0), log(1 - p1) from the log risk ratio and the log odds product."""
    h = theta / 2
    big = np.sqrt(np.sinh(h) ** 2 + np.exp(-eta)) + np.abs(np.sinh(h))
    small = np.exp(-eta) / big
    log_d = np.log(np.cosh(h) + (big + small) / 2)
    plus, minus = np.where(h >= 0, big, small), np.where(h >= 0, small, big)
    return -h - log_d, h - log_d, np.log(plus) - log_d, np.log(minus) - log_d


def study_log_likelihood(
    cells: np.ndarray, theta: np.ndarray, log_eta_prior: Callable[[np.ndarray], np.ndarray] | None
) -> np.ndarray:
    """One study's log likelihood of theta, its baseline integrated out (or profiled, without a prior)."""
    a, n1, c, n2 = cells
    eta, w = gauss_legendre(400, -60, 60) if log_eta_prior else (np.linspace(-15, 15, 3001), np.nan)
    log_p0, log_p1, log_q0, log_q1 = log_risks(theta[:, None], eta)
    log_likelihood = a * log_p1 + (n1 - a) * log_q1 + c * log_p0 + (n2 - c) * log_q0
    if log_eta_prior is None:
        return log_likelihood.max(axis=1)
    return special.logsumexp(log_likelihood + log_eta_prior(eta) + np.log(w), axis=1)


def binomial_mu_density(
    outcome: str, log_eta_prior: Callable[[np.ndarray], np.ndarray] | None
) -> tuple[np.ndarray, np.ndarray]:
    theta = np.arange(-12, 12.01, 0.05)
    splines = [
        interpolate.CubicSpline(theta, study_log_likelihood(cells, theta, log_eta_prior))
        for cells in counts(outcome)
    ]
    mu = np.arange(-6, 8.01, 0.02)
    x, wx = np.polynomial.hermite_e.hermegauss(100)
    density = np.zeros_like(mu)
    for tau, w in zip(*gauss_legendre(50, 0, 4), strict=True):
        at = np.clip(mu[:, None] + tau * x, theta[0], theta[-1])
        study = [np.exp(spline(at) - spline(theta).max()) @ wx for spline in splines]
        density += w * stats.halfnorm.pdf(tau, scale=0.5) * np.prod(study, axis=0)
    return mu, density * NORMAL.pdf(mu, 0, 2.82)


def binomial_answer(
    outcome: str, log_eta_prior: Callable[[np.ndarray], np.ndarray] | None
) -> tuple[str, float, float]:
    mu, density = binomial_mu_density(outcome, log_eta_prior)
    integral = interpolate.CubicSpline(mu, density).antiderivative()
    total = integral(mu[-1])

    def above(x: float) -> float:
        return float(1 - integral(x) / total)

    values = [
        np.exp(optimize.brentq(lambda x, q=q: 1 - above(x) - q, -5.9, 7.9)) for q in (0.5, 0.025, 0.975)
    ]
    return interval(*values), above(0.0), above(-np.log(0.17))


@cache
def exact_answer(outcome: str) -> tuple[str, float, float]:
    return binomial_answer(outcome, lambda eta: NORMAL.logpdf(eta, 0, 10))


# Default priors


def test_the_default_priors_follow_from_one_another() -> None:
    limit = np.exp(Z * 2.82)
    stated(f"between 1/{limit:.1f} and {limit:.1f}")
    stated(f"rounded outwards: between 1/{np.ceil(limit):.0f} and {np.ceil(limit):.0f}")
    stated(f"log(250)/1.96 = {np.log(250) / 1.96:.2f}")
    to_smd = np.sqrt(3) / np.pi
    stated(f"2.82 × √3/π = {2.82 * to_smd:.2f}")
    stated(f"0.5 × √3/π = {0.5 * to_smd:.3f}, rounded to {0.5 * to_smd:.2f}")
    stated(f"Its median is {stats.halfnorm.median(scale=0.5):.2f}")
    half_width = Z * stats.halfnorm.median(scale=0.5)
    stated(f"by a factor of {np.exp(2 * half_width):.1f}")


@pytest.mark.parametrize(
    ("words", "log_tau_prior"),
    [
        ("half-normal(0.5), the default", half_normal(0.5)),
        ("half-normal(1), always beside it", half_normal(1.0)),
        ("half-Cauchy(0.5)", half_cauchy(0.5)),
    ],
)
def test_with_two_trials_the_prior_of_tau_decides(
    words: str, log_tau_prior: Callable[[np.ndarray], np.ndarray]
) -> None:
    _, p, mean, sd = normal_normal(*log_risk_ratios(counts("secure")), 2.82, log_tau_prior)
    stated(f"| {words} | {p3(mixture_sf(0, p, mean, sd))} |")


def test_without_heterogeneity_secure_attachment_looks_certain() -> None:
    y, v = log_risk_ratios(counts("secure"))
    _, mean, sd = given_tau(y, v, np.zeros(1), 2.82)
    assert NORMAL.cdf(mean / sd)[0] > 0.99999
    stated("| tau = 0, always beside it | above .99999 |")


def test_the_review_groups_own_priors() -> None:
    # Bartoš et al. 2023 (arXiv:2306.11468), log RR, Developmental, Psychosocial and Learning Problems:
    # effect t(location 0, scale 0.39, df 3), tau inverse-gamma(shape 0.97, scale 0.11).
    y, v = log_risk_ratios(counts("secure"))
    log_tau, w_tau = gauss_legendre(300, -14, 8)
    tau = np.exp(log_tau)
    prior = stats.invgamma.logpdf(tau, 0.97, scale=0.11) + log_tau + np.log(w_tau)
    mass = []
    for limits in ((-40, 0), (0, 40)):
        mu, w_mu = gauss_legendre(400, *limits)
        data = sum(NORMAL.logpdf(y[i], mu[:, None], np.sqrt(v[i] + tau**2)) for i in range(2))
        log_joint = data + prior + (stats.t.logpdf(mu / 0.39, 3) + np.log(w_mu))[:, None]
        mass.append(np.exp(log_joint).sum())
    stated(f"| the review group's own, for mu and tau | {p3(mass[1] / sum(mass))} |")


def test_the_default_prior_all_but_excludes_the_moment_estimate_of_tau() -> None:
    table = counts("secure")
    y, v = log_risk_ratios(table)
    a, n1, c, n2 = table.T
    w = 1 / v
    mantel_haenszel = np.log((a * n2 / (n1 + n2)).sum() / (c * n1 / (n1 + n2)).sum())

    def moment(centre: float) -> float:
        q = (w * (y - centre) ** 2).sum()
        return float(np.sqrt((q - 1) / (w.sum() - (w**2).sum() / w.sum())))

    tau = moment((w * y).sum() / w.sum())
    stated(f"DerSimonian-Laird puts tau at {tau:.2f} ({moment(mantel_haenszel):.2f} with Q taken about the")
    stated(f"gives values that large a probability of {100 * stats.halfnorm.sf(tau, scale=0.5):.1f}%")


# Exact likelihood


def test_the_risk_ratio_parameterisation_is_what_it_says() -> None:
    theta, eta = np.meshgrid(np.linspace(-10, 10, 41), np.linspace(-60, 60, 61))
    log_p0, log_p1, log_q0, log_q1 = log_risks(theta, eta)
    np.testing.assert_allclose(log_p1 - log_p0, theta, atol=1e-13)
    np.testing.assert_allclose(log_p0 + log_p1 - log_q0 - log_q1, eta, atol=1e-11)
    np.testing.assert_allclose(np.exp(log_p0) + np.exp(log_q0), 1, rtol=1e-13)
    np.testing.assert_allclose(np.exp(log_p1) + np.exp(log_q1), 1, rtol=1e-13)
    h, r = theta / 2, np.sqrt(np.sinh(theta / 2) ** 2 + np.exp(-eta))
    with np.errstate(divide="ignore"):
        as_printed = np.log(r + np.sinh(h)) - np.log(np.cosh(h) + r)
    no_cancellation = h >= 0
    np.testing.assert_allclose(as_printed[no_cancellation], log_q0[no_cancellation], atol=1e-13)


def test_the_risk_difference_parameterisation_is_what_it_says() -> None:
    d, eta = np.meshgrid(np.linspace(-0.95, 0.95, 39), np.linspace(-12, 12, 49))
    t, a = np.tanh(eta / 2), (1 - d**2) / 4
    u = 2 * t * a / (1 + np.sqrt(1 - t**2 * (1 - d**2)))
    p1, p0 = 0.5 + u + d / 2, 0.5 + u - d / 2
    np.testing.assert_allclose(special.logit(p0) + special.logit(p1), eta, atol=1e-6)
    stated("`u = 2 T A / (1 + sqrt(1 - T² (1 - d²)))`")


def test_swapping_the_arms_mirrors_the_likelihood() -> None:
    theta = np.linspace(-4, 4, 17)
    cells = counts("avoidant")[0]
    mirrored = study_log_likelihood(cells[[2, 3, 0, 1]], -theta, lambda eta: NORMAL.logpdf(eta, 0, 10))
    direct = study_log_likelihood(cells, theta, lambda eta: NORMAL.logpdf(eta, 0, 10))
    np.testing.assert_allclose(mirrored, direct, rtol=1e-12)


@pytest.mark.parametrize("outcome", ATTACHMENT)
def test_exact_binomial_and_normal_answers(outcome: str) -> None:
    exact, exact_above, _ = exact_answer(outcome)
    normal, normal_above, _ = normal_answer(outcome)
    if outcome in {"avoidant", "disorganised"}:
        exact_above, normal_above = 1 - exact_above, 1 - normal_above
    stated(f"| {outcome} | {exact} | {p4(exact_above)} | {normal} | {p4(normal_above)} |")


@pytest.mark.parametrize(
    ("words", "log_eta_prior"),
    [
        ("Logistic(0, 2)", lambda eta: stats.logistic.logpdf(eta, 0, 2)),
        ("Normal(0, 5)", lambda eta: NORMAL.logpdf(eta, 0, 5)),
        ("Normal(0, 10)", lambda eta: NORMAL.logpdf(eta, 0, 10)),
        ("Normal(0, 20)", lambda eta: NORMAL.logpdf(eta, 0, 20)),
        ("profiled out", None),
    ],
)
def test_the_prior_of_the_baselines_matters(
    words: str, log_eta_prior: Callable[[np.ndarray], np.ndarray] | None
) -> None:
    _, above, _ = binomial_answer("avoidant", log_eta_prior)
    stated(f"| {words} | {p3(1 - above)} |")


def test_a_vague_baseline_simulates_degenerate_arms() -> None:
    # A log odds product of SD 10 is twice a mid-point logit of SD 5.
    logit, w = gauss_legendre(400, -40, 40)
    p = special.expit(logit)
    share = (w * NORMAL.pdf(logit, 0, 5) * (p**50 + (1 - p) ** 50)).sum()
    stated(f"about {100 * share:.0f}% of simulated arms of 50 would have no events or only events")


# Only a pooled result is known


def rounded_se(row: dict[str, str], measure: Callable[[float], np.ndarray], side: int) -> float:
    """The standard error of the narrowest (-1), printed (0) or widest (1) interval that prints to two decimals so."""
    lower, upper = float(row["ci_lower"]) - 0.005 * side, float(row["ci_upper"]) + 0.005 * side
    return float(measure(upper) - measure(lower)) / (2 * Z)


@pytest.mark.parametrize(
    ("outcome", "measure", "mu_sd", "scales"),
    [
        ("Parental depression: incidence", np.log, 2.82, (0.5, 1.0)),
        ("Parental depression: level", np.asarray, 1.55, (0.28, 0.5)),
    ],
)
def test_a_published_result_alone(
    outcome: str, measure: Callable[[float], np.ndarray], mu_sd: float, scales: tuple[float, float]
) -> None:
    (row,) = [r for r in rows("published.csv") if r["outcome"] == outcome]
    m, lower, upper = (float(measure(float(row[c]))) for c in ("estimate", "ci_lower", "ci_upper"))
    se2, k = ((upper - lower) / (2 * Z)) ** 2, int(row["k"])
    tau, w = tau_nodes()

    def benefit(m: float, variance: np.ndarray, weight: np.ndarray) -> float:
        p = weight * NORMAL.pdf(m, 0, np.sqrt(variance + mu_sd**2))
        shrink = mu_sd**2 / (mu_sd**2 + variance)
        return float((p * NORMAL.cdf(-m * shrink / np.sqrt(variance * shrink))).sum() / p.sum())

    def answers(m: float, se2: float) -> list[float]:
        integrated = [benefit(m, se2 + tau**2 / k, w * np.exp(half_normal(scale)(tau))) for scale in scales]
        return [benefit(m, np.array([se2]), np.ones(1)), *integrated]

    name = outcome.removeprefix("Parental depression: ")
    cells = " | ".join(p3(answer) for answer in answers(m, se2))
    stated(f"| {name} | {cells} |")
    corners = np.array(
        [
            answers(float(measure(float(row["estimate"]) + 0.005 * a)), rounded_se(row, measure, b) ** 2)
            for a in (-1, 0, 1)
            for b in (-1, 0, 1)
        ]
    )
    ranges = zip(corners.min(axis=0), corners.max(axis=0), strict=True)
    cells = " | ".join(f"{p3(low)} to {p3(high)}" for low, high in ranges)
    stated(f"| {name}, over rounding | {cells} |")
    if name == "level":
        scale = 0.5 * np.sqrt(3) / np.pi
        unrounded = benefit(m, se2 + tau**2 / k, w * np.exp(half_normal(scale)(tau)))
        stated(f"0.5 × √3/π would give {p3(unrounded)} in place of {p3(answers(m, se2)[1])}")


def test_equal_trials_make_the_pooled_only_variance_exact() -> None:
    k, v, tau2 = 4, 0.09, 0.16
    y = np.array([0.1, -0.3, 0.2, 0.5])
    _, mean, sd = given_tau(y, np.full(k, v), np.sqrt(np.array([tau2])), np.inf)
    assert mean[0] == pytest.approx(y.mean())
    for published in (0.0, 0.05, tau2):
        assert (v + published) / k + (tau2 - published) / k == pytest.approx(sd[0] ** 2)


# What exists


def test_one_study_shows_mu_and_theta_apart() -> None:
    y, v = epds("routine primary care")
    for scale in (0.28, 0.5):
        tau, p, mean, sd = normal_normal(np.array([y]), np.array([v]), 1.55, half_normal(scale))
        pull = v / (v + tau**2)
        theta_mean, theta_sd = pull * mean + (1 - pull) * y, np.sqrt((pull * sd) ** 2 + v * (1 - pull))
        mu = 1 - mixture_sf(0, p, mean, sd)
        theta = 1 - mixture_sf(0, p, theta_mean, theta_sd)
        stated(f"| half-normal({scale:g}) | {p3(theta)} | {p3(mu)} |")


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize(("mu_sd", "lost"), [(1.0, 0), (np.inf, 1)])
def test_the_likelihood_of_tau_falls_like_a_power(k: int, mu_sd: float, lost: int) -> None:
    y, v = np.linspace(-1, 1, k), np.linspace(0.1, 0.4, k)
    log_likelihood, _, _ = given_tau(y, v, np.array([1e6, 1e7]), mu_sd)
    assert np.diff(log_likelihood)[0] / np.log(10) == pytest.approx(-(k - lost), abs=1e-6)


@pytest.mark.parametrize(("power", "mu_sd", "limit"), [(1, 2.82, 1), (2, 2.82, 0.5), (1, np.inf, 0.8165)])
def test_a_new_ratio_has_a_mean_only_under_a_narrow_prior(power: int, mu_sd: float, limit: float) -> None:
    # E(exp(r theta_new)): the integrand over tau must fall at its far end.
    y, v = log_risk_ratios(counts("secure"))
    tau = np.array([200.0, 400.0])
    log_likelihood, mean, sd = given_tau(y, v, tau, mu_sd)
    expectation = power * mean + power**2 * (sd**2 + tau**2) / 2
    for scale, falls in ((0.97 * limit, True), (1.03 * limit, False)):
        assert (np.diff(log_likelihood + half_normal(scale)(tau) + expectation)[0] < 0) is np.bool_(falls)


# Classic


def hartung_knapp(y: np.ndarray, v: np.ndarray, tau2: float) -> str:
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    se = np.sqrt((w * (y - mean) ** 2).sum() / (len(y) - 1) / w.sum())
    limits = np.exp(mean + np.array([-1, 1]) * stats.t.ppf(0.975, len(y) - 1) * se)
    return f"{np.exp(mean):.3f} [{limits[0]:.3f}, {limits[1]:.3f}]"


def test_hartung_knapp_over_the_admissible_avoidant_sets() -> None:
    sets = sorted({row["set"] for row in rows("admissible_attachment.csv")}, key=int)
    assert len(sets) == 17
    found = {}
    for number in sets:
        y, v = log_risk_ratios(counts("avoidant", "admissible_attachment.csv", set=number))
        w = 1 / v
        q = (w * (y - (w * y).sum() / w.sum()) ** 2).sum()
        assert q < 1  # so tau^2 is 0 by DerSimonian-Laird, and by REML too where k = 2 and q < 1
        found.setdefault(hartung_knapp(y, v, 0.0), []).append(int(number))
        wald = np.exp((w * y).sum() / w.sum() + np.array([-1, 1]) * Z / np.sqrt(w.sum()))
        np.testing.assert_allclose(wald, [0.24, 0.95], atol=0.006)
    assert len(found) == 4
    for text, numbers in found.items():
        stated(f"| {text} | {len(numbers)} |")


def test_the_approximate_small_sample_correction_is_close() -> None:
    sizes = [float(r["n_treatment"]) + float(r["n_control"]) for r in rows() if "EPDS" in r["outcome"]]
    df = np.array(sizes) - 2
    exact = np.exp(special.gammaln(df / 2) - special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    assert len(sizes) == 3
    assert np.abs((1 - 3 / (4 * np.array(sizes) - 9)) / exact - 1).max() < 1e-4
    stated("less than one part in 10,000")


def test_hartung_knapp_for_secure_attachment_says_nothing() -> None:
    y, v = log_risk_ratios(counts("secure"))

    def restricted(tau2: float) -> float:
        log_likelihood, _, _ = given_tau(y, v, np.sqrt(np.array([tau2])), np.inf)
        return -float(log_likelihood[0])

    tau2 = optimize.minimize_scalar(restricted, bounds=(0.01, 10), method="bounded").x
    w = 1 / (v + tau2)
    mean = (w * y).sum() / w.sum()
    half = stats.t.ppf(0.975, 1) * np.sqrt((w * (y - mean) ** 2).sum() / w.sum())
    lower, estimate, upper = np.exp(mean + half * np.array([-1, 0, 1]))
    stated(f"{estimate:.2f} [{lower:.5f}, {upper / 1e6:.1f} million]")


# Tests of the engines, decisions


def test_four_standard_errors_are_the_binomial_interval() -> None:
    assert f"{2 * NORMAL.sf(4):.0e}" == "6e-05"
    stated("1 - 6e-5")


def test_a_risk_ratio_times_a_baseline_risk_passes_one() -> None:
    _, _, normal = normal_answer("secure")
    _, _, exact = exact_answer("secure")
    stated(f"in {100 * normal:.0f}% (normal-normal) to {100 * exact:.0f}% (exact likelihood) of draws")


# Rhodes et al. 2015, locations of log tau^2 as the R package bayesmeta has them. Rows are outcome types,
# columns pharmacological against placebo, pharmacological against pharmacological, non-pharmacological.
RHODES_OTHER = -np.array(
    [
        [4.13, 2.55, 2.43, 3.16, 3.00, 2.99, 3.41, 2.76],
        [4.40, 2.83, 2.70, 3.44, 3.27, 3.27, 3.68, 3.03],
        [3.99, 2.41, 2.29, 3.02, 2.86, 3.85, 3.27, 2.62],
    ]
).T
RHODES_CANCER = -np.array(
    [
        [1.57, -0.01, 0.13, 0.60, 0.44, 0.43, 0.85, 0.20],
        [1.85, 0.27, 0.14, 0.88, 0.71, 0.71, 1.13, 0.48],
        [1.43, -0.15, -0.27, 0.46, 0.30, 0.29, 0.71, 0.06],
    ]
).T


@pytest.mark.parametrize(
    ("table", "cell", "words"),
    [
        (RHODES_OTHER, (5, 2), "-3.85 where the pattern gives {:.2f}"),
        (RHODES_CANCER, (2, 0), "-0.13 where it gives {:+.2f}"),
    ],
)
def test_two_cells_of_rhodes_break_an_additive_table(
    table: np.ndarray, cell: tuple[int, int], words: str
) -> None:
    keep = np.ones(table.shape, bool)
    keep[cell] = False
    row, column = np.indices(table.shape)
    design = np.hstack([np.eye(8)[row[keep]], np.eye(3)[column[keep]][:, 1:]])
    effects = np.linalg.lstsq(design, table[keep], rcond=None)[0]
    assert np.abs(design @ effects - table[keep]).max() < 0.015
    columns = np.r_[0.0, effects[8:]]
    stated(words.format(effects[cell[0]] + columns[cell[1]]))
