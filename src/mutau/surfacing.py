"""The likelihood of mu and tau where there is no normal-normal form: computed once, weighed by any priors."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mutau.errors import ArgumentError
from mutau.exact.surfaces import surface
from mutau.likelihoods import LIKELIHOODS
from mutau.likelihoods.estimates import rough_estimates

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mutau.exact.surface_posterior import SurfacePosterior
    from mutau.exact.surfaces import Surface
    from mutau.priors import Prior
    from mutau.requests import ModelRequest

    type Array = NDArray[np.float64]

__all__ = ["forget_surfaces", "surface_for", "surface_posterior", "unsupported"]

KEPT = 32
"""Surfaces kept, the last used: another prior for the same studies then takes milliseconds."""

KEPT_STUDIES = 512
"""Tables of single studies kept, each some kilobytes: with a study more, or one less, the others' stay."""

SMOOTH_FROM = 3
"""Filled cells from which on the corner at no effect is in so high a derivative that no digit feels it."""

_LIMITS = {  # cells that, where empty, leave a corner in the likelihood at no effect
    "OR": (),
    "RR": ("nonevents_treatment", "nonevents_control"),
    "RD": ("events_treatment", "nonevents_treatment", "events_control", "nonevents_control"),
}

_surfaces: OrderedDict[tuple[object, ...], Surface] = OrderedDict()
_lock = threading.Lock()


def unsupported(request: ModelRequest) -> str | None:
    """Say why a request's likelihood has no surface, or nothing if it has.

    Parameters
    ----------
    request : ModelRequest
        Of counts, or with t random effects.
    """
    if request.likelihood not in LIKELIHOODS:
        return f"it has no rule for the likelihood '{request.likelihood}'"
    for name, prior in (("mu", request.mu_prior), ("tau", request.tau_prior)):
        if not prior.is_proper:
            counts = LIKELIHOODS[request.likelihood].of_counts
            why = (
                "under which counts may define no posterior"
                if counts
                else "and its rule here takes proper ones"
            )
            return f"{prior.of(name)} is improper, {why}"
    if request.likelihood == "binomial":
        cells = _cells(request)
        for i, study in enumerate(request.study):
            fewest = min((float(cells[name][i]) for name in _LIMITS[request.measure]), default=math.inf)
            if fewest < SMOOTH_FROM:
                return (
                    f"the likelihood of {study} has a corner at no effect, because "
                    f"{'everybody' if fewest == 0 else 'nearly everybody'} in an arm had the same outcome; its rule "
                    "needs a smooth one"
                )
    return None


def forget_surfaces() -> None:
    """Drop the surfaces kept, so that what is computed next does not depend, in its last digits, on what was before.

    A surface made for a wider prior answers for a narrower one too, from other nodes.
    """
    with _lock:
        _surfaces.clear()


def surface_posterior(request: ModelRequest) -> SurfacePosterior:
    """Weigh the request's surface by its priors; the surface is made where none of the kept ones holds them."""
    key = _key(request)
    with _lock:
        kept = _surfaces.get(key)
    if kept is not None:
        try:
            return kept.posterior(request.mu_prior, request.tau_prior)
        except ArgumentError:  # the prior lies outside the rectangle: a wider one is made
            pass
    return surface_for(request, [request.mu_prior], [request.tau_prior]).posterior(
        request.mu_prior, request.tau_prior
    )


def surface_for(request: ModelRequest, mus: Sequence[Prior], taus: Sequence[Prior]) -> Surface:
    """Make a surface of the request's likelihood that holds all these priors, and keep it."""
    made, key = _surface(request, mus, taus), _key(request)
    with _lock:
        _surfaces[key] = made
        _surfaces.move_to_end(key)
        while len(_surfaces) > KEPT:
            _surfaces.popitem(last=False)
    return made


def _key(request: ModelRequest) -> tuple[object, ...]:
    """What decides a surface, priors aside: a point of tau has one of its own."""
    point = request.tau_prior.support[0] if request.tau_prior.is_point else None
    data = tuple((name, column.tobytes()) for name, column in sorted(request.data.items()))
    return request.likelihood, request.measure, request.baseline_sd, request.effects_df, point, data


def _surface(request: ModelRequest, mus: Sequence[Prior], taus: Sequence[Prior]) -> Surface:
    model = request.likelihood, request.measure, request.baseline_sd

    def of_study(i: int, theta: Array) -> Array:
        own = tuple((name, float(column[i])) for name, column in request.data.items())
        return _study_values(*model, own, theta.tobytes())

    centre, scale = rough_estimates(request.data, request.measure)
    return surface(of_study, centre, scale, mus, taus, request.effects_df)


@lru_cache(maxsize=KEPT_STUDIES)
def _study_values(
    likelihood: str, measure: str, baseline_sd: float, own: tuple[tuple[str, float], ...], theta: bytes
) -> Array:
    """Log likelihood of one study at the nodes of its own table, kept: other surfaces have the same study."""
    data = {name: np.array([value]) for name, value in own}
    ask = LIKELIHOODS[likelihood].study_log_likelihood
    values = np.asarray(ask(data, np.frombuffer(theta), measure, baseline_sd)[0])
    values.flags.writeable = False
    return values


def _cells(request: ModelRequest) -> dict[str, Array]:
    data = dict(request.data)
    return data | {
        f"nonevents_{arm}": data[f"n_{arm}"] - data[f"events_{arm}"] for arm in ("treatment", "control")
    }
