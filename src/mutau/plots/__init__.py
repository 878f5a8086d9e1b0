"""Pictures of a fit: what is drawn is prepared as a frame first, then drawn; no pyplot state is touched."""

from __future__ import annotations

from mutau.plots.benefit_by_tau import (
    BENEFIT_BY_TAU_COLUMNS,
    BenefitByTauLabels,
    plot_benefit_by_tau,
    prepare_benefit_by_tau,
    why_no_benefit_by_tau,
)
from mutau.plots.files import png_bytes, save, svg_text
from mutau.plots.forest import plot_forest
from mutau.plots.forest_rows import FOREST_COLUMNS, ForestLabels, correction_sentence, prepare_forest
from mutau.plots.posterior import POSTERIOR_COLUMNS, PosteriorLabels, plot_posterior, prepare_posterior
from mutau.plots.prior import PRIOR_COLUMNS, PriorLabels, plot_prior, prepare_prior
from mutau.plots.prior_grid import PriorGridLabels, plot_prior_grid, prepare_prior_grid
from mutau.plots.specification_curve import (
    SPECIFICATION_COLUMNS,
    SpecificationLabels,
    plot_specification_curve,
    prepare_specification_curve,
)
from mutau.plots.style import plain

__all__ = [
    "BENEFIT_BY_TAU_COLUMNS",
    "FOREST_COLUMNS",
    "POSTERIOR_COLUMNS",
    "PRIOR_COLUMNS",
    "SPECIFICATION_COLUMNS",
    "BenefitByTauLabels",
    "ForestLabels",
    "PosteriorLabels",
    "PriorGridLabels",
    "PriorLabels",
    "SpecificationLabels",
    "correction_sentence",
    "plain",
    "plot_benefit_by_tau",
    "plot_forest",
    "plot_posterior",
    "plot_prior",
    "plot_prior_grid",
    "plot_specification_curve",
    "png_bytes",
    "prepare_benefit_by_tau",
    "prepare_forest",
    "prepare_posterior",
    "prepare_prior",
    "prepare_prior_grid",
    "prepare_specification_curve",
    "save",
    "svg_text",
    "why_no_benefit_by_tau",
]
