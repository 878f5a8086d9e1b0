"""Fit an outcome model to its studies: `fit(studies, model)` gives a frozen `Fit`."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import xarray as xr

from mutau import __version__
from mutau.engines import EngineRecord, choose
from mutau.errors import ArgumentError, Fault, ImproperPosteriorError, StudyDataError
from mutau.likelihoods import LIKELIHOODS
from mutau.measures import effects as compute_effects
from mutau.priors.existence import count_posterior_is_proper, posterior_is_proper
from mutau.requests import ModelRequest
from mutau.shown import Shown
from mutau.studies import StudyTable
from mutau.trees import Groups

if TYPE_CHECKING:
    import pymc as pm

    from mutau.exact import ExactPosterior
    from mutau.outcomes import OutcomeModel
    from mutau.priors import Prior
    from mutau.records import Marginal
    from mutau.sampling import SamplingSettings

__all__ = [
    "Fit",
    "data_notes",
    "fit",
    "model_request",
    "prepare",
    "pymc_model",
    "refit",
    "undefined_fault",
]

_LIBRARIES = ("pymc", "nutpie", "arviz", "numpy", "pytensor", "numba")


@dataclass(frozen=True, slots=True, eq=False)
class Fit(Shown):
    """A fitted outcome model.

    Parameters
    ----------
    model : OutcomeModel
        What was asked; priors that are made from the studies' standard errors are made, with these studies'.
    studies : StudyTable
        The studies it selected.
    effects : DataFrame
        One row per study: the wide view of its data with ``yi``, ``vi``, ``sei`` (analysis scale).
    groups : Groups
        Makes ``tree``, ArviZ's groups, when they are first asked for: no answer of an exact fit needs them.
    engine : EngineRecord
        How it was made.
    exact : NormalPosterior or SurfacePosterior, optional
        The posterior itself, where the exact engine made it; every answer is then read from it, not from draws.

    Notes
    -----
    The groups of ``tree``. ``posterior``: ``mu``, ``tau``, ``theta_new`` (chain, draw) and ``theta`` (chain, draw,
    study); ``prior`` likewise without theta, absent where a prior is improper; ``posterior_predictive``,
    ``log_likelihood`` and ``observed_data`` under the name of the likelihood's outcome (``yi``; ``events`` of
    both arms, dims (study, arm), where the likelihood is of counts);
    ``log_prior`` of mu and tau; ``constant_data``; ``sample_stats`` of a sampled fit, ``marginals``
    (quantiles and densities) of an exact one; ``predictions`` (``y_new``) where the standard error of a new
    study was stated. Everything is on the analysis scale.
    """

    model: OutcomeModel
    studies: StudyTable
    effects: pd.DataFrame
    groups: Groups
    engine: EngineRecord
    exact: ExactPosterior | None = None

    @property
    def tree(self) -> xr.DataTree:
        """ArviZ's groups: draws, predictions, densities and data, on the analysis scale."""
        return self.groups.tree

    @property
    def k(self) -> int:
        """Number of studies."""
        return len(self.effects)

    @property
    def posterior(self) -> xr.Dataset:
        """The posterior draws: ``mu``, ``tau``, ``theta``, ``theta_new``, on the analysis scale."""
        return self.tree["posterior"].to_dataset()

    def marginal(self, quantity: str, study: str | None = None) -> Marginal:
        """The posterior of one quantity, on the analysis scale.

        Parameters
        ----------
        quantity : {"mu", "tau", "theta_new", "theta"}
            Which; ``"theta"`` needs a `study`.
        study : str, optional
            Name of the study.

        Returns
        -------
        Marginal
            Answers ``mean``, ``sd``, ``cdf``, ``sf``, ``quantile``, ``pdf``.
        """
        if self.exact is not None:
            if study is None:
                whole: dict[str, Marginal] = {
                    "mu": self.exact.mu,
                    "tau": self.exact.tau,
                    "theta_new": self.exact.theta_new,
                }
                return whole[quantity]
            return self.exact.theta[list(self.effects["study"]).index(study)]
        draws = self.posterior[quantity]
        from mutau.drawn import DrawsMarginal  # ArviZ is slow to load, an exact fit needs none

        return DrawsMarginal(np.asarray(draws if study is None else draws.sel(study=study)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know of the data: what was missing, what was corrected."""
        return data_notes(self.studies, self.effects, self.model)

    def __repr__(self) -> str:
        priors = f"mu ~ {self.model.mu_prior}, tau ~ {self.model.tau_prior}"
        return f"<Fit {self.model.name}: {self.model.measure}, k={self.k}, {priors}, {self.engine.name}>"

    def to_netcdf(self, path: str | os.PathLike[str]) -> Path:
        """Write the tree as NetCDF, whole or not at all."""
        target = Path(path)
        partial = target.with_name(f".{target.name}.partial")
        try:
            self.tree.to_netcdf(partial, engine="h5netcdf")
            os.replace(partial, target)
        finally:
            partial.unlink(missing_ok=True)
        return target


def fit(
    studies: StudyTable | pd.DataFrame,
    model: OutcomeModel,
    *,
    engine: str = "sampling",
    seed: int | None = None,
    sampling: SamplingSettings | None = None,
    sei_new: float | None = None,
) -> Fit:
    """Fit the model's random-effects meta-analysis to the studies it selects.

    Parameters
    ----------
    studies : StudyTable or DataFrame
        As read by `mutau.read_studies`; may hold other outcomes too, of which ``model.where`` selects.
    model : OutcomeModel
        Measure, likelihood, priors, direction of benefit.
    engine : {"sampling", "exact", "auto"}
        Sampling by NUTS in PyMC; quadrature without Monte Carlo error; or quadrature where it can, else
        sampling. The result says which it was.
    seed : int, optional
        The same seed gives the same draws. Without one, a seed is drawn and recorded in ``fit.engine.seed``.
    sampling : SamplingSettings, optional
        Draws, tuning, chains, target acceptance, sampler; the exact engine needs none.
    sei_new : float, optional
        Standard error (analysis scale) of a new study; with it the tree gains ``predictions`` with ``y_new``,
        what that study would estimate.

    Returns
    -------
    Fit
        The posterior with everything needed to read and to repeat it.

    Raises
    ------
    StudyDataError
        The studies cannot be used; names every fault.
    ImproperPosteriorError
        Priors and data define no posterior.
    ArgumentError
        An argument is not valid.

    Warns
    -----
    ConvergenceWarning
        The chains have not converged after a second, longer attempt.
    DataWarning
        A zero-cell correction was applied.
    """
    if sei_new is not None and not (np.isfinite(sei_new) and sei_new > 0):
        raise ArgumentError(
            Fault(
                f"sei_new = {sei_new!r}",
                "a standard error is a positive number",
                "state it in analysis units",
            )
        )
    if sei_new is not None and model.of_counts:
        rule = f"what a new study would estimate is simulated under the normal likelihood, not the {model.likelihood}"
        raise ArgumentError(Fault(f"sei_new = {sei_new!r}", rule, "leave it out, and read theta_new"))
    selected, effects = prepare(studies, model)
    model = model.given(effects["sei"])
    request = model_request(effects, model)
    chosen = choose(engine, request)
    seed = secrets.randbits(32) if seed is None else seed
    engine_seed, forward_seed = np.random.SeedSequence(seed).spawn(2)
    result = chosen.run(request, engine_seed, sampling)
    groups = Groups(
        request,
        result.draws,
        effects,
        forward_seed,
        sei_new,
        result.sample_stats,
        result.exact,
        _attributes(model, effects, chosen.name),
    )
    record = EngineRecord(
        name=chosen.name,
        asked=engine,
        versions=_versions(),
        settings=result.settings,
        seed=seed,
        seconds=result.seconds,
        attempts=result.attempts,
        checks=result.checks,
        warnings=result.warnings,
    )
    return Fit(model, selected, effects, groups, record, result.exact)


def refit(fitted: Fit, tau_prior: Prior) -> Fit:
    """Fit the same studies and model again under another prior for tau: same engine, seed and settings."""
    record, sampling = fitted.engine, None
    if record.name == "sampling":
        from mutau.sampling import SamplingSettings

        sampling = SamplingSettings(**record.settings)
    model = replace(fitted.model, tau_prior=tau_prior)
    return fit(fitted.studies, model, engine=record.name, seed=record.seed, sampling=sampling)


def prepare(studies: StudyTable | pd.DataFrame, model: OutcomeModel) -> tuple[StudyTable, pd.DataFrame]:
    """Select a model's studies and compute their effects; everything short of sampling is checked here.

    Returns
    -------
    StudyTable
        The studies selected by ``model.where``, each once.
    DataFrame
        Their effects, one row per study.

    Raises
    ------
    ArgumentError
        The model is of an outcome of which only the pooled result is known.
    StudyDataError
        Nothing is selected, a study appears twice, or an effect is undefined.
    ImproperPosteriorError
        Priors and number of studies define no posterior.
    """
    if model.is_pooled:
        rule = "Only the pooled result of this outcome is known, so there are no trials to fit"
        remedy = "Call mutau.pooled(model), or name the trials' own likelihood and data"
        raise ArgumentError(Fault('likelihood = "pooled"', rule, remedy, key="likelihood"))
    table = studies if isinstance(studies, StudyTable) else StudyTable.from_frame(studies)
    try:
        selected = table.select(**model.where) if model.where else table
        selected.require_unique_studies()
        effects = compute_effects(
            selected,
            measure=model.measure,
            add=model.zero_cells.add,
            to=model.zero_cells.to,
            smd_variance=model.smd_variance,
            announce=not model.of_counts,
        ).reset_index(drop=True)
    except StudyDataError as error:
        raise StudyDataError(replace(fault, model=model.name) for fault in error.faults) from None
    if model.of_counts:
        faults = [*_count_faults(effects, table.source, model), *_pending_faults(model)]
        proper = count_posterior_is_proper(model.mu_prior, model.tau_prior)
    else:
        undefined = effects[~(np.isfinite(effects["yi"]) & np.isfinite(effects["sei"]))]
        faults = [undefined_fault(row, table.source, model.measure) for _, row in undefined.iterrows()]
        proper = posterior_is_proper(model.mu_prior, model.tau_prior, len(effects))
    if faults:
        raise StudyDataError(replace(fault, model=model.name) for fault in faults)
    if not proper.exists:
        raise ImproperPosteriorError(
            f"{model.name}: {proper.reason}. Use a proper prior (HalfNormal, for tau)"
        )
    return selected, effects


def data_notes(studies: StudyTable, effects: pd.DataFrame, model: OutcomeModel) -> tuple[str, ...]:
    """Say what a reader must know of prepared data: what was missing, what was corrected."""
    if (corrected := effects["study"][effects["corrected"].astype(bool)].astype(str)).empty:
        return studies.notes
    cells = model.measure_record.corrected_cells
    added = f"{model.zero_cells.add:g} was added to {cells} of {', '.join(corrected)}"
    if model.of_counts:
        added += " for the study's own estimate and classic pooling; the likelihood takes counts as they are"
    return (*studies.notes, f"zero cells: {added}")


def _count_faults(effects: pd.DataFrame, source: str | None, model: OutcomeModel) -> list[Fault]:
    """Name the studies without the whole counts that a likelihood of counts reads."""
    likelihood = LIKELIHOODS[model.likelihood]
    columns = effects.reindex(columns=list(likelihood.data_columns)).apply(pd.to_numeric)
    events = columns[list(likelihood.observed_columns)]
    missing, broken = columns.isna().any(axis=1), (events != events.round()).any(axis=1)
    rule = f"The {likelihood.label} reads whole numbers of events in {', '.join(likelihood.data_columns)}"
    return [
        Fault(
            "counts are missing" if missing[i] else "a count is not a whole number", rule,
            'Give the counts, leave the study out with `where`, or use likelihood = "normal"',
            file=source, study=str(effects["study"][i]),
        )
        for i in effects.index[missing | broken]
    ]  # fmt: skip


def _pending_faults(model: OutcomeModel) -> list[Fault]:
    """Refuse priors that are made from standard errors, which counts do not have."""
    named = (("default", model.tau_prior), *model.tau_alternatives)
    rule = f"This prior is made from the studies' standard errors, and the {model.likelihood} likelihood has none"
    return [
        Fault(f"tau ~ {prior} ({label})", rule, 'Use likelihood = "normal", or call .given(sei) on the prior')
        for label, prior in named
        if prior.is_pending
    ]


def undefined_fault(row: pd.Series[Any], source: str | None, measure: str) -> Fault:
    """Say why a row's effect does not exist."""
    reason = str(row.get("note_effect") or "") or f"{measure} has no finite estimate or standard error here"
    return Fault(
        f"no {measure} can be computed",
        f"{reason[0].upper()}{reason[1:]}",
        "Correct the row, leave the study out with `where`, or change `zero_cells`",
        file=source,
        study=str(row["study"]),
    )


def pymc_model(studies: StudyTable | pd.DataFrame, model: OutcomeModel) -> pm.Model:
    """Give the PyMC model itself, to take and change.

    Parameters
    ----------
    studies, model
        As for `fit`.

    Returns
    -------
    pymc.Model
        ``mu``, ``tau``, ``z`` (study), ``theta`` (study) = mu + tau z, and the observed ``yi`` (study), on the
        analysis scale; with counts ``eta`` (study), the baselines, and the observed ``events_treatment`` and
        ``events_control`` (study). Numbers are ``pm.Data``: ``yi_data``, ``sei_data``, and the priors' parameters
        (``tau_prior_scale``, ...); ``near`` and ``width`` place the coordinates of ``z`` and change no answer.
    """
    from mutau.sampling import build_model

    _, effects = prepare(studies, model)
    return build_model(model_request(effects, model.given(effects["sei"])))


def model_request(effects: pd.DataFrame, model: OutcomeModel) -> ModelRequest:
    """Write a model and its studies' effects, as `prepare` gives them, for an engine."""
    likelihood = LIKELIHOODS[model.likelihood]
    data = {name: effects[name].to_numpy(dtype=np.float64) for name in likelihood.data_columns}
    study = tuple(effects["study"].astype(str))
    return ModelRequest(
        model.likelihood,
        data,
        model.mu_prior,
        model.tau_prior,
        study,
        model.measure if model.of_counts else "GEN",
        model.baseline_sd,
        model.effects_df,
    )


@cache
def _versions() -> dict[str, str]:
    return {"mutau": __version__, **{library: version(library) for library in _LIBRARIES}}


def _attributes(model: OutcomeModel, effects: pd.DataFrame, engine: str) -> dict[str, str]:
    """What the tree says of itself when it travels alone, as NetCDF."""
    return {
        "mutau_version": __version__,
        "model": model.name,
        "measure": model.measure,
        "scale": f"analysis ({model.measure_record.analysis_scale})",
        "likelihood": model.likelihood,
        "baseline_sd": f"{model.baseline_sd:g}",
        "effects_df": f"{model.effects_df:g}",
        "engine": engine,
        "mu_prior": model.mu_prior.stated,
        "tau_prior": model.tau_prior.stated,
        "provenance": "; ".join(dict.fromkeys(effects["provenance"].astype(str))),
    }
