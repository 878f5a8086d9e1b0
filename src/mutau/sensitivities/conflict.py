"""Prior-data conflict: whether the prior would have expected data like these."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtr

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mutau.fitting import Fit
    from mutau.priors import Prior

    type Array = NDArray[np.float64]

__all__ = ["PriorConflict", "prior_conflict", "weighted_chi2_cdf"]

_HALVINGS = 44  # of panels of probability towards 0 and 1: the last holds 6e-14
_NODES = 8
_TALBOT = 24  # nodes of the inversion: 1e-10
_NORMAL_END, _NORMAL_PANELS = 8.5, 24


@dataclass(frozen=True, slots=True)
class PriorConflict:
    """Prior predictive check of one prior.

    Parameters
    ----------
    quantity : {"mu", "tau"}
        Whose prior.
    prior : str
        That prior; for mu the prior of tau enters too and is named.
    statistic : str
        What the data are reduced to.
    observed : float
        Its observed value.
    p_lower, p_upper : float
        Prior predictive probability of a value at most, and at least, as large as the observed one.
    p : float
        Twice the smaller of the two, at most 1.
    note : str
        What was approximated, or why there is no number.
    """

    quantity: str
    prior: str
    statistic: str
    observed: float
    p_lower: float
    p_upper: float
    p: float
    note: str = ""

    @classmethod
    def to_frame(cls, checks: tuple[PriorConflict, ...]) -> pd.DataFrame:
        """One row per check, unrounded."""
        return pd.DataFrame([asdict(check) for check in checks])


def prior_conflict(fit: Fit) -> tuple[PriorConflict, PriorConflict]:
    r"""Check the priors of mu and tau against the data by their prior predictive distributions.

    Parameters
    ----------
    fit : Fit
        A fitted outcome model.

    Returns
    -------
    tuple of PriorConflict
        For mu, then for tau. A number that does not exist is NaN and the note says why.

    Notes
    -----
    Box (1980) [1]_ asks how probable data as improbable as those seen are under the prior predictive distribution;
    Evans and Moshonov (2006) [2]_ ask it of a statistic that tells of the parameter alone, because otherwise a fault
    of the likelihood would be read as one of the prior. With :math:`w_i = 1/s_i^2`:

    - *mu*: :math:`T = \sum w_i y_i / \sum w_i`, the common-effect estimate. Given mu and tau it is normal with mean
      mu and variance :math:`1/\sum w_i + \tau^2 \sum w_i^2/(\sum w_i)^2`; the prior of tau is averaged over.
    - *tau*: Cochran's :math:`Q = \sum w_i (y_i - T)^2`, whose distribution is free of mu. Given tau it is that of
      :math:`\sum_j \lambda_j \chi^2_1` with :math:`\lambda_j = 1 + \tau^2 e_j`, :math:`e_j` the k - 1 eigenvalues of
      :math:`\mathrm{diag}(w) - w w^\top / \sum w_i` other than 0. Its distribution function is found by inverting its
      Laplace transform [3]_, and is averaged over the prior of tau.

    Both tails are given, because they tell different things: a small upper tail of Q says that the studies differ by
    more than the prior of tau expects, a small lower one by less. A symmetric prior of mu makes p Evans and
    Moshonov's own probability of a less probable T. Everything is by quadrature.

    A small p says that prior and data disagree, not which is wrong; a large one does not say that the prior is
    right: with two or three studies hardly anything surprises. No p is a threshold here.

    With counts the statistics are those of the studies' own estimates and standard errors, with a zero-cell rule
    where there are zeros, and their distribution that of the normal likelihood: the prior predictive distribution of
    the counts themselves would be ruled by the prior of the baselines, which is wide by convention. A study without
    an estimate is left out, and that is said.

    References
    ----------
    .. [1] Box GEP (1980). Sampling and Bayes' inference in scientific modelling and robustness. Journal of the Royal
       Statistical Society A 143:383-430. doi:10.2307/2982063
    .. [2] Evans M, Moshonov H (2006). Checking for prior-data conflict. Bayesian Analysis 1:893-914.
       doi:10.1214/06-BA129
    .. [3] Abate J, Valkó PP (2004). Multi-precision Laplace transform inversion. International Journal for Numerical
       Methods in Engineering 60:979-993. doi:10.1002/nme.995

    Examples
    --------
    >>> import mutau
    >>> from mutau.shipped import shipped_path
    >>> studies = mutau.read_studies(shipped_path("data", "pip", "studies.csv"))
    >>> fit = mutau.fit(studies, mutau.load_model(shipped_path("models", "secure.toml")), engine="exact", seed=1)
    >>> [(check.quantity, round(check.p, 2)) for check in prior_conflict(fit)]
    [('mu', 0.58), ('tau', 0.22)]
    """
    yi, sei, note = _estimates(fit)
    model = fit.model
    names = {
        "mu": ("common-effect estimate T", f"{model.mu_prior.label}; tau ~ {model.tau_prior.label}"),
        "tau": ("Cochran's Q", model.tau_prior.label),
    }
    found = []
    for quantity, check in (("mu", _of_mu), ("tau", _of_tau)):
        reason = _why_not(fit, quantity, len(yi))
        observed, lower, upper = (
            (math.nan,) * 3 if reason else check(yi, sei, model.mu_prior, model.tau_prior)
        )
        p = math.nan if reason else min(1.0, 2.0 * min(lower, upper))
        statistic, prior = names[quantity]
        said = "; ".join(filter(None, (reason, "" if reason else note)))
        found.append(PriorConflict(quantity, prior, statistic, observed, lower, upper, p, said))
    return found[0], found[1]


def _estimates(fit: Fit) -> tuple[Array, Array, str]:
    """The studies' estimates and standard errors on the scale of mu, and what to say of them."""
    effects, model = fit.effects, fit.model
    usable = np.isfinite(effects["yi"]) & np.isfinite(effects["vi"])
    yi = effects["yi"][usable].to_numpy(dtype=np.float64)
    sei = np.sqrt(effects["vi"][usable].to_numpy(dtype=np.float64))
    notes = []
    if model.of_counts:
        notes.append("by the studies' own estimates and the normal likelihood")
    if model.measure_record.analysis_scale != model.effects_record.analysis_scale:
        yi, sei = np.arctanh(yi), sei / (1.0 - yi**2)
        notes.append("risk differences as their atanh, standard errors by the delta method")
    if not usable.all():
        notes.append(f"without {', '.join(effects['study'][~usable].astype(str))}: no estimate")
    return yi, sei, "; ".join(notes)


