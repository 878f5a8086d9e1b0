"""What the page's template is handed: tables as text, pictures as elements, sentences. Nothing is computed here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

import pandas as pd
from markupsafe import Markup, escape

from mutau import tables
from mutau.plots import correction_sentence, plain
from mutau.priors.published import origin_in_words
from mutau.priors.words import mu_in_words, tau_in_words
from mutau.report.decision import DecisionView, decision_view
from mutau.report.disagreeing import why_they_differ
from mutau.report.findings import outcome_facts
from mutau.report.mathematics import FormulaView, model_formulas
from mutau.report.methods import MethodsView, methods_view
from mutau.report.pictures import PictureView, picture_views
from mutau.report.sensitivity import SensitivityView, sensitivity_view
from mutau.report.views_of_tables import TableView, table_view
from mutau.report.which_trial import DiagnosisView, diagnosis_view

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.priors import Prior
    from mutau.report.record import OutcomePage, ReportInput

__all__ = [
    "OutcomeView",
    "TableView",
    "fits_table",
    "outcome_view",
    "run_facts",
    "table_view",
    "with_dois",
]

_DOI = re.compile(r"doi:(10\.\d{4,9}/[^\s;,]*[^\s;,.)\]])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class OutcomeView:
    """One outcome as the template prints it."""

    anchor: str
    title: str
    facts: tuple[str, ...]
    warnings: tuple[str, ...]
    provenance: str
    main: TableView
    pictures: dict[str, PictureView]
    why_they_differ: tuple[str, ...]
    formulas: tuple[FormulaView, ...]
    methods: MethodsView
    comparison: TableView
    probabilities: TableView
    priors: TableView
    data: TableView
    summary: TableView
    checks: TableView
    agreement: TableView | None
    likelihoods: TableView | None
    sensitivity: SensitivityView | None
    decision: DecisionView | None
    diagnosis: DiagnosisView | None


def outcome_view(page: OutcomePage, number: int) -> OutcomeView:
    """Put one outcome into words, tables and pictures.

    Parameters
    ----------
    page : OutcomePage
        What was computed.
    number : int
        Its place on the page, from 1; ids are made of it.
    """
    model, anchor = page.model, f"outcome-{number}"
    provenance = plain("; ".join(dict.fromkeys(page.fit.effects["provenance"].astype(str))))
    main = tables.main_table(page.compared, model)
    first = [str(cell) for cell in main.iloc[0]]
    headline = f"{main.columns[2]}: {first[2]}, P(benefit) {first[3]}"

    def view(frame: pd.DataFrame, caption: str, notes: tuple[str, ...] = ()) -> TableView:
        return table_view(frame, f"{plain(model.title)} – {caption}", notes, provenance)

    compared, notes = _numbered_notes(tables.comparison_table(page.compared, model), apart=True)
    summarised = tables.summary_table(page.summarised).assign(Note=page.summarised["note"].to_numpy())
    summarised, reasons = _numbered_notes(summarised)
    return OutcomeView(
        anchor=anchor,
        title=plain(model.title),
        facts=outcome_facts(page),
        warnings=_warnings(page),
        provenance=_provenance(provenance, model),
        main=view(main, tables.CAPTIONS["main"]),
        pictures=picture_views(page, anchor, headline),
        why_they_differ=tuple(plain(text) for text in why_they_differ(page)),
        formulas=model_formulas(model),
        methods=methods_view(page),
        comparison=view(compared, tables.CAPTIONS["compare"], notes),
        probabilities=view(_probabilities(page), "probabilities under each prior for tau"),
        priors=table_view(_priors(page), f"{plain(model.title)} – priors, and what they mean"),
        data=view(tables.data_table(page.fit.effects, model), tables.CAPTIONS["data"]),
        summary=view(summarised, f"{tables.CAPTIONS['summary']}, default priors", reasons),
        checks=table_view(_checks(page), f"{plain(model.title)} – {tables.CAPTIONS['checks']}"),
        agreement=_agreement(page, provenance),
        likelihoods=_likelihoods(page, provenance),
        sensitivity=sensitivity_view(page, anchor, provenance),
        decision=decision_view(page, anchor, provenance),
        diagnosis=diagnosis_view(page, anchor, provenance),
    )


def _warnings(page: OutcomePage) -> tuple[str, ...]:
    found = [
        f"{label} prior for tau: {warning}"
        for label, fit in page.every_fit
        for warning in fit.engine.warnings
    ]
    failed = [
        f"{label} prior for tau: {check.name} failed its check ({check.rule}); do not rely on these numbers"
        for label, fit in page.every_fit
        for check in fit.engine.checks
        if not check.passed
    ]
    return tuple(plain(text) for text in dict.fromkeys([*correction_sentence(page.fit), *found, *failed]))


def _provenance(kinds: str, model: OutcomeModel) -> str:
    return f"{kinds[:1].upper()}{kinds[1:]}. {plain(model.provenance_note)}".rstrip()


def _priors(page: OutcomePage) -> pd.DataFrame:
    model, measure = page.model, page.model.measure_record
    kind, name = measure.scale_kind, measure.name
    rows = [("mu", model.mu_prior.label, _claim(model.mu_prior, mu_in_words(model.mu_prior, kind, name)))]
    rows += [
        (
            label if label.startswith("tau") else f"tau, {label}",
            fit.model.tau_prior.label,
            _claim(fit.model.tau_prior, tau_in_words(fit.model.tau_prior, kind, name)),
        )
        for label, fit in page.fits
    ]
    return pd.DataFrame(rows, columns=["Quantity", "Prior", "What it says"])


def _claim(prior: Prior, words: str) -> str:
    """What a prior says; of a published one also what has to be known, and where it is from."""
    return words if prior.origin is None else f"{words}. {origin_in_words(prior.origin)}"


def _probabilities(page: OutcomePage) -> pd.DataFrame:
    """Statements down, priors for tau across; the mean effect first, then a new setting, then before the data."""
    by_label = {
        label: tables.probability_table(page.chances[page.chances["prior"] == label])
        for label, _ in page.fits
    }
    first = by_label["default"]
    frame = pd.DataFrame({"Statement": first["Statement"]})
    for column, heading in (("Mean effect", "Mean effect"), ("New setting", "New setting")):
        for label, table in by_label.items():
            frame[f"{heading}: {label}"] = table[column]
    frame["Before data (prior)"] = first["Before data (prior)"]
    return frame


def _checks(page: OutcomePage) -> pd.DataFrame:
    frames = []
    for label, fit in page.every_fit:
        table = tables.check_table(fit)
        table.insert(0, "Prior for tau", label)
        frames.append(table)
    return pd.concat(frames, ignore_index=True)


def _agreement(page: OutcomePage, provenance: str) -> TableView | None:
    if page.agreement is None:
        return None
    caption = f"{plain(page.model.title)} – {tables.CAPTIONS['agreement']}"
    sentence = f"{tables.agreement_sentence(page.agreement)}."
    return table_view(tables.agreement_table(page.agreement), caption, (sentence,), provenance)


def _likelihoods(page: OutcomePage, provenance: str) -> TableView | None:
    if page.likelihoods is None:
        return None
    caption = f"{plain(page.model.title)} – {tables.CAPTIONS['likelihoods']}, default priors"
    return table_view(tables.likelihood_table(page.likelihoods, page.model), caption, (), provenance)


def _numbered_notes(frame: pd.DataFrame, *, apart: bool = False) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Do `tables.numbered_notes` to a frame's column of notes."""
    cells = [str(cell) for cell in frame["Note"].astype(object).fillna("")]
    numbers, notes = tables.numbered_notes(cells, apart=apart)
    return frame.assign(Note=numbers), tuple(plain(note) for note in notes)


