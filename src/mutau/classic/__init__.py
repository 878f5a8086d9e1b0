"""Classic (frequentist) pooling and regression: arrays in, a frozen `ClassicResult` or `RegressionResult` out."""

from __future__ import annotations

from mutau.classic.bivariate import BIVARIATE_METHODS, BaselineLine, Bivariate, Estimated, bivariate_means
from mutau.classic.conditional import conditional
from mutau.classic.counts import MH_TAU2_METHODS, mantel_haenszel
from mutau.classic.generic import inverse_variance
from mutau.classic.many import ManyPooled, inverse_variance_many
from mutau.classic.mixed.fits import glmm
from mutau.classic.mixed.models import MIXED_MEASURES, MIXED_METHODS
from mutau.classic.peto import peto
from mutau.classic.rates import mantel_haenszel_rates
from mutau.classic.regression.fits import meta_regression
from mutau.classic.regression.requests import (
    REGRESSION_CI_METHODS,
    REGRESSION_PREDICTION_METHODS,
    REGRESSION_TAU2_CI_METHODS,
)
from mutau.classic.regression.results import CoefficientTest, RegressionPrediction, RegressionResult
from mutau.classic.requests import CI_METHODS, PREDICTION_METHODS, TAU2_CI_METHODS, TAU2_METHODS
from mutau.classic.stratified import StratifiedTests, stratified_tests
from mutau.classic.tables import RD_VARIANCES
from mutau.records import ClassicResult

__all__ = [
    "BIVARIATE_METHODS",
    "CI_METHODS",
    "MH_TAU2_METHODS",
    "MIXED_MEASURES",
    "MIXED_METHODS",
    "PREDICTION_METHODS",
    "RD_VARIANCES",
    "REGRESSION_CI_METHODS",
    "REGRESSION_PREDICTION_METHODS",
    "REGRESSION_TAU2_CI_METHODS",
    "TAU2_CI_METHODS",
    "TAU2_METHODS",
    "BaselineLine",
    "Bivariate",
    "ClassicResult",
    "CoefficientTest",
    "Estimated",
    "ManyPooled",
    "RegressionPrediction",
    "RegressionResult",
    "StratifiedTests",
    "bivariate_means",
    "conditional",
    "glmm",
    "inverse_variance",
    "inverse_variance_many",
    "mantel_haenszel",
    "mantel_haenszel_rates",
    "meta_regression",
    "peto",
    "stratified_tests",
]
