"""Where the authors of a method say not to use it."""

from __future__ import annotations

import numpy as np

from mutau.classic import inverse_variance
from mutau.diagnostics.given import Given

__all__ = ["advice", "fail_safe_advice"]

_FEW = 10
"""Studies below which Sterne et al. 2011 and Cochrane's Handbook (13.3.5.4) advise against any test of asymmetry."""

_FEW_PET = 20
_HIGH_I2 = 80.0
_SOME_I2 = 50.0


def advice(method: str, given: Given) -> tuple[str, ...]:
    """Give the reasons, in words, not to rely on a method with these studies.

    Parameters
    ----------
    method : str
        ``"Egger"``, ``"Egger (mixed)"``, ``"Begg"``, ``"Harbord"``, ``"Peters"``, ``"Deeks"``, ``"trim and fill"``
        or ``"PET-PEESE"``.
    given : Given
        The studies.

    Returns
    -------
    tuple of str
        Empty where nothing is said against it.
    """
    k = given.k
    i2 = inverse_variance(given.yi, given.vi, tau2="DL").i2
    notes = []
    if k < _FEW:
        notes.append(
            f"{method} rests on {k} studies; with fewer than {_FEW} it is advised against (Sterne 2011)"
        )
    elif method == "PET-PEESE" and k < _FEW_PET:
        notes.append(f"PET-PEESE rests on {k} studies; below {_FEW_PET} it is unreliable (Stanley 2017)")
    elif method == "Begg" and k < 25:
        notes.append(f"Begg rests on {k} studies; below 25 its power is low (Begg and Mazumdar 1994)")
    if np.ptp(given.vi) <= 1e-9 * float(given.vi.max()):
        notes.append(
            f"{method}: the studies are of the same precision, so asymmetry cannot be seen (Sterne 2011)"
        )
    if method.startswith("Egger") and given.measure == "OR":
        notes.append(
            "Egger: a log odds ratio and its standard error are correlated; use Harbord or Peters (Peters 2006)"
        )
    if method.startswith(("Egger", "PET")) and given.measure == "SMD":
        notes.append(
            f"{method}: an SMD and its standard error are correlated; use sqrtninv (Pustejovsky 2019)"
        )
    if method == "Deeks":
        notes.append(
            "Deeks: meant for diagnostic odds ratios; its power is low when they differ (Deeks 2005)"
        )
    if method == "PET-PEESE" and i2 >= _HIGH_I2:
        notes.append(
            f"PET-PEESE: I2 is {i2:.0f}%; at {_HIGH_I2:.0f}% or more it is unreliable (Stanley 2017)"
        )
    if method == "trim and fill" and i2 >= _SOME_I2:
        notes.append(f"trim and fill: I2 is {i2:.0f}%; it performs poorly with heterogeneity (Peters 2007)")
    if method in ("Harbord", "Peters") and i2 >= _SOME_I2:
        notes.append(f"{method}: I2 is {i2:.0f}%; with much heterogeneity it is unreliable (Sterne 2011)")
    return tuple(notes)


def fail_safe_advice(method: str, given: Given) -> tuple[str, ...]:
    """Say why a fail-safe N is not to be relied on.

    Parameters
    ----------
    method : {"Rosenthal", "Orwin", "Rosenberg", "general"}
        Whose.
    given : Given
        The studies.

    Returns
    -------
    tuple of str
        Never empty: it is advised against whatever the studies are.
    """
    i2 = inverse_variance(given.yi, given.vi, tau2="DL").i2
    notes = [
        "Fail-safe N is not recommended (Cochrane Handbook 5.1, 10.4.4.3): it rests on the unseen studies having no "
        "effect on average, its methods differ widely (Becker 2005), and it does not say how many unseen studies "
        "there are"
    ]
    if method == "Rosenthal":
        notes.append(
            "Rosenthal: adds up z values, so it is not about the pooled effect, and knows no sizes of studies"
        )
    if method == "Orwin":
        notes.append("Orwin: rests on the target, which is the asker's own choice, and knows no uncertainty")
    if method in ("Rosenthal", "Rosenberg") and i2 >= _SOME_I2:
        notes.append(f"{method}: I2 is {i2:.0f}%; it supposes one common effect")
    if method == "general":
        notes.append("general: supposes unseen studies that are as precise and as spread as those seen")
    return tuple(notes)
