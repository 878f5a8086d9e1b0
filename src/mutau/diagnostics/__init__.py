"""Which study matters, and whether small studies differ: diagnostics of a classic meta-analysis."""

from __future__ import annotations

from mutau.diagnostics.asymmetry import (
    PREDICTORS,
    begg,
    deeks,
    egger,
    harbord,
    pet_peese,
    peters,
)
from mutau.diagnostics.given import Given, given_effects
from mutau.diagnostics.influence import (
    baujat,
    gosh,
    influence,
    leave_one_out,
    normal_quantiles,
    radial,
)
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
from mutau.diagnostics.trimming import TRIM_ESTIMATORS, TrimAndFill, trim_and_fill

__all__ = [
    "PREDICTORS",
    "TRIM_ESTIMATORS",
    "Baujat",
    "Given",
    "Gosh",
    "Influence",
    "LeaveOneOut",
    "NormalQuantiles",
    "PetPeese",
    "Radial",
    "SmallStudyTest",
    "TrimAndFill",
    "baujat",
    "begg",
    "deeks",
    "egger",
    "given_effects",
    "gosh",
    "harbord",
    "influence",
    "leave_one_out",
    "normal_quantiles",
    "pet_peese",
    "peters",
    "radial",
    "trim_and_fill",
]
