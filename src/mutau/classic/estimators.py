"""The table of estimators of tau2."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from mutau.classic import moments
from mutau.classic.heterogeneity import Tau2
from mutau.classic.likelihood import Profile, maximum_likelihood, restricted_maximum_likelihood
from mutau.classic.qprofile import median_target, paule_mandel, paule_mandel_median

if TYPE_CHECKING:
    from numpy.typing import NDArray

    type Array = NDArray[np.float64]

__all__ = ["ESTIMATORS", "Estimator"]


@dataclass(frozen=True, slots=True)
class Estimator:
    """An estimator of tau2.

    Parameters
    ----------
    name : str
        In words.
    find : callable
        Effects and sampling variances, shape (k,), k at least 2 -> `Tau2`.
    standard_error : callable
        Effects, sampling variances and the estimate -> its standard error.
    moment : callable, optional
        Its moment equation, if it is a moment estimator.
    q_target : callable, optional
        k -> what it sets the generalised Q statistic to, if that is how it is defined.
    """

    name: str
    find: Callable[[Array, Array], Tau2]
    standard_error: Callable[[Array, Array, float], float]
    moment: moments.Weighting | None = None
    q_target: Callable[[int], float] | None = None


def _by_moments(name: str, moment: moments.Weighting) -> Estimator:
    def find(yi: Array, vi: Array) -> Tau2:
        return Tau2(float(moments.moment_tau2(yi, moment(yi, vi))))

    def standard_error(yi: Array, vi: Array, tau2: float) -> float:
        return moments.moment_standard_error(moment(yi, vi), vi, tau2)

    return Estimator(name, find, standard_error, moment=moment)


def _by_likelihood(name: str, find: Callable[[Array, Array], Tau2], restricted: bool) -> Estimator:
    def standard_error(yi: Array, vi: Array, tau2: float) -> float:
        return Profile(yi, vi, restricted).standard_error(tau2)

    return Estimator(name, find, standard_error)


def _q_standard_error(_yi: Array, vi: Array, tau2: float) -> float:
    """Standard error of an estimator that sets Q to a number: ``sqrt(2 k^2/(k - 1)) / sum w``, as metafor."""
    k = len(vi)
    return math.sqrt(2 * k**2 / (k - 1)) / float(np.sum(1 / (vi + tau2)))


def _degrees_of_freedom(k: int) -> float:
    return k - 1.0


ESTIMATORS: Mapping[str, Estimator] = MappingProxyType(
    {
        "CE": Estimator("common effect", lambda _yi, _vi: Tau2(0.0), lambda _yi, _vi, _tau2: math.nan),
        "DL": _by_moments("DerSimonian-Laird", moments.dersimonian_laird),
        "PM": Estimator("Paule-Mandel", paule_mandel, _q_standard_error, q_target=_degrees_of_freedom),
        "REML": _by_likelihood(
            "restricted maximum likelihood", restricted_maximum_likelihood, restricted=True
        ),
        "ML": _by_likelihood("maximum likelihood", maximum_likelihood, restricted=False),
        "EB": Estimator("empirical Bayes", paule_mandel, _q_standard_error, q_target=_degrees_of_freedom),
        "HE": _by_moments("Hedges", moments.hedges),
        "HS": _by_moments("Hunter-Schmidt", moments.hunter_schmidt),
        "HSk": _by_moments("Hunter-Schmidt, corrected for few studies", moments.hunter_schmidt_corrected),
        "SJ": _by_moments("Sidik-Jonkman", moments.sidik_jonkman),
        "PMM": Estimator(
            "median-unbiased Paule-Mandel", paule_mandel_median, _q_standard_error, q_target=median_target
        ),
        "GENQ": _by_moments("generalised Q, weights 1/sei", moments.inverse_se),
        "DL2": _by_moments("two-step DerSimonian-Laird", moments.two_step),
    }
)
"""Estimators of tau2 by name."""
