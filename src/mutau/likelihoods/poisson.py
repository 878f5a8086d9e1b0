r"""The Poisson likelihood of events in person-time, for the incidence rate ratio.

.. math:: a_i \sim \mathrm{Poisson}(t_{1i} \lambda_{1i}), \quad c_i \sim \mathrm{Poisson}(t_{0i} \lambda_{0i}), \qquad
          \log\lambda_{1i} = (\eta_i + \theta_i)/2, \quad \log\lambda_{0i} = (\eta_i - \theta_i)/2,
          \quad \eta_i \sim \mathrm{Normal}(0, \sigma_\eta^2)

Rates are per unit of the person-time given. The unit matters little: changing it by a factor u moves eta by 2 log u,
over which a prior of SD 10 hardly changes, whereas the data fix eta to within a few units; for a study without events
it matters somewhat more. In the limit of a flat prior it does not matter at all: eta then integrates out to the
conditional likelihood, :math:`a_i \mid a_i + c_i \sim \mathrm{Binomial}(a_i + c_i, t_{1i}e^{\theta_i} /
(t_{1i}e^{\theta_i} + t_{0i}))`, times a constant.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from mutau.likelihoods.baselines import BaselineRule, baseline_rule, integrate_baseline
from mutau.likelihoods.counts import CountFamily
from mutau.likelihoods.record import Data, FloatArray, Likelihood

__all__ = ["COLUMNS", "POISSON", "study_log_likelihood"]

COLUMNS = ("events_treatment", "time_treatment", "events_control", "time_control")

_LARGEST = 40.0
"""Log of the largest mean that a replicate is drawn with."""


def study_log_likelihood(data: Data, theta: FloatArray, measure: str, baseline_sd: float) -> FloatArray:
    """Log probability of each study's two counts at given effects, its baseline integrated out.

    Parameters
    ----------
    data : mapping
        ``events_treatment``, ``time_treatment``, ``events_control``, ``time_control``, each of shape (study,).
    theta : array, shape (n,)
        Log incidence rate ratios.
    measure : {"IRR"}
        Not used: there is one link.
    baseline_sd : float
        Standard deviation of eta_i, the sum of the two log rates.

    Returns
    -------
    array, shape (study, n)
        Natural logarithm, constants included.

    Examples
    --------
    >>> data = {"events_treatment": np.array([3.0]), "time_treatment": np.array([100.0]),
    ...         "events_control": np.array([9.0]), "time_control": np.array([110.0])}
    >>> study_log_likelihood(data, np.array([-1.0, 0.0]), "IRR", 10.0).round(4)
    array([[-6.5544, -7.835 ]])
    """
    del measure
    theta = np.asarray(theta, dtype=np.float64)
    rows = []
    for i in range(len(data["events_treatment"])):
        density = _Density(data, i)
        rows.append(integrate_baseline(density, theta, baseline_sd, density.reach(theta)) + density.constant)
    return np.stack(rows)


class _Density:
    """Log likelihood of one study without its constants."""

    __slots__ = ("a", "c", "t0", "t1")

    def __init__(self, data: Data, i: int) -> None:
        self.a, self.t1, self.c, self.t0 = (float(data[name][i]) for name in COLUMNS)

    def __call__(self, eta: FloatArray, theta: FloatArray) -> FloatArray:
        log_1, log_0 = (eta + theta) / 2, (eta - theta) / 2
        with np.errstate(over="ignore"):
            means = self.t1 * np.exp(log_1) + self.t0 * np.exp(log_0)
        return np.asarray(self.a * log_1 + self.c * log_0 - means)

    @property
    def constant(self) -> float:
        logs = self.a * np.log(self.t1) + self.c * np.log(self.t0)
        return float(logs - gammaln(self.a + 1) - gammaln(self.c + 1))

    def reach(self, theta: FloatArray) -> float:
        """How far from 0 a finite maximum over eta can lie: both observed rates, and theta."""
        rates = [np.log(max(events, 0.5) / time) for events, time in ((self.a, self.t1), (self.c, self.t0))]
        return 10.0 + 2 * float(np.abs(rates).max()) + 2 * float(np.abs(theta).max(initial=0.0))


def _eta_rule(data: Data, i: int, theta: FloatArray, measure: str, baseline_sd: float) -> BaselineRule:
    del measure
    density = _Density(data, i)
    return baseline_rule(density, theta, baseline_sd, density.reach(theta))


def _centre(data: Data, i: int) -> float:
    a, t1, c, t0 = (float(data[name][i]) for name in COLUMNS)
    return float(np.log((a + 0.5) / t1) - np.log((c + 0.5) / t0))


def _draw(
    data: Data, i: int, eta: FloatArray | None, theta: FloatArray, measure: str, rng: np.random.Generator
) -> FloatArray:
    del measure
    assert eta is not None
    logs = (
        np.log(data[f"time_{arm}"][i]) + (eta + sign * theta) / 2
        for arm, sign in (("treatment", 1), ("control", -1))
    )
    return np.stack(
        [rng.poisson(np.exp(np.minimum(log, _LARGEST))).astype(np.float64) for log in logs], axis=-1
    )


_FAMILY = CountFamily(study_log_likelihood, lambda _data, _i, _measure: False, _centre, _draw, _eta_rule)

POISSON = Likelihood(
    name="poisson",
    label="Poisson likelihood",
    mathematics={
        "": (
            "a_i ~ Poisson(t1_i rate1_i), c_i ~ Poisson(t0_i rate0_i)    events in person-time of both arms",
            "log rate1_i = (eta_i + theta_i)/2, log rate0_i = (eta_i - theta_i)/2",
        )
    },
    data_columns=COLUMNS,
    observed="events",
    observed_columns=("events_treatment", "events_control"),
    study_log_likelihood=study_log_likelihood,
    log_likelihood=_FAMILY.log_likelihood,
    replicate=_FAMILY.replicate,
    measures=("IRR",),
    has_baseline=True,
)