def _why_not(fit: Fit, quantity: str, k: int) -> str:
    """Say why a prior has no check; nothing if it has."""
    model = fit.model
    priors = [("tau", model.tau_prior)] + ([("mu", model.mu_prior)] if quantity == "mu" else [])
    improper = [prior.of(name) for name, prior in priors if not prior.is_proper]
    if improper:
        which = f"{' and '.join(improper)} {'is' if len(improper) == 1 else 'are'}"
        return f"{which} improper: there is no predictive distribution"
    if math.isfinite(model.effects_df):
        return f"t random effects with {model.effects_df:g} degrees of freedom: the statistic has no rule"
    if quantity == "tau" and k < 2:
        return "a single estimate says nothing of tau"
    return "" if k else "no study has an estimate"


def _of_mu(yi: Array, sei: Array, mu: Prior, tau: Prior) -> tuple[float, float, float]:
    """Observed T, and its prior predictive tails."""
    w = sei**-2.0
    observed = float(w @ yi / w.sum())
    taus, weights = _nodes(tau)
    sd = np.sqrt(1.0 / w.sum() + taus**2 * float(w @ w) / w.sum() ** 2)
    lower, upper = (float(weights @ _shifted(mu, observed, sd, side)) for side in ("cdf", "sf"))
    return observed, lower, upper


