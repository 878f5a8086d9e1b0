import base64
import hashlib
import re
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from mutau.outcomes import OutcomeModel, Review
from mutau.plots import outcome_figures, svg_text
from mutau.report import OutcomePage, ReportInput, render_report
from mutau.report.svg import inline_svg
from mutau.report.views import with_dois
from mutau.summaries import probabilities, summary

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
HOSTILE = '<script>alert(1)</script> & "quotes" {{ 7 * 7 }} $x_1$'


class Page(HTMLParser):
    """Collects what the tests ask, and fails on a tag that is not closed."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.tags, self.ids, self.text = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.handle_startendtag(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if "id" in attributes:
            self.ids.append(attributes["id"])

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}> closes nothing"
        assert self.open[-1] == tag, f"</{tag}> closes <{self.open[-1]}>"
        self.open.pop()

    def handle_data(self, data):
        self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]


def outcome_page(case):
    chances = pd.concat(
        [
            probabilities(fit).assign(prior=label)
            for label, fit in [("default", case.fit), *case.alternatives.items()]
        ]
    )
    figures = outcome_figures(case.fit, case.alternatives, case.compared)
    return OutcomePage(
        case.model,
        case.fit,
        case.alternatives,
        case.compared,
        summary(case.fit),
        chances,
        {name: svg_text(picture) for name, (_, picture) in figures.items()},
        {name: frame.attrs["labels"].chance for name, (frame, _) in figures.items() if name == "tau"},
    )


@pytest.fixture(scope="module")
def report(fits):
    secure = fits.Made(fits.SECURE, fits.secure_model(provenance_note="Counts reconstructed, not extracted."))
    one = fits.Made(
        fits.counts([HOSTILE]),
        fits.secure_model(name="other", title=HOSTILE, benefit="lower", published=None, thresholds=()),
    )
    estimates = pd.DataFrame(
        {"study": ["A", "B"], "yi": [0.1, -0.2], "sei": [0.1, 0.2], "provenance": "abstract"}
    )
    ready = fits.Made(estimates, OutcomeModel(name="hr", measure="HR", benefit="lower"))
    cases = (secure, one, ready)
    review = Review(
        title="A review <1>",
        citation="Barlow J (2015). A review. doi:10.1002/14651858.CD010534.pub2.",
        note="No number here was extracted from a trial report.",
        models=tuple(case.model for case in cases),
        folder=Path(),
    )
    info = {
        "mutau": "0.1.0",
        "seed": 1,
        "seconds": 12.5,
        "converged": True,
        "versions": {"pymc": "6.4.0"},
        "outcomes": [],
    }
    return ReportInput(review, tuple(outcome_page(case) for case in cases), info)


@pytest.fixture(scope="module")
def html(report):
    return render_report(report)


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_the_document_is_whole(html, page):
    assert html.startswith("<!DOCTYPE html>\n")
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    names = [attributes["aria-label"] for attributes in page.all("nav")]
    assert names[0] == "Contents"
    assert len(set(names)) == len(names) == 4  # and one for the parts of each outcome
    assert {"charset": "utf-8"} in page.all("meta")


def test_nothing_is_loaded_and_only_the_page_s_own_script_may_run(html, page):
    assert page.all("script") == [{}]
    (policy,) = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    script = html.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; script-src 'sha256-{digest}'")
    assert "unsafe-inline' " not in policy.split("style-src")[0]
    assert not page.all("link")
    assert not page.all("img")
    assert "@import" not in html
    assert "<!ENTITY" not in html
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "href", "xlink:href", "srcset", "data", "action") and tag != "a":
                assert value.startswith("#"), (tag, name, value)
            assert "url(http" not in (value or "")
    external = [a["href"] for a in page.all("a") if not a["href"].startswith("#")]
    assert "https://doi.org/10.1002/14651858.CD010534.pub2" in external
    assert all(link.startswith("https://doi.org/10.") for link in external)


def test_anchors_lead_somewhere_and_ids_are_unique(page):
    assert len(page.ids) == len(set(page.ids))
    targets = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
    assert targets <= set(page.ids)
    assert {"outcome-1", "outcome-2", "outcome-3", "made", "findings"} <= targets


def test_references_inside_pictures_stay_in_their_picture(html, page):
    used = set(re.findall(r"url\(#([^)]+)\)", html))
    used |= {attributes["xlink:href"][1:] for attributes in page.all("use")}
    assert used
    assert used <= set(page.ids)


def test_every_figure_says_what_it_shows(page):
    figures = page.all("svg")
    assert len(figures) == 18  # forest, posterior, tau, predictive, prior and ranks of each
    assert len(page.all("figure")) == len(page.all("figcaption")) == 18
    for attributes in figures:
        assert attributes["role"] == "img"
        assert re.search(r"P\(benefit\)|tau under|below tau", attributes["aria-label"])
    assert "Infant attachment: secure" in figures[0]["aria-label"]


def test_every_table_has_a_caption_and_scopes(html, page):
    assert len(page.all("table")) == len(page.all("caption"))
    assert all(attributes.get("scope") in ("col", "row") for attributes in page.all("th"))
    for table in re.findall(r"<table>.*?</table>", html, flags=re.DOTALL):
        columns = table.count('<th scope="col">')
        for row in re.findall(r"<tr>(.*?)</tr>", table.split("<tbody>")[1], flags=re.DOTALL):
            assert len(re.findall(r"<t[dh][ >]", row)) == columns


def test_provenance_stands_at_every_table_of_data(html):
    section = html.split('id="outcome-1"')[1].split('id="outcome-2"')[0]
    for caption in re.findall(r"<caption>(.*?)</caption>", section):
        about_data = not any(word in caption for word in ("priors, and what", "checks of every fit"))
        assert ("Provenance of the data: reconstructed (unique solution)" in caption) == about_data
    assert "Counts reconstructed, not extracted." in section
    overview = html.split('id="findings"')[1].split("</section>")[0]
    assert overview.count("<small>") == 6  # in the summary of findings and in the evidence profile
    assert "reconstructed (unique solution)" in overview
    assert "No number here was extracted from a trial report." in html


def test_hostile_text_is_text(html, page):
    assert html.count("<script") == 1
    assert "{{ 7 * 7 }}" in html
    assert HOSTILE in "".join(page.text)
    assert "A review &lt;1&gt;" in html


def test_the_numbers_are_there(html, report):
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())
    for expected in (
        "8.93 [1.25, 63.70]",
        "4.04 [2.15, 7.59]",
        "P(benefit): default",
        "P(benefit): doubled",
        "P(benefit): tau = 0",
        "GRADE certainty: very low",
        "average risk ratio between 1/25",
        "this study (theta_1)",
        report.outcomes[0].summarised["note"].iloc[0],  # why a ratio has no mean
        "appreciable benefit (RR > 1.25)",
        "credible interval is not a confidence interval",
        "version of pymc 6.4.0",
        "2 studies, 168 participants",
        "REML, Hartung-Knapp",
    ):
        assert expected in text, expected


def test_every_prior_stands_beside_the_others(html):
    probabilities_table = re.findall(r"probabilities under each prior.*?</thead>", html, flags=re.DOTALL)[0]
    for label in ("default", "doubled", "tau = 0"):
        assert f"Mean effect: {label}" in probabilities_table
        assert f"New setting: {label}" in probabilities_table


@pytest.fixture(scope="module")
def with_pooled(report):
    from dataclasses import replace

    import mutau

    models = Path(__file__).parents[2] / "models"
    pooled = [mutau.load_model(models / f"depression_{name}.toml") for name in ("incidence", "level")]
    pooled[1] = replace(pooled[1], title=HOSTILE)
    return replace(report, pooled=tuple(mutau.pooled(model) for model in pooled))


def test_pooled_results_have_their_own_block(with_pooled):
    html = render_report(with_pooled)
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    targets = {a["href"][1:] for a in page.all("a") if a["href"].startswith("#")}
    assert {"pooled", "pooled-1", "pooled-2"} <= targets <= set(page.ids)
    assert html.count("<script") == 1
    overview = html.split('id="findings"')[1].split("</section>")[0]
    assert "incidence" not in overview.split("</table>")[0]
    assert 'stand in <a href="#pooled">a table of their own</a>: <a href="#pooled-1">' in overview
    block = html.split('id="pooled"')[1].split('id="made"')[0]
    text = " ".join(unescape(re.sub(r"<[^>]+>", " ", block)).split())
    for expected in (
        "Their numbers stand apart",
        "P(benefit): conditional on the published tau-hat",
        "default: tau ~ half-normal(0.5)",
        "0.948 to 0.962",
        "3 studies, 278 participants, not known one by one",
        "GRADE certainty: low, reasons not stated",
        "There is no forest plot, no shrunken effect and no classic pooling here",
        "Only the pooled result as printed in the review's abstract is known",
        "the published tau squared is not known and taken as 0",
        "p_benefit_new: the effect in a new setting needs tau",
    ):
        assert expected in text, expected
    assert "<svg" not in block
    for caption in re.findall(r"<caption>(.*?)</caption>", block):
        if "priors, and what" not in caption and "under each, its provenance" not in caption:
            assert "published pooled result; the trials behind it are not known" in caption


def test_without_pooled_results_there_is_no_such_block(html):
    assert 'id="pooled"' not in html
    assert "Only the pooled result" not in html


def test_failed_checks_are_said_aloud(report, fits):
    from dataclasses import replace

    from mutau.records import CheckResult

    page = report.outcomes[0]
    bad = CheckResult("R-hat", False, 1.2, "at most 1.01")
    engine = replace(page.fit.engine, checks=(bad,), warnings=("Sampling did not converge",))
    failed = replace(page, fit=replace(page.fit, engine=engine))
    html = render_report(replace(report, outcomes=(failed,)))
    assert "R-hat failed its check (at most 1.01)" in html
    assert "Sampling did not converge" in html
    assert ">NO<" in html


def test_the_same_input_gives_the_same_page(report, html):
    assert render_report(report) == html


def test_an_svg_of_a_page_has_no_rules_for_the_page():
    document = (
        '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        'width="9pt" viewBox="0 0 9 9"><defs><style>*{color:red}</style><clipPath id="c"/></defs>'
        '<g clip-path="url(#c)"><use xlink:href="#c"/><text>url(#c) &lt;b&gt;</text></g></svg>'
    )
    shown = inline_svg(document, "p", 'A "label"')
    assert "<style" not in shown
    assert 'id="p-c"' in shown
    assert "url(#p-c)" in shown
    assert 'xlink:href="#p-c"' in shown
    assert "<text>url(#c) &lt;b&gt;</text>" in shown
    assert "A &quot;label&quot;" in shown
    assert "width=" not in shown


def test_dois_become_links_and_the_rest_is_escaped():
    assert str(with_dois("<b> doi:10.1/ab")) == "&lt;b&gt; doi:10.1/ab"
    linked = '<a href="https://doi.org/10.1000/x(1)y">doi:10.1000/x(1)y</a>.'
    assert str(with_dois("doi:10.1000/x(1)y.")) == linked


def test_benefit_by_tau_is_shown_or_said_to_be_missing(report, html):
    from dataclasses import replace

    import mutau
    from mutau.plots import plot_benefit_by_tau, prepare_benefit_by_tau

    assert html.count("There is no such figure here. The answers were sampled") == 3
    made = report.outcomes[0]
    fit = mutau.fit(made.fit.studies, made.model, engine="exact", seed=1)
    frame = prepare_benefit_by_tau(fit)
    name = "benefit_by_tau"
    shown = replace(
        made,
        fit=fit,
        pictures={name: svg_text(plot_benefit_by_tau(frame))},
        readings={name: frame.attrs["labels"].chance},
    )
    text = render_report(replace(report, outcomes=(shown,)))
    page = Page(text)
    (label,) = [attributes["aria-label"] for attributes in page.all("svg")]
    assert label.startswith(
        "P(benefit) given each value of tau, Infant attachment: secure. P(benefit given tau)"
    )
    assert "> 0.9999 at tau = 0" in label
    assert len(page.ids) == len(set(page.ids))
    assert "given unbiased trials, mu's prior and the likelihood, and no prior for tau" in unescape(text)
    assert "There is no such figure here. The answers were integrated exactly: there are no chains." in text
