"""Commands for a whole review: run, update, check, findings, report."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mutau.cli.shared import (
    FAILED,
    EngineOption,
    FitEngine,
    Format,
    FormatOption,
    OnlyOption,
    OutputOption,
    ReviewArgument,
    SeedOption,
    Target,
    console,
    count,
    faults_reported,
    say,
    write_json,
    write_table,
    write_tables,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mutau.review import ReviewResult

__all__ = ["check", "findings", "report", "run", "update"]


class RunEngine(StrEnum):
    """What makes the posteriors of a run."""

    both = "both"
    exact = "exact"
    sampling = "sampling"
    auto = "auto"


def run(
    review: ReviewArgument,
    out: Annotated[str, typer.Option(help="Folder for the results.")] = "results",
    only: OnlyOption = None,
    seed: SeedOption = 1,
    engine: Annotated[
        RunEngine, typer.Option(help="both: exact, checked by sampling. auto: exact where it can.")
    ] = RunEngine.both,
    jobs: Annotated[int, typer.Option(min=1, help="Outcomes fitted at the same time.")] = 1,
    level: Annotated[
        float, typer.Option(help="The P(benefit) that sensitivity is asked about: your convention.")
    ] = 0.95,
    sensitivity: Annotated[bool, typer.Option(help="Ask what would change each answer.")] = True,
    fresh: Annotated[bool, typer.Option("--fresh", help="Fit everything anew; keep nothing.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors and notes.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the results as JSON, unrounded.")] = False,
) -> None:
    """Fit every outcome model of a review; write tables, figures and a report.

    Results in the folder are kept where nothing that they depend on has changed.

    Example: mutau run models --out results
    """
    with faults_reported():
        from mutau.review import result_record, run_review

        with _progress(quiet) as progress:
            result = run_review(
                review,
                out,
                only=only,
                seed=seed,
                engine=engine.value,
                progress=progress,
                jobs=jobs,
                fresh=fresh,
                level=level if sensitivity else None,
            )
        if as_json:
            write_json(result_record(result))
        elif not quiet:
            _show_result(result)
    _fail_unless_sound(result)


def update(
    review: ReviewArgument,
    out: Annotated[str, typer.Option(help="Folder of results of an earlier run.")] = "results",
    only: OnlyOption = None,
    seed: Annotated[int | None, typer.Option(min=0, help="By default as in the earlier run.")] = None,
    engine: Annotated[
        RunEngine | None, typer.Option(help="By default as in the earlier run.", show_default=False)
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Outcomes fitted at the same time.")] = 1,
    level: Annotated[float | None, typer.Option(help="By default as in the earlier run.")] = None,
    sensitivity: Annotated[
        bool | None, typer.Option(help="Whether to ask about it: by default as in the earlier run.")
    ] = None,
    form: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """Run again what changed in a review, and print old answers against new.

    Example: mutau update models --out results
    """
    with faults_reported():
        from mutau.review import update_review
        from mutau.tables import changes_table

        target = Target.of(form, output)
        with _progress(form is not Format.table) as progress:
            found = update_review(
                review,
                out,
                only=only,
                seed=seed,
                engine=None if engine is None else engine.value,
                progress=progress,
                jobs=jobs,
                level=_level(level, sensitivity),
            )
        if target == Target(Format.table) and found.changes.empty:
            say(["No answer has changed."])
        else:
            write_table(changes_table(found.changes), found.changes, target, "Answers that changed")
    _fail_unless_sound(found.result)


def _level(level: float | None, sensitivity: bool | None) -> float | Literal["as before"] | None:
    """Give the level of an update: stated, the usual one where sensitivity is asked for anew, or as before."""
    if sensitivity is False:
        return None
    return level if level is not None else 0.95 if sensitivity else "as before"


def _fail_unless_sound(result: ReviewResult) -> None:
    """End with exit code 1 where a fit failed its checks or the engines disagree."""
    if not result.converged:
        typer.echo("A fit did not pass its checks: see the warnings in the report.", err=True)
    if not result.agreed:
        typer.echo("The engines disagree beyond Monte Carlo error: see the report.", err=True)
    if not (result.converged and result.agreed):
        raise typer.Exit(FAILED)


def check(review: ReviewArgument, only: OnlyOption = None) -> None:
    """Validate a review's models and data, and fit nothing.

    Example: mutau check models
    """
    with faults_reported():
        from mutau.review import check_review

        checked, selected = check_review(review, only)
    for model in checked.models:
        if model.is_pooled and model.published is not None:
            of = count(model.published.k or 0, "study", "studies")
            typer.echo(f"{model.name}: {model.measure}, only the pooled result of {of} is known")
            continue
        table = selected[model.name]
        typer.echo(f"{model.name}: {model.measure}, {count(table.k, 'study', 'studies')} from {table.source}")
        if model.decision is not None:
            typer.echo(f"  decision: {model.decision.brief}")
        for note in table.notes:
            typer.echo(f"  note: {note}")
    typer.echo(f"{count(len(checked.models), 'outcome model', 'outcome models')} and their data are valid.")


def report(results: Annotated[str, typer.Argument(help="Folder that `mutau run` wrote.")]) -> None:
    """Make report.html again from a folder of results, without fitting anything.

    Example: mutau report results
    """
    with faults_reported():
        from mutau.review import rebuild_report

        page = rebuild_report(results)
    say([f"Made {page} from the results in {results}."])


def findings(
    review: ReviewArgument,
    only: OnlyOption = None,
    seed: SeedOption = 1,
    engine: EngineOption = FitEngine.auto,
    how: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """Set a review's outcomes under one another as GRADE does: summary of findings and evidence profile.

    Each outcome is fitted, and nothing is written but the --output. Outcomes of which only the pooled result is known
    stand apart. With --format csv the summary of findings alone is printed.

    Example: mutau findings models
    """
    with faults_reported():
        from mutau.fitting import fit
        from mutau.grading import evidence_profile, summary_of_findings
        from mutau.pooled_only import pooled
        from mutau.pooled_only.wording import noted_apart, overview
        from mutau.review import check_review

        target = Target.of(how, output)
        asked, selected = check_review(review, only)
        fits = [
            fit(selected[model.name], model, engine=engine.value, seed=seed)
            for model in asked.models
            if not model.is_pooled
        ]
        alone = [pooled(model) for model in asked.models if model.is_pooled]
        made = [noted_apart(summary_of_findings(fits), alone), evidence_profile(fits)] if fits else []
        if alone:
            made.append(overview(f"{asked.title}: outcomes of which only the pooled result is known", alone))
        write_tables(made, target, [asked.note] if asked.note else [])
    if not all(fitted.engine.converged for fitted in fits):
        raise typer.Exit(FAILED)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """A progress bar on a terminal, nothing in a pipe."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    err = console(stderr=True)
    if quiet or not err.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda name, done, total: bar.update(task, description=name, completed=done, total=total)


def _show_result(result: ReviewResult) -> None:
    from mutau.pooled_only.wording import overview
    from mutau.tables import agreement_sentence, kinds

    title, found = result.review.title, []
    if result.outcomes:
        models = [outcome.model for outcome in result.outcomes]
        found.append(kinds.review(title, models, result.compared))
    if result.pooled:
        found.append(overview(f"{title}: outcomes of which only the pooled result is known", result.pooled))
    agreements = [outcome.agreement for outcome in result.outcomes if outcome.agreement is not None]
    said = [agreement_sentence(each) for each in agreements]
    said += [f"{name}: {what}" for name, what in result.said.items() if what != "fitted"]
    said += [result.review.note] if result.review.note else []
    where = f"Results in {result.folder}; open {result.folder / 'report.html'}"
    write_tables(found, Target(Format.table), [*said, where])
