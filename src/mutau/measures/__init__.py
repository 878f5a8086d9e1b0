"""Effect measures: what a study's data say, as an effect on the analysis scale with its sampling variance."""

from __future__ import annotations

from mutau.measures.binary import (
    TO_RULES,
    CorrectedCounts,
    correct_zero_cells,
    log_odds_ratio,
    log_risk_ratio,
    risk_difference,
)
from mutau.measures.computing import effects
from mutau.measures.continuous import (
    SMD_VARIANCES,
    hedges_correction,
    mean_difference,
    ready_made,
    standardised_mean_difference,
)
from mutau.measures.rates import correct_zero_events, log_rate_ratio
from mutau.measures.record import AnalysisScale, Measure, ScaleKind
from mutau.measures.registry import MEASURES, get_measure
from mutau.measures.single import double_arcsine, proportion_of_double_arcsine
from mutau.measures.survival import log_hazard_ratio_from_interval, log_hazard_ratio_from_logrank
from mutau.measures.variances import VARIANCES

__all__ = [
    "MEASURES",
    "SMD_VARIANCES",
    "TO_RULES",
    "VARIANCES",
    "AnalysisScale",
    "CorrectedCounts",
    "Measure",
    "ScaleKind",
    "correct_zero_cells",
    "correct_zero_events",
    "double_arcsine",
    "effects",
    "get_measure",
    "hedges_correction",
    "log_hazard_ratio_from_interval",
    "log_hazard_ratio_from_logrank",
    "log_odds_ratio",
    "log_rate_ratio",
    "log_risk_ratio",
    "mean_difference",
    "proportion_of_double_arcsine",
    "ready_made",
    "risk_difference",
    "standardised_mean_difference",
]