def fits_table(report: ReportInput) -> TableView:
    """List every fit with what is needed to make it again."""
    rows = []
    for page in report.outcomes:
        for label, fit in page.every_fit:
            engine = fit.engine
            rows.append(
                {
                    "Outcome": page.model.title,
                    "Prior for tau": f"{label}: {fit.model.tau_prior.label}",
                    "Engine": engine.name,
                    "Seed": str(engine.seed),
                    "Note": ", ".join(f"{name} {value}" for name, value in engine.settings.items()),
                    "Attempts": str(engine.attempts),
                    "Seconds": tables.number(engine.seconds),
                    "Checks passed": "yes" if engine.converged else "NO",
                    "Data": PurePath(fit.studies.source).name,
                    "SHA-256 of the data, first 16": fit.studies.sha256[:16],
                }
            )
    frame, settings = _numbered_notes(pd.DataFrame(rows))
    return table_view(
        frame.rename(columns={"Note": "Settings"}), "Every fit, and what is needed to make it again", settings
    )


def run_facts(report: ReportInput) -> tuple[tuple[str, str], ...]:
    """Plain values of the run, then the versions of the libraries."""
    info = report.run_info
    facts = [(name, info[name]) for name in info if isinstance(info[name], str | int | float | bool)]
    versions = [(f"version of {name}", value) for name, value in dict(info.get("versions", {})).items()]
    return tuple((plain(name), plain(value)) for name, value in facts + versions)


def with_dois(text: str) -> Markup:
    """Escape a text and turn each ``doi:10...`` in it into a link."""
    parts: Iterable[str] = _DOI.split(text)
    linked = [
        Markup('<a href="https://doi.org/{0}">doi:{0}</a>').format(part) if i % 2 else escape(part)
        for i, part in enumerate(parts)
    ]
    return Markup("").join(linked)
