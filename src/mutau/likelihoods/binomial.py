r"""The exact binomial likelihood of two arms, for odds ratio, risk ratio and risk difference.

.. math:: a_i \sim \mathrm{Binomial}(n_{1i}, p_{1i}), \quad c_i \sim \mathrm{Binomial}(n_{0i}, p_{0i}), \qquad
          (p_{1i}, p_{0i}) = g^{-1}(\eta_i, \theta_i), \quad \eta_i \sim \mathrm{Normal}(0, \sigma_\eta^2)

with the links g of `mutau.likelihoods.links`. No zero-cell correction: a study without events has a likelihood like
any other, and one without events in either arm says a little, through the prior of its baseline.
"""

from __future__ import annotations

import numpy as np
from scipy.special import betaln

from mutau.likelihoods.baselines import BaselineRule, baseline_rule, integrate_baseline
from mutau.likelihoods.counts import CountFamily
from mutau.likelihoods.links import LINKS
from mutau.likelihoods.record import Data, FloatArray, Likelihood

__all__ = ["BINOMIAL", "COLUMNS", "study_log_likelihood"]

COLUMNS = ("events_treatment", "n_treatment", "events_control", "n_control")


def study_log_likelihood(data: Data, theta: FloatArray, measure: str, baseline_sd: float) -> FloatArray:
    r"""Log probability of each study's two counts at given effects, its baseline integrated out.

    Parameters
    ----------
    data : mapping
        ``events_treatment``, ``n_treatment``, ``events_control``, ``n_control``, each of shape (study,).
    theta : array, shape (n,)
        Effects on the analysis scale: log OR, log RR, or the inverse hyperbolic tangent of the RD.
    measure : {"OR", "RR", "RD"}
        Which link.
    baseline_sd : float
        Standard deviation of eta_i, the log odds product.

    Returns
    -------
    array, shape (study, n)
        Natural logarithm, binomial coefficients included. Accurate to 1e-9 of the study's largest likelihood for
        arms up to 100,000.

    Notes
    -----
    It is not smooth everywhere. Where everybody had the event in an arm (RR), or nobody or everybody did (RD), an
    extreme baseline lets a risk reach its limit, and the likelihood has a corner at theta = 0, rounded on the scale
    exp(-eta/2) over all eta that the prior allows. A rule in theta should break there.

    Examples
    --------
    >>> secure = {"events_treatment": np.array([31.0]), "n_treatment": np.array([46.0]),
    ...           "events_control": np.array([9.0]), "n_control": np.array([54.0])}
    >>> study_log_likelihood(secure, np.log([1.0, 4.0]), "RR", 10.0).round(4)
    array([[-21.1458,  -7.2008]])
    """
    theta = np.asarray(theta, dtype=np.float64)
    rows = []
    for i in range(len(data["n_treatment"])):
        counts = [float(data[name][i]) for name in COLUMNS]
        values = integrate_baseline(_Density(measure, *counts), theta, baseline_sd, _reach(theta))
        rows.append(values + _log_choose(counts[1], counts[0]) + _log_choose(counts[3], counts[2]))
    return np.stack(rows)


def _eta_rule(data: Data, i: int, theta: FloatArray, measure: str, baseline_sd: float) -> BaselineRule:
    """Give the distribution of study i's baseline given its data and effects: nodes and log masses."""
    counts = [float(data[name][i]) for name in COLUMNS]
    return baseline_rule(_Density(measure, *counts), theta, baseline_sd, _reach(theta))


def _draw(
    data: Data, i: int, eta: FloatArray | None, theta: FloatArray, measure: str, rng: np.random.Generator
) -> FloatArray:
    """Draw both arms' events of study i; shape (..., 2), treatment first."""
    risks = LINKS[measure](eta, theta)
    return np.stack(
        [
            rng.binomial(int(data[f"n_{arm}"][i]), np.minimum(np.exp(log_p), 1.0)).astype(np.float64)
            for arm, log_p in (("treatment", risks.p1), ("control", risks.p0))
        ],
        axis=-1,
    )


class _Density:
    """Log likelihood of one study without its constants."""

    __slots__ = ("a", "b", "c", "d", "link")

    def __init__(self, measure: str, a: float, n1: float, c: float, n0: float) -> None:
        self.a, self.b, self.c, self.d = a, n1 - a, c, n0 - c
        self.link = LINKS[measure]

    def __call__(self, eta: FloatArray, theta: FloatArray) -> FloatArray:
        risks = self.link(eta, theta)
        return np.asarray(self.a * risks.p1 + self.b * risks.q1 + self.c * risks.p0 + self.d * risks.q0)


def _reach(theta: FloatArray) -> float:
    """How far from 0 a finite maximum over eta can lie: the odds of 1/100,000 in both arms, and theta."""
    return 30.0 + 2 * float(np.abs(theta).max(initial=0.0))


def _log_choose(n: float, k: float) -> float:
    return float(-np.log1p(n) - betaln(k + 1, n - k + 1))


def _corner(data: Data, i: int, measure: str) -> bool:
    """Whether few enough cells are filled for the limits of the risks to leave a corner at theta = 0."""
    a, n1, c, n0 = (float(data[name][i]) for name in COLUMNS)
    limits = {"OR": (), "RR": (n1 - a, n0 - c), "RD": (a, n1 - a, c, n0 - c)}[measure]
    return min(limits, default=_SMOOTH) < _SMOOTH


_SMOOTH = 10.0
"""Cells from which on the corner is in so high a derivative that nothing sees it."""
_FAMILY = CountFamily(study_log_likelihood, _corner, lambda _data, _i: 0.0, _draw, _eta_rule)
_ARMS = "a_i ~ Binomial(n1_i, p1_i), c_i ~ Binomial(n0_i, p0_i)    events in treatment and control"

BINOMIAL = Likelihood(
    name="binomial",
    label="binomial likelihood",
    mathematics={
        "OR": (_ARMS, "logit p1_i = (eta_i + theta_i)/2, logit p0_i = (eta_i - theta_i)/2"),
        "RR": (_ARMS, "log(p1_i / p0_i) = theta_i, log odds product of p1_i and p0_i = eta_i"),
        "RD": (_ARMS, "atanh(p1_i - p0_i) = theta_i, log odds product of p1_i and p0_i = eta_i"),
    },
    data_columns=COLUMNS,
    observed="events",
    observed_columns=("events_treatment", "events_control"),
    study_log_likelihood=study_log_likelihood,
    log_likelihood=_FAMILY.log_likelihood,
    replicate=_FAMILY.replicate,
    measures=("RR", "OR", "RD"),
    has_baseline=True,
)
