"""Which study matters, and whether small studies differ: diagnostics of a classic meta-analysis."""

from __future__ import annotations

from mutau.diagnostics.about import About
from mutau.diagnostics.accumulating import CumulativePooling, cumulative
from mutau.diagnostics.arms import LABBE_MEASURES, Labbe, labbe
from mutau.diagnostics.asymmetry import (
    PREDICTORS,
    begg,
    deeks,
    egger,
    harbord,
    pet_peese,
    peters,
)
from mutau.diagnostics.diagnosing import DIAGNOSIS_COLUMNS, Diagnosis, diagnose
from mutau.diagnostics.file_drawer import FAIL_SAFE_METHODS, FailSafe, fail_safe_n
from mutau.diagnostics.funnels import Funnel, funnel
from mutau.diagnostics.given import Given, given_effects
from mutau.diagnostics.influence import (
    baujat,
    gosh,
    influence,
    leave_one_out,
    normal_quantiles,
    radial,
)
from mutau.diagnostics.p_value_functions import DRAPERY_KINDS, Drapery, drapery
from mutau.diagnostics.results import (
    Baujat,
    Gosh,
    Influence,
    LeaveOneOut,
    NormalQuantiles,
    PetPeese,
    Radial,
    SmallStudyTest,
)
from mutau.diagnostics.shrinking import Shrunken, ShrunkenBeside, shrunken, shrunken_beside
from mutau.diagnostics.trimming import TRIM_ESTIMATORS, TrimAndFill, trim_and_fill

__all__ = [
    "DIAGNOSIS_COLUMNS",
    "DRAPERY_KINDS",
    "FAIL_SAFE_METHODS",
    "LABBE_MEASURES",
    "PREDICTORS",
    "TRIM_ESTIMATORS",
    "About",
    "Baujat",
    "CumulativePooling",
    "Diagnosis",
    "Drapery",
    "FailSafe",
    "Funnel",
    "Given",
    "Gosh",
    "Influence",
    "Labbe",
    "LeaveOneOut",
    "NormalQuantiles",
    "PetPeese",
    "Radial",
    "Shrunken",
    "ShrunkenBeside",
    "SmallStudyTest",
    "TrimAndFill",
    "baujat",
    "begg",
    "cumulative",
    "deeks",
    "diagnose",
    "drapery",
    "egger",
    "fail_safe_n",
    "funnel",
    "given_effects",
    "gosh",
    "harbord",
    "influence",
    "labbe",
    "leave_one_out",
    "normal_quantiles",
    "pet_peese",
    "peters",
    "radial",
    "shrunken",
    "shrunken_beside",
    "trim_and_fill",
]
