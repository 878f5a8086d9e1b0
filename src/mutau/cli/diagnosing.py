"""The command that asks which study matters and whether small studies find other effects: diagnose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mutau.cli.shared import (
    Format,
    FormatOption,
    OutputOption,
    Target,
    faults_reported,
    write_table,
    write_tables,
)

if TYPE_CHECKING:
    from mutau.outcomes import OutcomeModel
    from mutau.studies import StudyTable

__all__ = ["diagnose"]


def diagnose(
    source: Annotated[
        str,
        typer.Argument(metavar="MODEL_OR_FILE", help="An outcome model's TOML file, or a CSV of studies."),
    ],
    measure: Annotated[
        str | None,
        typer.Option(help="Of a CSV: the effect measure. Needed unless it holds ready-made effects."),
    ] = None,
    tau2: Annotated[str, typer.Option(help="Estimator of the between-study variance.")] = "REML",
    ci: Annotated[str, typer.Option(help="Confidence interval of the pooled effect.")] = "HK",
    how: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """Ask which study matters, and whether small studies find other effects, by classic pooling.

    Each test says how many studies it rests on, and where its authors advise against it. With --format csv the tests
    of small studies alone are printed.

    Example: mutau diagnose data/bcg/bcg.csv --measure RR
    """
    with faults_reported():
        from mutau import diagnostics
        from mutau.tables import diagnosis_kinds

        target = Target.of(how, output)
        studies, of = _read(source, measure)
        found = diagnostics.diagnose(studies, measure=of, tau2=tau2, ci=ci)
        data = f"Data from {studies.source}: {'; '.join(studies.provenance)}."
        said = [f"{data} Pooled by {tau2}, {ci}."]
        about = {"k": found.k, "missing": list(found.missing)} | found.about.columns()
        made = diagnosis_kinds(found)
        if target.how is Format.csv or not made:
            tests = found.to_frame()
            title = found.about.title or Path(source).name
            write_table(tests, tests, target, title, [*found.missing, *said], about)
        else:
            write_tables(made.values(), target, said, about)


def _read(source: str, measure: str | None) -> tuple[StudyTable, OutcomeModel | str | None]:
    """Read the studies of a model, or of a file, with what they are to be measured by."""
    from mutau.errors import ArgumentError, Fault
    from mutau.outcomes import load_model
    from mutau.review import read_outcome
    from mutau.studies import read_studies

    if Path(source).suffix != ".toml":
        studies = read_studies(source)
        studies.require_unique_studies()
        return studies, measure
    loaded = load_model(source)
    faults = []
    if measure is not None:
        what, rule = f"--measure {measure}", f"The model says its measure: {loaded.measure}"
        faults.append(Fault(what, rule, "Leave --measure out", file=source, key="measure"))
    if loaded.is_pooled:
        rule = "Only the pooled result of this outcome is known, so there are no trials to look at"
        remedy = f"`mutau show {source}` says what it says"
        faults.append(Fault('likelihood = "pooled"', rule, remedy, file=source, key="likelihood"))
    if faults:
        raise ArgumentError(faults)
    return read_outcome(loaded)[0], loaded
