"""ArviZ's groups around posterior draws, whichever engine made them.

What follows from mu and tau alone is simulated or computed in NumPy: through PyMC each would cost another
compilation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from mutau.likelihoods import LIKELIHOODS
from mutau.likelihoods.counts import fresh_effects

if TYPE_CHECKING:
    from mutau.exact import ExactPosterior
    from mutau.records import Marginal
    from mutau.requests import ModelRequest

__all__ = ["MARGINAL_PROBABILITIES", "Groups", "build_tree", "marginals_group"]

_OUTER = np.array([0.001, 0.0025, 0.005, 0.025])
MARGINAL_PROBABILITIES = np.sort(np.concatenate([_OUTER, np.arange(1, 100) / 100, 1 - _OUTER]))
"""Where the group ``marginals`` gives quantiles and densities."""


@dataclass(frozen=True, eq=False)
class Groups:
    """ArviZ's groups of a fit, made when they are first asked for.

    Parameters
    ----------
    request : ModelRequest
        The model and its data.
    draws : callable
        Gives the posterior's draws, as `build_tree` takes them.
    effects : DataFrame
        The studies, one row each.
    seed : numpy.random.SeedSequence
        For everything drawn forward.
    sei_new : float, optional
        Standard error of a new study.
    sample_stats : Dataset, optional
        The sampler's statistics.
    exact : NormalPosterior or SurfacePosterior, optional
        The posterior itself, for the group ``marginals``.
    attributes : mapping of str to str
        What the tree says of itself.
    """

    request: ModelRequest
    draws: Callable[[], xr.Dataset]
    effects: pd.DataFrame
    seed: np.random.SeedSequence
    sei_new: float | None
    sample_stats: xr.Dataset | None
    exact: ExactPosterior | None
    attributes: Mapping[str, str]

    @cached_property
    def tree(self) -> xr.DataTree:
        """The groups, the same at every call."""
        rng = np.random.default_rng(self.seed)
        tree = build_tree(self.request, self.draws(), self.effects, rng, self.sei_new)
        if self.sample_stats is not None:
            tree["sample_stats"] = xr.DataTree(self.sample_stats)
        if self.exact is not None:
            tree["marginals"] = xr.DataTree(marginals_group(self.exact, self.request.study))
        tree.attrs = dict(self.attributes)
        return tree


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

    arms: tuple[str, ...] = ("arm",) if likelihood.of_counts else ()
    at_arms = {"arm": ["treatment", "control"]} if arms else {}
    log_likelihood = likelihood.log_likelihood(
        request.data, mu.values, tau.values,
        measure=request.measure, baseline_sd=request.baseline_sd, effects_df=request.effects_df,
    )  # fmt: skip
    if "theta_new" not in posterior:
        posterior = posterior.assign(theta_new=mu + tau * fresh_effects(rng, mu.shape, request.effects_df))
    replicates = likelihood.replicate(
        request.data, mu.values, tau.values, rng,
        measure=request.measure, baseline_sd=request.baseline_sd, effects_df=request.effects_df,
    )  # fmt: skip
    groups: dict[str, xr.Dataset] = {
        "posterior": posterior,
        "posterior_predictive": xr.Dataset(
            {likelihood.observed: ((*dims, "study", *arms), replicates)}, coords=by_study | at_arms
        ),
        "log_likelihood": xr.Dataset(
            {likelihood.observed: ((*dims, "study"), log_likelihood)}, coords=by_study
        ),
        "log_prior": xr.Dataset(
            {
                name: (dims, prior.logpdf(posterior[name].values))
                for name, prior in (("mu", request.mu_prior), ("tau", request.tau_prior))
                if not prior.is_point
            },
            coords=coords,
        ),
        "observed_data": xr.Dataset(
            {likelihood.observed: (("study", *arms), likelihood.observation(request.data))},
            coords={"study": list(request.study)} | at_arms,
        ),
        "constant_data": _constant_data(effects, likelihood.observed_columns, request.study),
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
    theta_new = mu + tau * fresh_effects(rng, shape, request.effects_df)
    values = {"mu": mu, "tau": tau, "theta_new": theta_new}
    return xr.Dataset({name: (("chain", "draw"), array) for name, array in values.items()}, coords=coords)


def _constant_data(effects: pd.DataFrame, observed: tuple[str, ...], study: tuple[str, ...]) -> xr.Dataset:
    """What was given for each study beside the outcome itself: counts, means, standard errors, provenance."""
    numeric = effects.select_dtypes("number").dropna(axis="columns", how="all").drop(columns=list(observed))
    columns = {str(name): ("study", numeric[name].to_numpy()) for name in numeric if name != "row"}
    columns["provenance"] = ("study", effects["provenance"].astype(str).to_numpy(dtype=object))
    return xr.Dataset(columns, coords={"study": list(study)})


def marginals_group(posterior: ExactPosterior, study: tuple[str, ...]) -> xr.Dataset:
    """Tabulate exact marginals: quantiles, and densities there, at `MARGINAL_PROBABILITIES`.

    Parameters
    ----------
    posterior : NormalPosterior or SurfacePosterior
        From the exact engine.
    study : tuple of str
        Study names.

    Returns
    -------
    Dataset
        ``mu``, ``tau``, ``theta_new`` (p) and ``theta`` (study, p): quantiles, whose cumulative probability is
        the coordinate ``p``; ``mu_density`` and so on: the density at each. Attributes ``log_marginal`` and
        ``error_estimate``.
    """
    p = MARGINAL_PROBABILITIES

    def both(marginal: Marginal) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
        quantiles = np.asarray(marginal.quantile(p))
        return quantiles, np.asarray(marginal.pdf(quantiles))

    variables: dict[str, Any] = {}
    for name, marginal in (("mu", posterior.mu), ("tau", posterior.tau), ("theta_new", posterior.theta_new)):
        variables[name], variables[f"{name}_density"] = (("p", values) for values in both(marginal))
    studies = [both(marginal) for marginal in posterior.theta]
    variables["theta"] = (("study", "p"), np.stack([quantiles for quantiles, _ in studies]))
    variables["theta_density"] = (("study", "p"), np.stack([density for _, density in studies]))
    attributes = {
        "log_marginal": posterior.log_marginal,
        "log_marginal_reason": posterior.log_marginal_reason,
        "error_estimate": posterior.error_estimate,
    }
    return xr.Dataset(variables, coords={"p": p, "study": list(study)}, attrs=attributes)
