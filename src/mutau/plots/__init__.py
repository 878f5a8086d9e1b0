"""Pictures of a fit: what is drawn is prepared as a frame first, then drawn; no pyplot state is touched."""

from __future__ import annotations

from mutau.plots.benefit_by_tau import (
    BENEFIT_BY_TAU_COLUMNS,
    BenefitByTauLabels,
    plot_benefit_by_tau,
    prepare_benefit_by_tau,
    why_no_benefit_by_tau,
)
from mutau.plots.chains import (
    CHAIN_COLUMNS,
    ChainLabels,
    plot_ranks,
    plot_trace,
    prepare_chains,
    why_no_chains,
)
from mutau.plots.cumulative_steps import (
    CUMULATIVE_TEXTS,
    CumulativeLabels,
    plot_cumulative,
    prepare_cumulative,
)
from mutau.plots.density import DENSITY_COLUMNS, DensityLabels
from mutau.plots.files import pdf_bytes, png_bytes, save, svg_text
from mutau.plots.forest import plot_forest
from mutau.plots.forest_rows import FOREST_COLUMNS, prepare_forest
from mutau.plots.forest_styles import FOREST_STYLES, ForestStyle
from mutau.plots.forest_words import ForestLabels, correction_sentence
from mutau.plots.gallery import outcome_figures
from mutau.plots.posterior import plot_posterior, prepare_posterior
from mutau.plots.predictive import plot_predictive, prepare_predictive, why_no_predictive
from mutau.plots.prior import PRIOR_COLUMNS, PriorLabels, plot_prior, prepare_prior
from mutau.plots.prior_grid import PriorGridLabels, plot_prior_grid, prepare_prior_grid
from mutau.plots.specification_curve import (
    SPECIFICATION_COLUMNS,
    SpecificationLabels,
    plot_specification_curve,
    prepare_specification_curve,
)
from mutau.plots.style import plain
from mutau.plots.tau import plot_tau, prepare_tau, why_no_tau

__all__ = [
    "BENEFIT_BY_TAU_COLUMNS",
    "CHAIN_COLUMNS",
    "CUMULATIVE_TEXTS",
    "DENSITY_COLUMNS",
    "FOREST_COLUMNS",
    "FOREST_STYLES",
    "PRIOR_COLUMNS",
    "SPECIFICATION_COLUMNS",
    "BenefitByTauLabels",
    "ChainLabels",
    "CumulativeLabels",
    "DensityLabels",
    "ForestLabels",
    "ForestStyle",
    "PriorGridLabels",
    "PriorLabels",
    "SpecificationLabels",
    "correction_sentence",
    "outcome_figures",
    "pdf_bytes",
    "plain",
    "plot_benefit_by_tau",
    "plot_cumulative",
    "plot_forest",
    "plot_posterior",
    "plot_predictive",
    "plot_prior",
    "plot_prior_grid",
    "plot_ranks",
    "plot_specification_curve",
    "plot_tau",
    "plot_trace",
    "png_bytes",
    "prepare_benefit_by_tau",
    "prepare_chains",
    "prepare_cumulative",
    "prepare_forest",
    "prepare_posterior",
    "prepare_predictive",
    "prepare_prior",
    "prepare_prior_grid",
    "prepare_specification_curve",
    "prepare_tau",
    "save",
    "svg_text",
    "why_no_benefit_by_tau",
    "why_no_chains",
    "why_no_predictive",
    "why_no_tau",
]
