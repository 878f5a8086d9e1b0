"""Prior distributions as frozen data: ``mutau.priors.Normal(0, 2.82)``, ``mutau.priors.HalfNormal(0.5)``.

Families for the mean effect mu
    `Normal` (mean, sd), `NormalMixture` (weights, means, sds), `StudentT` (location, scale, df), `Cauchy`
    (location, scale), `Uniform` (lower, upper), `Flat`.
Families for the between-study standard deviation tau
    `HalfNormal` (scale), `HalfStudentT` (scale, df), `HalfCauchy` (scale), `Exponential` (rate),
    `InverseGamma` (shape, scale), `LogNormal` (meanlog, sdlog), `LogStudentT` (location, scale, df),
    `Uniform` (0, b), `PointMass` (value). Stated for tau squared: `LogNormal.on_tau2`, `LogStudentT.on_tau2`,
    `InverseGamma.on_tau2` (which gives a `RootInverseGamma`).
Made from the studies' standard errors
    `Jeffreys`, `BergerDeely` (improper), `DuMouchel`, `UniformShrinkage`, `UniformI2` (proper).
Made from statements about the mean effect
    `elicit_normal`, `elicit_t` (most likely 0.8, 95% sure above 0.5), `elicit_log_normal` (of tau); `sceptical`,
    `neutral`, `enthusiastic`, `pessimistic` (of one plausible effect); `unit_information`; `map_prior` (of an earlier
    fit); `robustify`.
Questions
    `default_priors` (what is used where a model states none), `mu_in_words` and `tau_in_words` (what a prior
    claims), `spread_in_words`, `weight_in_words`, `prediction_in_words`, `prior_predictive` (the effect in one
    study), `effective_sample_size`, `posterior_is_proper` and `moment_exists` (what the priors and k studies define),
    `parse_prior` (a prior from text).

Published tables
    `published_priors` (Turner 2015, Rhodes 2015, Bartoš 2021 and 2023), `published_prior` (one, by its name).

All are on the analysis scale (the logarithm for ratios). Nothing here knows of PyMC.
"""

from __future__ import annotations

from mutau.priors.attitudes import enthusiastic, neutral, pessimistic, sceptical
from mutau.priors.base import Prior
from mutau.priors.bounded import PointMass, Uniform
from mutau.priors.defaults import DefaultPriors, default_priors
from mutau.priors.eliciting import elicit_log_normal, elicit_normal, elicit_t
from mutau.priors.existence import Existence, moment_exists, posterior_is_proper, tau_prior_faults
from mutau.priors.from_studies import BergerDeely, DuMouchel, Jeffreys, UniformI2, UniformShrinkage
from mutau.priors.half import HalfCauchy, HalfNormal, HalfStudentT
from mutau.priors.log_scale import LogNormal, LogStudentT
from mutau.priors.meta_analytic import MapPrior, map_prior, robustify
from mutau.priors.mixture import NormalMixture
from mutau.priors.origin import Origin
from mutau.priors.parse import (
    FAMILIES as FAMILIES,
)  # in capitals: kept out of __all__, whose order is plain sorted()
from mutau.priors.parse import parse_prior
from mutau.priors.positive import Exponential, InverseGamma, RootInverseGamma
from mutau.priors.predictive import PriorPredictive, prior_predictive
from mutau.priors.published import PublishedPrior, published_prior, published_priors
from mutau.priors.real_line import Cauchy, Flat, Normal, StudentT
from mutau.priors.tau_mixture import Mixture
from mutau.priors.unit_information import (
    SampleSize,
    effective_sample_size,
    estimated_unit_information_sd,
    unit_information,
    unit_information_sd,
)
from mutau.priors.words import (
    mu_in_words,
    prediction_in_words,
    spread_in_words,
    tau_in_words,
    weight_in_words,
)

__all__ = [
    "BergerDeely",
    "Cauchy",
    "DefaultPriors",
    "DuMouchel",
    "Existence",
    "Exponential",
    "Flat",
    "HalfCauchy",
    "HalfNormal",
    "HalfStudentT",
    "InverseGamma",
    "Jeffreys",
    "LogNormal",
    "LogStudentT",
    "MapPrior",
    "Mixture",
    "Normal",
    "NormalMixture",
    "Origin",
    "PointMass",
    "Prior",
    "PriorPredictive",
    "PublishedPrior",
    "RootInverseGamma",
    "SampleSize",
    "StudentT",
    "Uniform",
    "UniformI2",
    "UniformShrinkage",
    "default_priors",
    "effective_sample_size",
    "elicit_log_normal",
    "elicit_normal",
    "elicit_t",
    "enthusiastic",
    "estimated_unit_information_sd",
    "map_prior",
    "moment_exists",
    "mu_in_words",
    "neutral",
    "parse_prior",
    "pessimistic",
    "posterior_is_proper",
    "prediction_in_words",
    "prior_predictive",
    "published_prior",
    "published_priors",
    "robustify",
    "sceptical",
    "spread_in_words",
    "tau_in_words",
    "tau_prior_faults",
    "unit_information",
    "unit_information_sd",
    "weight_in_words",
]