def _shifted(mu: Prior, at: float, sd: Array, side: str) -> Array:
    """Tail probability at a point of mu plus a normal error of each SD."""
    if mu.family in ("Normal", "PointMass"):
        z = (at - mu.mean) / np.sqrt((0.0 if mu.is_point else mu.sd) ** 2 + sd**2)
        return np.asarray(ndtr(z if side == "cdf" else -z))
    z, w = _composite(np.linspace(-_NORMAL_END, _NORMAL_END, _NORMAL_PANELS + 1))
    weights = w * np.exp(-0.5 * z**2)
    ask: Callable[[Any], Any] = getattr(mu, side)
    return np.asarray(ask(at - sd[:, None] * z)) @ (weights / weights.sum())


def _of_tau(yi: Array, sei: Array, mu: Prior, tau: Prior) -> tuple[float, float, float]:
    """Observed Q, and its prior predictive tails."""
    del mu
    w = sei**-2.0
    observed = float(w @ (yi - w @ yi / w.sum()) ** 2)
    root = np.sqrt(w)
    unit = root / np.linalg.norm(root)
    centred = np.diag(w) - np.outer(unit, w * unit) - np.outer(w * unit, unit)
    centred += (unit @ (w * unit)) * np.outer(unit, unit)
    spread = np.linalg.eigvalsh(centred)[
        1:
    ]  # of (I - uu') diag(w) (I - uu'): those of the matrix in the docstring
    taus, weights = _nodes(tau)
    lower = float(weights @ weighted_chi2_cdf(observed, 1.0 + taus[:, None] ** 2 * np.maximum(spread, 0.0)))
    return observed, lower, 1.0 - lower


def weighted_chi2_cdf(q: float, weights: Array) -> Array:
    r"""Distribution function of :math:`\sum_j \lambda_j \chi^2_1` at q.

    Parameters
    ----------
    q : float
        Not negative.
    weights : ndarray, shape (n, m)
        n sets of m positive weights.

    Returns
    -------
    ndarray, shape (n,)

    Notes
    -----
    The Laplace transform of the distribution function is :math:`p^{-1}\prod_j (1 + 2\lambda_j p)^{-1/2}`, with all
    its singularities on the negative real axis, for which Talbot's contour converges geometrically: 24 nodes leave
    about 1e-10.

    Examples
    --------
    >>> weighted_chi2_cdf(3.841458820694124, np.ones((1, 1))).round(9)
    array([0.95])
    """
    if q <= 0:
        return np.zeros(len(weights))
    angle = np.pi * np.arange(1, _TALBOT) / _TALBOT
    cot = 1.0 / np.tan(angle)
    r = 2.0 * _TALBOT / (5.0 * q)
    p = np.concatenate([[r + 0j], r * angle * (cot + 1j)])
    slope = np.concatenate([[0.5 + 0j], 1.0 + 1j * (angle + (angle * cot - 1.0) * cot)])
    logs = np.log(1.0 + 2.0 * weights[:, :, None] * p).sum(axis=1)
    transform = np.exp(q * p - 0.5 * logs) / p
    return np.clip(np.asarray((r / _TALBOT) * (transform * slope).real.sum(axis=1)), 0.0, 1.0)


def _nodes(tau: Prior) -> tuple[Array, Array]:
    """Values of tau and weights that average over its prior, by a rule in its probability."""
    if tau.is_point:
        return np.array([tau.support[0]]), np.ones(1)
    halves = 0.5 ** np.arange(_HALVINGS, 1, -1)
    middle = np.linspace(0.25, 0.75, 9)
    u, w = _composite(np.concatenate([[0.0], halves[:-1], middle, 1.0 - halves[-2::-1], [1.0]]))
    return np.asarray(tau.ppf(u)), w / w.sum()


def _composite(edges: Array) -> tuple[Array, Array]:
    """Gauss nodes and weights on panels."""
    x, w = np.polynomial.legendre.leggauss(_NODES)
    half = 0.5 * np.diff(edges)[:, None]
    return (edges[:-1, None] + half * (1.0 + x)).ravel(), (half * w).ravel()
