r"""The normal likelihood: an estimate :math:`y_i` with a standard error :math:`s_i` taken as known.

.. math:: y_i \mid \theta_i \sim \mathrm{Normal}(\theta_i, s_i^2), \qquad
          y_i \mid \mu, \tau \sim \mathrm{Normal}(\mu, s_i^2 + \tau^2)
"""

from __future__ import annotations

import numpy as np

from mutau.likelihoods.record import Data, FloatArray, Likelihood

__all__ = ["NORMAL", "log_likelihood", "replicate"]

_HALF_LOG_2PI = 0.5 * np.log(2 * np.pi)


def log_likelihood(data: Data, mu: FloatArray, tau: FloatArray) -> FloatArray:
    """Log density of each study's estimate with its own effect integrated out.

    Parameters
    ----------
    data : mapping
        ``yi`` and ``sei``, each of shape (study,), on the analysis scale.
    mu, tau : array
        Mean effect and between-study SD, broadcastable to a common shape (...,).

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
    mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
    sd = np.hypot(data["sei"], tau[..., np.newaxis])
    z = (data["yi"] - mu[..., np.newaxis]) / sd
    return np.asarray(-0.5 * z * z - np.log(sd) - _HALF_LOG_2PI)


def replicate(data: Data, mu: FloatArray, tau: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw what each study would have estimated had it been run again, with a fresh theta_i.

    Parameters
    ----------
    data : mapping
        ``sei``, shape (study,).
    mu, tau : array
        Shape (...,).
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    array
        Shape (..., study), on the analysis scale.
    """
    mu, tau = np.broadcast_arrays(np.asarray(mu, float), np.asarray(tau, float))
    sd = np.hypot(data["sei"], tau[..., np.newaxis])
    return np.asarray(mu[..., np.newaxis] + sd * rng.standard_normal(sd.shape))


NORMAL = Likelihood(
    name="normal",
    label="normal likelihood",
    mathematics="y_i ~ Normal(theta_i, s_i^2), s_i taken as known",
    data_columns=("yi", "sei"),
    observed="yi",
    log_likelihood=log_likelihood,
    replicate=replicate,
)
