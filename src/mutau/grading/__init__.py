"""GRADE's tables and sentences: from fits, stated sizes of effects and the reviewers' certainty ratings."""

from __future__ import annotations

from mutau.grading.findings import IN_WORDS, PerThousand, summary_of_findings
from mutau.grading.graded import Graded, participants, rating_words
from mutau.grading.language import languages
from mutau.grading.profile import evidence_profile
from mutau.grading.statements import Statement, size_class, statement

__all__ = [
    "IN_WORDS",
    "Graded",
    "PerThousand",
    "Statement",
    "evidence_profile",
    "languages",
    "participants",
    "rating_words",
    "size_class",
    "statement",
    "summary_of_findings",
]
