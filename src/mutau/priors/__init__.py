"""Prior distributions as frozen data: ``mutau.priors.Normal(0, 2.82)``, ``mutau.priors.HalfNormal(0.5)``.

Families for the mean effect mu
    `Normal` (mean, sd), `NormalMixture` (weights, means, sds), `StudentT` (location, scale, df), `Cauchy`
    (location, scale), `Uniform` (lower, upper), `Flat`.
Families for the between-study standard deviation tau
    `HalfNormal` (scale), `HalfStudentT` (scale, df), `HalfCauchy` (scale), `Exponential` (rate),
    `InverseGamma` (shape, scale), `LogNormal` (meanlog, sdlog), `LogStudentT` (location, scale, df),
    `Uniform` (0, b), `PointMass` (value).
Questions
    `default_priors` (what is used where a model states none), `mu_in_words` and `tau_in_words` (what a prior
    claims), `posterior_is_proper` and `moment_exists` (what the priors and k studies define), `parse_prior`
    (a prior from text).

Published tables
    `published_priors` (Turner 2015, Rhodes 2015, Bartoš 2021 and 2023), `published_prior` (one, by its name).

All are on the analysis scale (the logarithm for ratios). Nothing here knows of PyMC.
"""

from __future__ import annotations

from mutau.priors.base import Prior
from mutau.priors.bounded import PointMass, Uniform
from mutau.priors.defaults import DefaultPriors, default_priors
from mutau.priors.existence import Existence, moment_exists, posterior_is_proper, tau_prior_faults
from mutau.priors.from_studies import BergerDeely, DuMouchel, Jeffreys, UniformI2, UniformShrinkage
from mutau.priors.half import HalfCauchy, HalfNormal, HalfStudentT
from mutau.priors.log_scale import LogNormal, LogStudentT
from mutau.priors.mixture import NormalMixture
from mutau.priors.origin import Origin
from mutau.priors.parse import (
    FAMILIES as FAMILIES,
)  # in capitals: kept out of __all__, whose order is plain sorted()
from mutau.priors.parse import parse_prior
from mutau.priors.positive import Exponential, InverseGamma, RootInverseGamma
from mutau.priors.published import PublishedPrior, published_prior, published_priors
from mutau.priors.real_line import Cauchy, Flat, Normal, StudentT
from mutau.priors.words import mu_in_words, tau_in_words

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
    "Normal",
    "NormalMixture",
    "Origin",
    "PointMass",
    "Prior",
    "PublishedPrior",
    "RootInverseGamma",
    "StudentT",
    "Uniform",
    "UniformI2",
    "UniformShrinkage",
    "default_priors",
    "moment_exists",
    "mu_in_words",
    "parse_prior",
    "posterior_is_proper",
    "published_prior",
    "published_priors",
    "tau_in_words",
    "tau_prior_faults",
]
