r"""The conditional likelihood of the odds ratio: Fisher's noncentral hypergeometric distribution.

Given the total of events m, the events under treatment have

.. math:: P(a \mid m) = \binom{n_1}{a}\binom{n_0}{m-a} e^{a\theta} \Big/
          \sum_j \binom{n_1}{j}\binom{n_0}{m-j} e^{j\theta}.

There is no baseline. A study without events in either arm, or with nothing but events, says nothing: its likelihood
is 1 whatever theta is.

References
----------
van Houwelingen HC, Zwinderman KH, Stijnen T (1993). A bivariate approach to meta-analysis. Statistics in Medicine
12:2273-2284. doi:10.1002/sim.4780122405
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import betaln

from mutau.likelihoods.counts import CountFamily
from mutau.likelihoods.record import Data, FloatArray, Likelihood

__all__ = ["HYPERGEOMETRIC", "Support", "study_log_likelihood", "support"]

COLUMNS = ("events_treatment", "n_treatment", "events_control", "n_control")
_CHUNK = 2_000_000


class Support(NamedTuple):
    """Possible events under treatment, less those observed, with the log weights each has at theta = 0."""

    offset: FloatArray
    log_weight: FloatArray


def support(data: Data, i: int) -> Support:
    """Give study i's support, shape (point,); the observed count has offset 0 and log weight 0."""
    a, n1, c, n0 = (float(data[name][i]) for name in COLUMNS)
    m = a + c
    j = np.arange(max(0.0, m - n0), min(n1, m) + 1)
    log_weight = _log_choose(n1, j) + _log_choose(n0, m - j)
    return Support(j - a, log_weight - log_weight[int(a - j[0])])


def study_log_likelihood(data: Data, theta: FloatArray, measure: str, baseline_sd: float) -> FloatArray:
    """Log probability of each study's events under treatment given all its events.

    Parameters
    ----------
    data : mapping
        ``events_treatment``, ``n_treatment``, ``events_control``, ``n_control``, each of shape (study,).
    theta : array, shape (n,)
        Log odds ratios.
    measure, baseline_sd
        Not used: the measure is OR, and there is no baseline.

    Returns
    -------
    array, shape (study, n)
        Natural logarithm.

    Examples
    --------
    Fisher's tea: 3 of 4 cups told rightly, by chance alone:

    >>> tea = {"events_treatment": np.array([3.0]), "n_treatment": np.array([4.0]),
    ...        "events_control": np.array([1.0]), "n_control": np.array([4.0])}
    >>> np.exp(study_log_likelihood(tea, np.array([0.0]), "OR", 10.0)).round(6)
    array([[0.228571]])
    """
    del measure, baseline_sd
    theta = np.asarray(theta, dtype=np.float64)
    rows = []
    for i in range(len(data["n_treatment"])):
        offset, log_weight = support(data, i)
        size = max(1, _CHUNK // offset.size)
        pieces = [np.empty(0)]
        for start in range(0, theta.size, size):
            terms = log_weight + theta[start : start + size, np.newaxis] * offset
            top = terms.max(axis=1)
            pieces.append(-(top + np.log(np.exp(terms - top[:, np.newaxis]).sum(axis=1))))
        rows.append(np.concatenate(pieces))
    return np.stack(rows)


def _draw(
    data: Data, i: int, eta: FloatArray | None, theta: FloatArray, measure: str, rng: np.random.Generator
) -> FloatArray:
    """Draw events under treatment given the total; what is left of the total is the control arm's."""
    del eta, measure
    offset, log_weight = support(data, i)
    a, total = (
        float(data["events_treatment"][i]),
        float(data["events_treatment"][i] + data["events_control"][i]),
    )
    drawn = np.empty(theta.shape)
    size = max(1, _CHUNK // offset.size)
    for start in range(0, theta.size, size):
        terms = log_weight + theta[start : start + size, np.newaxis] * offset
        mass = np.cumsum(np.exp(terms - terms.max(axis=1, keepdims=True)), axis=1)
        chosen = (mass < rng.random((len(mass), 1)) * mass[:, -1:]).sum(axis=1)
        drawn[start : start + size] = a + offset[chosen]
    return np.stack([drawn, total - drawn], axis=-1)


def _log_choose(n: float, k: FloatArray) -> FloatArray:
    return np.asarray(-np.log1p(n) - betaln(k + 1, n - k + 1))


_FAMILY = CountFamily(study_log_likelihood, lambda _data, _i, _measure: False, lambda _data, _i: 0.0, _draw)

HYPERGEOMETRIC = Likelihood(
    name="hypergeometric",
    label="conditional (noncentral hypergeometric) likelihood",
    mathematics={
        "": (
            "a_i ~ NoncentralHypergeometric(n1_i, n0_i, m_i, exp(theta_i))    "
            "events in treatment, given all m_i events of the study",
        )
    },
    data_columns=COLUMNS,
    observed="events",
    observed_columns=("events_treatment", "events_control"),
    study_log_likelihood=study_log_likelihood,
    log_likelihood=_FAMILY.log_likelihood,
    replicate=_FAMILY.replicate,
    measures=("OR",),
)
