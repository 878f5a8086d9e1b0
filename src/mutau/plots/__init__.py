"""Pictures of a fit: what is drawn is prepared as a frame first, then drawn; no pyplot state is touched."""

from __future__ import annotations

from mutau.plots.benefit_by_tau import (
    BENEFIT_BY_TAU_COLUMNS,
    BenefitByTauLabels,
    plot_benefit_by_tau,
    prepare_benefit_by_tau,
    why_no_benefit_by_tau,
)
from mutau.plots.bubbles import plot_bubble, prepare_bubble
from mutau.plots.chains import (
    CHAIN_COLUMNS,
    ChainLabels,
    plot_ranks,
    plot_trace,
    prepare_chains,
    why_no_chains,
)
from mutau.plots.classic_rows import plot_leave_one_out, prepare_leave_one_out
from mutau.plots.classic_scatters import (
    plot_baujat,
    plot_gosh,
    plot_normal_quantiles,
    plot_radial,
    prepare_baujat,
    prepare_gosh,
    prepare_normal_quantiles,
    prepare_radial,
)
from mutau.plots.cumulative_steps import (
    CUMULATIVE_TEXTS,
    plot_cumulative,
    prepare_cumulative,
    why_no_cumulative,
)
from mutau.plots.density import DENSITY_COLUMNS, DensityLabels
from mutau.plots.drapery_curves import plot_drapery, prepare_drapery
from mutau.plots.files import pdf_bytes, png_bytes, save, svg_text
from mutau.plots.forest import plot_forest
from mutau.plots.forest_rows import FOREST_COLUMNS, prepare_forest
from mutau.plots.forest_styles import FOREST_STYLES, ForestStyle
from mutau.plots.forest_words import ForestLabels, correction_sentence
from mutau.plots.funnels import FUNNEL_CONTOURS, plot_funnel, prepare_funnel
from mutau.plots.gallery import outcome_figures
from mutau.plots.influence_panels import (
    INFLUENCE_COLUMNS,
    InfluenceLabels,
    plot_influence,
    prepare_influence,
)
from mutau.plots.labbe_risks import plot_labbe, prepare_labbe
from mutau.plots.named_priors import (
    NAMED_PRIOR_COLUMNS,
    NamedPriorLabels,
    plot_named_priors,
    prepare_named_priors,
)
from mutau.plots.next_trial_chance import plot_next_trial, prepare_next_trial
from mutau.plots.posterior import plot_posterior, prepare_posterior
from mutau.plots.predictive import plot_predictive, prepare_predictive, why_no_predictive
from mutau.plots.prior import PRIOR_COLUMNS, PriorLabels, plot_prior, prepare_prior, why_no_prior
from mutau.plots.prior_grid import PriorGridLabels, plot_prior_grid, prepare_prior_grid
from mutau.plots.rows import RowLabels, RowMark
from mutau.plots.sheet import SHEET_COLUMNS, Look, SheetAxis, SheetLabels
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
    "FUNNEL_CONTOURS",
    "INFLUENCE_COLUMNS",
    "NAMED_PRIOR_COLUMNS",
    "PRIOR_COLUMNS",
    "SHEET_COLUMNS",
    "SPECIFICATION_COLUMNS",
    "BenefitByTauLabels",
    "ChainLabels",
    "DensityLabels",
    "ForestLabels",
    "ForestStyle",
    "InfluenceLabels",
    "Look",
    "NamedPriorLabels",
    "PriorGridLabels",
    "PriorLabels",
    "RowLabels",
    "RowMark",
    "SheetAxis",
    "SheetLabels",
    "SpecificationLabels",
    "correction_sentence",
    "outcome_figures",
    "pdf_bytes",
    "plain",
    "plot_baujat",
    "plot_benefit_by_tau",
    "plot_bubble",
    "plot_cumulative",
    "plot_drapery",
    "plot_forest",
    "plot_funnel",
    "plot_gosh",
    "plot_influence",
    "plot_labbe",
    "plot_leave_one_out",
    "plot_named_priors",
    "plot_next_trial",
    "plot_normal_quantiles",
    "plot_posterior",
    "plot_predictive",
    "plot_prior",
    "plot_prior_grid",
    "plot_radial",
    "plot_ranks",
    "plot_specification_curve",
    "plot_tau",
    "plot_trace",
    "png_bytes",
    "prepare_baujat",
    "prepare_benefit_by_tau",
    "prepare_bubble",
    "prepare_chains",
    "prepare_cumulative",
    "prepare_drapery",
    "prepare_forest",
    "prepare_funnel",
    "prepare_gosh",
    "prepare_influence",
    "prepare_labbe",
    "prepare_leave_one_out",
    "prepare_named_priors",
    "prepare_next_trial",
    "prepare_normal_quantiles",
    "prepare_posterior",
    "prepare_predictive",
    "prepare_prior",
    "prepare_prior_grid",
    "prepare_radial",
    "prepare_specification_curve",
    "prepare_tau",
    "save",
    "svg_text",
    "why_no_benefit_by_tau",
    "why_no_chains",
    "why_no_cumulative",
    "why_no_predictive",
    "why_no_prior",
    "why_no_tau",
]
