"""A review's results as one self-contained HTML page."""

from __future__ import annotations

from mutau.report.page import render_report
from mutau.report.record import DecisionPage, DiagnosisPage, OutcomePage, ReportInput, SensitivityPage

__all__ = ["DecisionPage", "DiagnosisPage", "OutcomePage", "ReportInput", "SensitivityPage", "render_report"]
