r"""The normal likelihood: an estimate :math:`y_i` with a standard error :math:`s_i` taken as known.

.. math:: y_i \mid \theta_i \sim \mathrm{Normal}(\theta_i, s_i^2), \qquad
          y_i \mid \mu, \tau \sim \mathrm{Normal}(\mu, s_i^2 + \tau^2)
"""

from __future__ import annotations

import math

import numpy as np

from mutau.likelihoods.counts import fresh_effects
from mutau.likelihoods.effects import EffectTable
from mutau.likelihoods.record import Data, FloatArray, Likelihood

__all__ = ["NORMAL", "log_likelihood", "replicate", "study_log_likelihood"]

_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


def study_log_likelihood(data: Data, theta: FloatArray, measure: str, baseline_sd: float) -> FloatArray:
    """Log density of each study's estimate at given effects.

    Parameters
    ----------
    data : mapping
        ``yi`` and ``sei``, each of shape (study,), on the analysis scale.
    theta : array, shape (n,)
        Effects on the analysis scale.
    measure, baseline_sd
        Not used: an estimate has no baseline, and no link.

    Returns
    -------
    array, shape (study, n)
        Natural logarithm.
    """
    del measure, baseline_sd
    yi, sei = (np.asarray(data[name], dtype=np.float64)[:, np.newaxis] for name in ("yi", "sei"))
    z = (yi - np.asarray(theta, dtype=np.float64)) / sei
    return np.asarray(-0.5 * z * z - np.log(sei) - _HALF_LOG_2PI)


def log_likelihood(
    data: Data, mu: FloatArray, tau: FloatArray, *,
    measure: str = "GEN", baseline_sd: float = 10.0, effects_df: float = math.inf,
) -> FloatArray:  # fmt: skip
    """Log density of each study's estimate with its own effect integrated out.

    Parameters
    ----------
    data : mapping
        ``yi`` and ``sei``, each of shape (study,), on the analysis scale.
    mu, tau : array
        Mean effect and between-study SD, broadcastable to a common shape (...,).
    measure, baseline_sd
        Not used.
    effects_df : float
        Degrees of freedom of the effects; infinite for normal, which is in closed form (else `EffectTable`).

    Returns
    -------
    array
        Shape (..., study), natural logarithm.

    Notes
    -----
    Leaving a study out of a result built on this means a study that was not seen: its theta_i is not a
    parameter here.

    Examples
    --------
    >>> import numpy as np
    >>> log_likelihood({"yi": np.array([0.0]), "sei": np.array([0.6])}, np.array(0.0), np.array(0.8)).round(6)
    array([-0.918939])
    """
    del measure, baseline_sd
    mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
    if math.isfinite(effects_df):
        return _with_t_effects(data, mu, tau, effects_df)
    sd = np.hypot(data["sei"], tau[..., np.newaxis])
    z = (data["yi"] - mu[..., np.newaxis]) / sd
    return np.asarray(-0.5 * z * z - np.log(sd) - _HALF_LOG_2PI)


def _with_t_effects(data: Data, mu: FloatArray, tau: FloatArray, effects_df: float) -> FloatArray:
    columns = []
    for yi, sei in zip(data["yi"], data["sei"], strict=True):

        def log_l(theta: FloatArray, yi: float = yi, sei: float = sei) -> FloatArray:
            z = (yi - theta) / sei
            return np.asarray(-0.5 * z * z - np.log(sei) - _HALF_LOG_2PI)

        table = EffectTable(
            log_l, mu.ravel(), tau.ravel(), effects_df, centre=float(yi), limit=40 * sei, widest=sei
        )
        columns.append(table.log_integral(mu.ravel(), tau.ravel()).reshape(mu.shape))
    return np.stack(columns, axis=-1)


def replicate(
    data: Data, mu: FloatArray, tau: FloatArray, rng: np.random.Generator, *,
    measure: str = "GEN", baseline_sd: float = 10.0, effects_df: float = math.inf,
) -> FloatArray:  # fmt: skip
    """Draw what each study would have estimated had it been run again, with a fresh theta_i.

    Parameters
    ----------
    data : mapping
        ``sei``, shape (study,).
    mu, tau : array
        Shape (...,).
    rng : numpy.random.Generator
        Source of randomness.
    measure, baseline_sd
        Not used.
    effects_df : float
        Degrees of freedom of the effects; infinite for normal.

    Returns
    -------
    array
        Shape (..., study), on the analysis scale.
    """
    del measure, baseline_sd
    mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
    if math.isfinite(effects_df):
        shape = (*mu.shape, len(data["sei"]))
        theta = mu[..., np.newaxis] + tau[..., np.newaxis] * fresh_effects(rng, shape, effects_df)
        return np.asarray(theta + data["sei"] * rng.standard_normal(shape))
    sd = np.hypot(data["sei"], tau[..., np.newaxis])
    return np.asarray(mu[..., np.newaxis] + sd * rng.standard_normal(sd.shape))


NORMAL = Likelihood(
    name="normal",
    label="normal likelihood",
    mathematics={"": ("y_i ~ Normal(theta_i, s_i^2), s_i taken as known",)},
    data_columns=("yi", "sei"),
    observed="yi",
    observed_columns=("yi",),
    study_log_likelihood=study_log_likelihood,
    log_likelihood=log_likelihood,
    replicate=replicate,
)
