"""ArviZ's groups around posterior draws, whichever engine made them.

What follows from mu and tau alone is simulated or computed in NumPy: through PyMC each would cost another
compilation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from mutau.likelihoods import LIKELIHOODS

if TYPE_CHECKING:
    from mutau.requests import ModelRequest

__all__ = ["build_tree"]


def build_tree(
    request: ModelRequest,
    posterior: xr.Dataset,
    effects: pd.DataFrame,
    rng: np.random.Generator,
    sei_new: float | None = None,
) -> xr.DataTree:
    """Put posterior draws, forward simulations and pointwise densities into ArviZ's groups.

    Parameters
    ----------
    request : ModelRequest
        The model and its data.
    posterior : Dataset
        ``mu``, ``tau`` (chain, draw) and ``theta`` (chain, draw, study); ``theta_new`` is drawn here if absent.
    effects : DataFrame
        The studies, one row each, for ``constant_data``.
    rng : numpy.random.Generator
        For everything drawn forward.
    sei_new : float, optional
        Standard error of a new study; gives ``predictions``.
    """
    likelihood = LIKELIHOODS[request.likelihood]
    mu, tau = posterior["mu"], posterior["tau"]
    dims = ("chain", "draw")
    coords = {"chain": mu["chain"], "draw": mu["draw"]}
    by_study = {**coords, "study": list(request.study)}

    def per_study(values: np.ndarray[Any, Any]) -> xr.Dataset:
        return xr.Dataset({likelihood.observed: ((*dims, "study"), values)}, coords=by_study)

    if "theta_new" not in posterior:
        posterior = posterior.assign(theta_new=mu + tau * rng.standard_normal(mu.shape))
    groups: dict[str, xr.Dataset] = {
        "posterior": posterior,
        "posterior_predictive": per_study(likelihood.replicate(request.data, mu.values, tau.values, rng)),
        "log_likelihood": per_study(likelihood.log_likelihood(request.data, mu.values, tau.values)),
        "log_prior": xr.Dataset(
            {
                name: (dims, prior.logpdf(posterior[name].values))
                for name, prior in (("mu", request.mu_prior), ("tau", request.tau_prior))
                if not prior.is_point
            },
            coords=coords,
        ),
        "observed_data": xr.Dataset(
            {likelihood.observed: ("study", request.data[likelihood.observed])},
            coords={"study": list(request.study)},
        ),
        "constant_data": _constant_data(effects, likelihood.observed, request.study),
    }
    if request.mu_prior.is_proper and request.tau_prior.is_proper:
        groups["prior"] = _prior_group(request, mu.shape, rng, coords)
    if sei_new is not None:
        y_new = posterior["theta_new"] + sei_new * rng.standard_normal(mu.shape)
        groups["predictions"] = xr.Dataset({"y_new": y_new}, attrs={"sei_new": sei_new})
    return xr.DataTree.from_dict(groups)


def _prior_group(
    request: ModelRequest, shape: tuple[int, ...], rng: np.random.Generator, coords: dict[str, Any]
) -> xr.Dataset:
    mu = request.mu_prior.sample(rng, shape)
    tau = request.tau_prior.sample(rng, shape)
    theta_new = mu + tau * rng.standard_normal(shape)
    values = {"mu": mu, "tau": tau, "theta_new": theta_new}
    return xr.Dataset({name: (("chain", "draw"), array) for name, array in values.items()}, coords=coords)


def _constant_data(effects: pd.DataFrame, observed: str, study: tuple[str, ...]) -> xr.Dataset:
    """What was given for each study beside the outcome itself: counts, means, standard errors, provenance."""
    numeric = effects.select_dtypes("number").dropna(axis="columns", how="all").drop(columns=[observed])
    columns = {str(name): ("study", numeric[name].to_numpy()) for name in numeric if name != "row"}
    columns["provenance"] = ("study", effects["provenance"].astype(str).to_numpy(dtype=object))
    return xr.Dataset(columns, coords={"study": list(study)})
