"""Outcome models: everything one analysis is, as data, in Python or in a TOML file."""

from __future__ import annotations

from mutau.outcomes.loading import Review, load_model, load_review
from mutau.outcomes.model import OutcomeModel
from mutau.outcomes.printed import Printed, printed
from mutau.outcomes.records import (
    CERTAINTIES,
    DOMAINS,
    JUDGEMENTS,
    POOLED,
    SIZES,
    Certainty,
    DomainJudgement,
    HalvedArm,
    OtherAnalyses,
    PublishedResult,
    Threshold,
    ZeroCells,
)

__all__ = [
    "CERTAINTIES",
    "DOMAINS",
    "JUDGEMENTS",
    "POOLED",
    "SIZES",
    "Certainty",
    "DomainJudgement",
    "HalvedArm",
    "OtherAnalyses",
    "OutcomeModel",
    "Printed",
    "PublishedResult",
    "Review",
    "Threshold",
    "ZeroCells",
    "load_model",
    "load_review",
    "printed",
]
