"""Tables that people read: every rounding, every wording and every label of a number is decided here.

Exports stay unrounded; only what a person looks at passes through this room. `numbers` writes a number, `frames` lays
out a table.
"""

from __future__ import annotations

from mutau.tables.frames import (
    BAYESIAN,
    CAPTIONS,
    HEADLINE_METHODS,
    agreement_sentence,
    agreement_table,
    check_table,
    comparison_table,
    data_table,
    likelihood_table,
    main_table,
    markdown_page,
    probability_table,
    published_table,
    review_table,
    summary_table,
    to_markdown,
    to_rich,
)
from mutau.tables.numbers import (
    NOT_AVAILABLE,
    effect,
    effect_interval,
    interval,
    number,
    percent,
    probability,
)
from mutau.tables.sensitivity import SENSITIVITY_CAPTIONS, sensitivity_tables
from mutau.tables.texts import markdown_cell, plain

__all__ = [
    "BAYESIAN",
    "CAPTIONS",
    "HEADLINE_METHODS",
    "NOT_AVAILABLE",
    "SENSITIVITY_CAPTIONS",
    "agreement_sentence",
    "agreement_table",
    "check_table",
    "comparison_table",
    "data_table",
    "effect",
    "effect_interval",
    "interval",
    "likelihood_table",
    "main_table",
    "markdown_cell",
    "markdown_page",
    "number",
    "percent",
    "plain",
    "probability",
    "probability_table",
    "published_table",
    "review_table",
    "sensitivity_tables",
    "summary_table",
    "to_markdown",
    "to_rich",
]
