"""Tables that people read: every rounding, every wording and every label of a number is decided here.

`numbers` writes a number, `layouts` lays out columns, `kinds` makes each table whole, `record` is the `Table` they
give, `formats` writes it. Exports (CSV, JSON) stay unrounded; only what a person looks at is rounded.
"""

from __future__ import annotations

from mutau.formats import FORMATS
from mutau.tables import kinds
from mutau.tables.changes import changes_table
from mutau.tables.columns import Column, Given, Role, chance, interval_column, text
from mutau.tables.decision import DECISION_CAPTIONS, decision_kinds, decision_tables
from mutau.tables.decision_words import decision_sentences
from mutau.tables.derived import derived_table
from mutau.tables.diagnosis import DIAGNOSIS_CAPTIONS, diagnosis_kinds, diagnosis_tables
from mutau.tables.document import Document
from mutau.tables.formats.numbers import csv_text, plain_rows
from mutau.tables.frames import (
    agreement_sentence,
    agreement_table,
    check_table,
    comparison_table,
    data_table,
    likelihood_table,
    main_table,
    probability_table,
    published_table,
    review_table,
    summary_table,
    to_rich,
)
from mutau.tables.kinds import CAPTIONS
from mutau.tables.layouts import BAYESIAN, HEADLINE_METHODS
from mutau.tables.numbers import (
    NOT_AVAILABLE,
    effect,
    effect_interval,
    interval,
    number,
    p_sentence,
    p_value,
    percent,
    probability,
)
from mutau.tables.priors import prior_quantiles
from mutau.tables.record import Table, write_whole
from mutau.tables.regression import REGRESSION_CAPTIONS, regression_kinds
from mutau.tables.samples import sample_cell, sample_heading
from mutau.tables.sensitivity import (
    SENSITIVITY_CAPTIONS,
    sensitivity_kinds,
    sensitivity_tables,
    with_conditions,
)
from mutau.tables.shrinking import shrunken_beside_table, shrunken_table
from mutau.tables.texts import numbered_notes, plain
from mutau.tables.two_arms import bivariate_table

__all__ = [
    "BAYESIAN",
    "CAPTIONS",
    "DECISION_CAPTIONS",
    "DIAGNOSIS_CAPTIONS",
    "FORMATS",
    "HEADLINE_METHODS",
    "NOT_AVAILABLE",
    "REGRESSION_CAPTIONS",
    "SENSITIVITY_CAPTIONS",
    "Column",
    "Document",
    "Given",
    "Role",
    "Table",
    "agreement_sentence",
    "agreement_table",
    "bivariate_table",
    "chance",
    "changes_table",
    "check_table",
    "comparison_table",
    "csv_text",
    "data_table",
    "decision_kinds",
    "decision_sentences",
    "decision_tables",
    "derived_table",
    "diagnosis_kinds",
    "diagnosis_tables",
    "effect",
    "effect_interval",
    "interval",
    "interval_column",
    "kinds",
    "likelihood_table",
    "main_table",
    "number",
    "numbered_notes",
    "p_sentence",
    "p_value",
    "percent",
    "plain",
    "plain_rows",
    "prior_quantiles",
    "probability",
    "probability_table",
    "published_table",
    "regression_kinds",
    "review_table",
    "sample_cell",
    "sample_heading",
    "sensitivity_kinds",
    "sensitivity_tables",
    "shrunken_beside_table",
    "shrunken_table",
    "summary_table",
    "text",
    "to_rich",
    "with_conditions",
    "write_whole",
]
