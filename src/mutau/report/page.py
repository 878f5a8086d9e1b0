"""The report: one HTML page that needs nothing but itself."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from mutau.plots import plain
from mutau.pooled_only.wording import WHY_APART
from mutau.report.findings import findings, profile, sayings
from mutau.report.pooled import pooled_overview, pooled_view
from mutau.report.record import ReportInput
from mutau.report.svg import SHARED_STYLES, share_styles
from mutau.report.views import fits_table, outcome_view, run_facts, with_dois

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
        A whole HTML document with its style sheet, its figures (SVG) and one script inside, which copies a methods
        paragraph. A content security policy forbids every other script and any network. All text of the review, its
        models and its data is escaped.
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
    script = files("mutau.report").joinpath("templates", "report.js").read_text(encoding="utf-8")
    page = environment.get_template("report.html.j2").render(
        title=plain(report.review.title),
        citation=plain(report.review.citation),
        note=plain(report.review.note),
        findings=findings(report) if report.outcomes else None,
        sayings=sayings(report) if report.outcomes else (),
        profile=profile(report) if report.outcomes else None,
        outcomes=[outcome_view(page, number) for number, page in enumerate(report.outcomes, start=1)],
        fits=fits_table(report) if report.outcomes else None,
        pooled=[pooled_view(result, number) for number, result in enumerate(report.pooled, start=1)],
        pooled_overview=pooled_overview(report.pooled) if report.pooled else None,
        why_apart=WHY_APART,
        facts=run_facts(report),
        script=Markup(script),  # mutau's own file
        policy=_policy(script),
        shared_styles=Markup(SHARED_STYLES),
    )
    return share_styles(page)


def _policy(script: str) -> str:
    """Allow this script, styles inside the page and pictures inside it; nothing else, nothing from elsewhere."""
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
