"""Outcomes of which only the pooled result is known: what it says of the mean effect, with tau's prior alone.

Apart from everything else on purpose: no answer here integrates over tau as the trials inform it.
"""

from __future__ import annotations

from mutau.pooled_only.answers import CONDITIONAL, INTEGRATED, PooledAnswer, PooledResult, pooled
from mutau.pooled_only.frames import POOLED_COLUMNS, answers_frame, chances_frame

__all__ = [
    "CONDITIONAL",
    "INTEGRATED",
    "POOLED_COLUMNS",
    "PooledAnswer",
    "PooledResult",
    "answers_frame",
    "chances_frame",
    "pooled",
]
