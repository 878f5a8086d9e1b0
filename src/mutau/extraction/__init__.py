"""What a report prints turned into what a meta-analysis needs; each derived number keeps its formula and its source.

Numbers are given as numbers, or as text as the report prints them: then the range that their rounding leaves open is
given too. What one function returns another takes, and the formulas of both are kept.
"""

from __future__ import annotations

from mutau.extraction.changes import change_mean, change_sd, change_sds, correlation_from_sds
from mutau.extraction.clusters import design_effect, effective_count, inflated_se
from mutau.extraction.completing import Completed, complete
from mutau.extraction.conversions import (
    d_from_log_odds_ratio,
    d_from_r,
    d_from_t,
    log_odds_ratio_from_d,
    r_from_d,
)
from mutau.extraction.counting import events_from_effect, events_from_percentage
from mutau.extraction.deviations import sd_from_difference, sd_from_interval, sd_from_se
from mutau.extraction.errors_of_effects import se_from_interval, se_from_p, se_from_statistic
from mutau.extraction.given import Printed
from mutau.extraction.groups import combine_groups, mean_and_sd_of_all
from mutau.extraction.quantiles import SkewnessTest, mean_from_quantiles, sd_from_quantiles, skewness_test
from mutau.extraction.record import Derived, Source

__all__ = [
    "Completed",
    "Derived",
    "Printed",
    "SkewnessTest",
    "Source",
    "change_mean",
    "change_sd",
    "change_sds",
    "combine_groups",
    "complete",
    "correlation_from_sds",
    "d_from_log_odds_ratio",
    "d_from_r",
    "d_from_t",
    "design_effect",
    "effective_count",
    "events_from_effect",
    "events_from_percentage",
    "inflated_se",
    "log_odds_ratio_from_d",
    "mean_and_sd_of_all",
    "mean_from_quantiles",
    "r_from_d",
    "sd_from_difference",
    "sd_from_interval",
    "sd_from_quantiles",
    "sd_from_se",
    "se_from_interval",
    "se_from_p",
    "se_from_statistic",
    "skewness_test",
]
