"""The report: one HTML page that needs nothing but itself."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from mutau.plots import plain
from mutau.pooled_only.wording import WHY_APART
from mutau.report.pooled import pooled_overview, pooled_view
from mutau.report.record import ReportInput
from mutau.report.views import fits_table, outcome_view, overview, run_facts, with_dois

__all__ = ["render_report"]


def render_report(report: ReportInput) -> str:
    """Render a review's results as one self-contained HTML page.

    Parameters
    ----------
    report : ReportInput
        Everything that was computed; nothing is computed here.

    Returns
    -------
    str
        A whole HTML document with its style sheet and its figures (SVG) inside: no script, no network. All text
        of the review, its models and its data is escaped.
    """
    environment = Environment(
        loader=PackageLoader("mutau.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["with_dois"] = with_dois
    return environment.get_template("report.html.j2").render(
        title=plain(report.review.title),
        citation=plain(report.review.citation),
        note=plain(report.review.note),
        overview=overview(report) if report.outcomes else None,
        outcomes=[outcome_view(page, number) for number, page in enumerate(report.outcomes, start=1)],
        fits=fits_table(report) if report.outcomes else None,
        pooled=[pooled_view(result, number) for number, result in enumerate(report.pooled, start=1)],
        pooled_overview=pooled_overview(report.pooled) if report.pooled else None,
        why_apart=WHY_APART,
        facts=run_facts(report),
    )
