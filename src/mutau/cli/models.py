"""Commands for one outcome model: show, fit, compare, sensitivity, decide."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mutau.cli.shared import (
    FAILED,
    EngineOption,
    FitEngine,
    Format,
    FormatOption,
    ModelArgument,
    OutputOption,
    SeedOption,
    Target,
    faults_reported,
    say,
    write_tables,
)

if TYPE_CHECKING:
    from mutau.fitting import Fit

__all__ = ["compare", "decide", "fit", "sensitivity", "show"]


def show(model: ModelArgument, how: FormatOption = Format.table, output: OutputOption = None) -> None:
    """Show an outcome model in mathematics and words, its priors with what they mean, and its data as read.

    Where only the pooled result is known, what that says stands in place of data. With --format csv the model alone
    is printed.

    Example: mutau show models/secure.toml
    """
    with faults_reported():
        from mutau.describing import describe_model, model_table
        from mutau.outcomes import load_model
        from mutau.pooled_only import pooled
        from mutau.pooled_only.wording import pooled_table
        from mutau.review import read_outcome
        from mutau.tables import kinds

        target = Target.of(how, output)
        loaded = load_model(model)
        if loaded.is_pooled:
            shown, said = pooled_table(pooled(loaded)), []
        else:
            studies, effects = read_outcome(loaded)
            title = f"{loaded.title}: data as read from {studies.source}"
            shown = replace(kinds.effects(effects, loaded, studies), title=title)
            said = [f"note: {note}" for note in studies.notes]
        if target == Target(Format.table):
            say(describe_model(loaded))
            write_tables([shown], target, said)
        else:
            write_tables([model_table(loaded), shown], target, said)


def fit(
    model: ModelArgument,
    out: Annotated[
        str | None, typer.Option(help="NetCDF file for the draws and everything around them.")
    ] = None,
    seed: SeedOption = 1,
    engine: EngineOption = FitEngine.auto,
    how: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """Fit one outcome model under its own priors: posterior summary and probabilities.

    With --format csv the posterior summary alone is printed.

    Example: mutau fit models/secure.toml
    """
    with faults_reported():
        from mutau.summaries import probabilities, probability_of_benefit, summary
        from mutau.tables import kinds

        target = Target.of(how, output)
        fitted = _fitted(model, engine, seed)
        if out is not None:
            _write(fitted, Path(out))
        shown = (
            kinds.summary(summary(fitted), fitted),
            kinds.probabilities(probabilities(fitted), fitted),
        )
        said = (str(probability_of_benefit(fitted)), _made(fitted))
        write_tables(shown, target, said, _record(fitted))
    _leave_if_failed(fitted)


def compare(
    model: ModelArgument,
    seed: SeedOption = 1,
    engine: EngineOption = FitEngine.auto,
    how: FormatOption = Format.table,
    also: Annotated[
        list[str] | None,
        typer.Option(help='A further classic analysis, such as "REML KR", "Peto", or all of them: "all".'),
    ] = None,
    output: OutputOption = None,
) -> None:
    """Set one outcome's answers side by side: every prior for tau, classic pooling, the published result.

    Example: mutau compare models/secure.toml
    """
    with faults_reported():
        from mutau import comparing
        from mutau.tables import kinds

        target = Target.of(how, output)
        fitted = _fitted(model, engine, seed)
        compared = comparing.compare(fitted, also=also or ())
        write_tables([kinds.compare(compared, fitted.model)], target, [_made(fitted)])
    _leave_if_failed(fitted)


def sensitivity(
    model: ModelArgument,
    level: Annotated[
        float, typer.Option(help="The P(benefit) whose tipping points are sought: your convention.")
    ] = 0.95,
    seed: SeedOption = 1,
    engine: EngineOption = FitEngine.auto,
    how: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """Ask what would change one outcome's answer: other priors, other data, other choices of how to analyse.

    With --format csv the named priors alone are printed.

    Example: mutau sensitivity models/avoidant.toml --level 0.9
    """
    with faults_reported():
        from mutau import sensitivities
        from mutau.tables import plain_rows, sensitivity_kinds

        target = Target.of(how, output)
        fitted = _fitted(model, engine, seed)
        found = sensitivities.sensitivity(fitted, level=level)
        frames = found.to_frames()
        made = sensitivity_kinds(frames, fitted.model, fitted.studies.provenance)
        shown = [replace(each, name=each.name.removeprefix("sensitivity_")) for each in made]
        numbers = {name: plain_rows(frame) for name, frame in frames.items()}
        said = (found.verdict.text, *found.notes, *found.missing, _made(fitted))
        write_tables(shown, target, said, _record(fitted) | numbers)
    _leave_if_failed(fitted)


def decide(
    model: ModelArgument,
    level: Annotated[
        float | None, typer.Option(help="The P(benefit) that a next trial shall bring; else the model's.")
    ] = None,
    size: Annotated[
        list[float] | None,
        typer.Option(help="Participants of a next trial, for each size once more; else the model's."),
    ] = None,
    seed: SeedOption = 1,
    engine: EngineOption = FitEngine.auto,
    how: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """Say what one outcome means for a decision: does it matter, in how many people, what loses least, what next.

    Thresholds, loss, baseline risks, instrument and level are those of the model file, and are printed with the
    answers. With --format csv the probabilities alone are printed.

    Example: mutau decide models/avoidant.toml
    """
    with faults_reported():
        target = Target.of(how, output)
        from mutau.decisions import decide as decide_on
        from mutau.tables import decision_kinds, decision_sentences, plain_rows

        fitted = _fitted(model, engine, seed)
        found = decide_on(fitted, level=level, sizes=size or None)
        frames, asked = found.to_frames(), fitted.model
        taken = (*found.assumptions, *found.unstated)
        said = (
            *decision_sentences(frames, asked),
            *(f"Taken for granted: {line}" for line in taken),
            _made(fitted),
        )
        record = _record(fitted) | {"assumptions": list(found.assumptions), "unstated": list(found.unstated)}
        numbers = {name: plain_rows(frame) for name, frame in frames.items()}
        write_tables(decision_kinds(frames, asked), target, said, record | numbers)
    _leave_if_failed(fitted)


def _fitted(path: str, engine: FitEngine, seed: int) -> Fit:
    from mutau import fitting
    from mutau.errors import ArgumentError, Fault
    from mutau.outcomes import load_model
    from mutau.review import read_outcome

    loaded = load_model(path)
    if loaded.is_pooled:
        rule = "Only the pooled result of this outcome is known, so there are no trials to fit"
        remedy = f"`mutau show {path}` says what it says"
        raise ArgumentError(Fault('likelihood = "pooled"', rule, remedy, file=path, key="likelihood"))
    studies, _ = read_outcome(loaded)
    return fitting.fit(studies, loaded, engine=engine.value, seed=seed)


def _write(fitted: Fit, target: Path) -> None:
    from mutau.errors import RunError

    try:
        fitted.to_netcdf(target)
    except OSError as error:
        raise RunError(f"{target} cannot be written: {error.strerror or error}") from error


def _record(fitted: Fit) -> dict[str, object]:
    model = fitted.model
    return {
        "model": model.name,
        "title": model.title,
        "measure": model.measure,
        "likelihood": model.likelihood,
        "mu_prior": model.mu_prior.stated,
        "tau_prior": model.tau_prior.stated,
        "engine": fitted.engine.name,
        "seed": fitted.engine.seed,
        "converged": fitted.engine.converged,
        "provenance": list(fitted.studies.provenance),
    }


def _made(fitted: Fit) -> str:
    source, words = fitted.studies.source, "; ".join(fitted.studies.provenance)
    return f"Data from {source}: {words}. Engine: {fitted.engine.name}, seed {fitted.engine.seed}."


def _leave_if_failed(fitted: Fit) -> None:
    if not fitted.engine.converged:
        failed = ", ".join(check.name for check in fitted.engine.checks if not check.passed)
        typer.echo(f"The fit did not pass its checks: {failed}. Do not rely on these numbers.", err=True)
        raise typer.Exit(FAILED)
