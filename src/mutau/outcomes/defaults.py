"""Which priors of tau stand beside the first: an answer under one prior alone is never shown."""

from __future__ import annotations

from mutau.priors import PointMass, Prior
from mutau.priors.defaults import DefaultPriors

__all__ = ["DOUBLED", "NO_HETEROGENEITY", "OWN", "RESERVED_LABELS", "tau_alternatives"]

OWN = "default"
"""How every table labels the model's own prior of tau."""
DOUBLED = "doubled"
NO_HETEROGENEITY = "tau = 0"
RESERVED_LABELS = (OWN, DOUBLED, NO_HETEROGENEITY)


def tau_alternatives(tau: Prior, defaults: DefaultPriors | None) -> tuple[tuple[str, Prior], ...]:
    """Give the priors of tau that are always shown beside `tau`.

    Parameters
    ----------
    tau : Prior
        The model's own.
    defaults : DefaultPriors or None
        The measure's, where it has some.

    Returns
    -------
    tuple of (str, Prior)
        ``doubled``: the wide default where `tau` is the default, else the distribution of twice tau;
        ``tau = 0``, the common-effect model. Where doubling says nothing (an improper prior, tau fixed at 0)
        the measure's default and its wide default stand in for it, under their own names.

    Examples
    --------
    >>> from mutau.priors import HalfCauchy, default_priors
    >>> [str(prior) for _, prior in tau_alternatives(HalfCauchy(0.5), default_priors("ratio"))]
    ['HalfCauchy(1)', 'PointMass(0)']
    """
    shown: list[tuple[str, Prior]] = []
    doubled = defaults.tau_wide if defaults is not None and tau == defaults.tau else tau.scaled(2)
    if tau.is_proper and doubled != tau:
        shown.append((DOUBLED, doubled))
    elif defaults is not None:
        shown += [("measure's default", defaults.tau), ("measure's default, doubled", defaults.tau_wide)]
    if tau != PointMass(0.0):
        shown.append((NO_HETEROGENEITY, PointMass(0.0)))
    return tuple(shown)
