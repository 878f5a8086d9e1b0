"""The command line: parse, one public call, one table, exit code.

Exit codes: 0 done; 1 the analysis or its checks failed; 2 bad input, nothing written.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from mutau.review import ReviewResult

__all__ = ["app", "main"]

FAILED, BAD_INPUT = 1, 2

app = typer.Typer(
    name="mutau",
    help="Bayesian random-effects meta-analysis beside classic pooling.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

priors_app = typer.Typer(
    help="Published priors for the mean effect and the heterogeneity.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(priors_app, name="priors")

ReviewArgument = Annotated[str, typer.Argument(help="Folder of outcome models (TOML) with review.toml.")]
OnlyOption = Annotated[str | None, typer.Option(help="Run this outcome model alone (its file's name).")]


def _version(asked: bool) -> None:
    if asked:
        from mutau import __version__

        typer.echo(f"mutau {__version__}")
        raise typer.Exit


@app.callback()
def _app(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and leave.")
    ] = False,
) -> None:
    """Bayesian random-effects meta-analysis beside classic pooling."""


@app.command()
def run(
    review: ReviewArgument,
    out: Annotated[str, typer.Option(help="Folder for the results.")] = "results",
    only: OnlyOption = None,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")] = 1,
    engine: Annotated[
        str, typer.Option(help="both (exact, checked by sampling), exact, sampling or auto.")
    ] = "both",
) -> None:
    """Fit every outcome model of a review; write tables, figures and a report.

    Example: mutau run models --out results
    """
    with _faults_reported():
        from mutau.review import run_review

        with _progress() as progress:
            result = run_review(review, out, only=only, seed=seed, engine=engine, progress=progress)
        _show_result(result)
    if not result.converged:
        typer.echo("A fit did not pass its checks: see the warnings in the report.", err=True)
    if not result.agreed:
        typer.echo("The engines disagree beyond Monte Carlo error: see the report.", err=True)
    if not (result.converged and result.agreed):
        raise typer.Exit(FAILED)


@app.command()
def check(review: ReviewArgument, only: OnlyOption = None) -> None:
    """Validate a review's models and data, and sample nothing.

    Example: mutau check models
    """
    with _faults_reported():
        from mutau.review import check_review

        checked, selected = check_review(review, only)
    for model in checked.models:
        if model.is_pooled and model.published is not None:
            of = _count(model.published.k or 0, "study", "studies")
            typer.echo(f"{model.name}: {model.measure}, only the pooled result of {of} is known")
            continue
        table = selected[model.name]
        typer.echo(
            f"{model.name}: {model.measure}, {_count(table.k, 'study', 'studies')} from {table.source}"
        )
        for note in table.notes:
            typer.echo(f"  note: {note}")
    typer.echo(f"{_count(len(checked.models), 'outcome model', 'outcome models')} and their data are valid.")


@app.command()
def show(model: Annotated[str, typer.Argument(help="An outcome model's TOML file.")]) -> None:
    """Show an outcome model in mathematics and words, its priors with what they mean, and its data as read.

    Example: mutau show models/secure.toml
    """
    with _faults_reported():
        from mutau.describing import describe_model
        from mutau.outcomes import load_model
        from mutau.pooled_only import pooled
        from mutau.pooled_only.wording import answers_table
        from mutau.review import read_outcome
        from mutau.tables import data_table, to_rich

        loaded = load_model(model)
        alone = pooled(loaded) if loaded.is_pooled else None
        if alone is None:
            studies, effects = read_outcome(loaded)
    console = _console()
    for line in describe_model(loaded):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if alone is not None:
        console.print(to_rich(answers_table(alone), title="What the pooled result alone says"))
        _say_notes(console, (*alone.notes, *alone.reasons))
        return
    console.print(to_rich(data_table(effects, loaded), title=f"Data as read from {studies.source}"))
    _say_notes(console, studies.notes)


def _say_notes(console: Console, notes: tuple[str, ...]) -> None:
    for note in notes:
        console.print(f"note: {note}", markup=False, highlight=False, soft_wrap=True)


@priors_app.command("list")
def list_priors(
    measure: Annotated[
        str | None, typer.Option(help="Published for this measure: OR, RR, RD, SMD, HR.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="From this paper: turner2015, rhodes2015, bartos2021, bartos2023.")
    ] = None,
    parameter: Annotated[str | None, typer.Option(help="Of mu or of tau.")] = None,
    search: Annotated[str, typer.Option(help="Words that all occur in the name or the setting.")] = "",
) -> None:
    """List the published priors that a model file can name.

    Example: mutau priors list --measure SMD --search "mental health"
    """
    with _faults_reported():
        from mutau.priors import published_priors
        from mutau.tables import published_table, to_rich

        found = published_priors(source=source, measure=measure, parameter=parameter, search=search)
    if found:
        _console().print(to_rich(published_table(found)))
    typer.echo(f"{_count(len(found), 'published prior', 'published priors')}.")


@priors_app.command("show")
def show_prior(
    name: Annotated[
        str,
        typer.Argument(help="Its name, as `mutau priors list` gives it, or any prior: 'HalfNormal(0.5)'."),
    ],
    measure: Annotated[str, typer.Option(help="Of a prior that is written out: the effect measure.")] = "RR",
    parameter: Annotated[
        str | None, typer.Option(help="Of a prior that is written out: of mu or of tau.")
    ] = None,
) -> None:
    """Explain a prior: what it claims and what it is worth; of a published one also what to know and its source.

    Example: mutau priors show turner2015/any
    """
    with _faults_reported():
        from mutau.describing import describe_published, describe_written
        from mutau.priors import published_prior

        written = "(" in name
        lines = (
            describe_written(name, measure, parameter)
            if written
            else describe_published(published_prior(name))
        )
    for line in lines:
        _console().print(line, markup=False, highlight=False, soft_wrap=True)


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr)
    if not console.is_terminal:  # a pipe has no width: do not fold tables to 80 columns
        console = Console(stderr=stderr, width=200)
    return console


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


@contextmanager
def _faults_reported() -> Iterator[None]:
    """Turn mutau's errors into plain lines on standard error and an exit code; warnings likewise."""
    import warnings

    from mutau.errors import InputError, MutauError, MutauWarning

    said = set()

    def plain(message: Warning | str, category: type[Warning], *_: object) -> None:
        if issubclass(category, MutauWarning) and str(message) not in said:  # each prior fits the same data
            said.add(str(message))
            typer.echo(f"note: {message}", err=True)

    try:
        with warnings.catch_warnings():
            warnings.showwarning = plain  # type: ignore[assignment]
            yield
    except InputError as error:
        for fault in error.faults:
            typer.echo(f"error: {fault}", err=True)
        typer.echo(f"{_count(len(error.faults), 'fault', 'faults')}; nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None
    except MutauError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from None


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """A progress bar on a terminal, nothing in a pipe."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = _console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("reading", total=None)
        yield lambda name, done, total: bar.update(task, description=name, completed=done, total=total)


def _show_result(result: ReviewResult) -> None:
    from mutau.pooled_only.wording import WHY_APART, overview_table
    from mutau.tables import agreement_sentence, review_table, to_rich

    console = _console()
    if result.outcomes:
        table = review_table([outcome.model for outcome in result.outcomes], result.compared)
        console.print(to_rich(table, title=result.review.title))
    if result.pooled:
        title = f"{result.review.title}: outcomes of which only the pooled result is known"
        console.print(to_rich(overview_table(result.pooled), title=title))
        console.print(WHY_APART, markup=False, highlight=False, soft_wrap=True)
    for outcome in result.outcomes:
        if outcome.agreement is not None:
            console.print(
                agreement_sentence(outcome.agreement), markup=False, highlight=False, soft_wrap=True
            )
    for line in (result.review.note, f"Results in {result.folder}; open {result.folder / 'report.html'}"):
        if line:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command line."""
    app()
