"""Run a whole review: every outcome model against its data, into a folder of results."""

from __future__ import annotations

from mutau.review.files import result_record
from mutau.review.rebuilding import rebuild_report
from mutau.review.records import OutcomeResult, ReviewResult
from mutau.review.running import KEPT, RUN_ENGINES, check_review, read_outcome, run_review
from mutau.review.updating import CHANGE_COLUMNS, ReviewUpdate, update_review
from mutau.tables import plain_rows

__all__ = [
    "CHANGE_COLUMNS",
    "KEPT",
    "RUN_ENGINES",
    "OutcomeResult",
    "ReviewResult",
    "ReviewUpdate",
    "check_review",
    "plain_rows",
    "read_outcome",
    "rebuild_report",
    "result_record",
    "run_review",
    "update_review",
]
