"""What the commands share: their options, how errors become exit codes, and how tables are shown."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from rich.console import Console

__all__ = [
    "FAILED",
    "EngineOption",
    "FitEngine",
    "Format",
    "FormatOption",
    "ModelArgument",
    "OnlyOption",
    "ReviewArgument",
    "SeedOption",
    "console",
    "count",
    "faults_reported",
    "say",
    "write_json",
    "write_table",
]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


class FitEngine(StrEnum):
    """What makes one posterior."""

    auto = "auto"
    exact = "exact"
    sampling = "sampling"


class Format(StrEnum):
    """How a table is written: for reading (rounded), or for a program (unrounded)."""

    table = "table"
    markdown = "markdown"
    csv = "csv"
    json = "json"


def _models_of(ctx: typer.Context, incomplete: str) -> list[str]:
    """Complete the name of an outcome model from the review that was named before."""
    folder = Path(ctx.params.get("review") or "models")
    names = sorted(file.stem for file in folder.glob("*.toml") if file.name != "review.toml")
    return [name for name in names if name.startswith(incomplete)]


ReviewArgument = Annotated[str, typer.Argument(help="Folder of outcome models (TOML) with review.toml.")]
ModelArgument = Annotated[str, typer.Argument(help="An outcome model's TOML file.")]
OnlyOption = Annotated[
    str | None,
    typer.Option(help="This outcome model alone (its file's name).", autocompletion=_models_of),
]
SeedOption = Annotated[int, typer.Option(min=0, help="The same seed gives the same numbers.")]
EngineOption = Annotated[
    FitEngine, typer.Option(help="auto: exact where it can fit the model, else sampling.")
]
FormatOption = Annotated[
    Format, typer.Option("--format", help="table or markdown, rounded; csv or json, unrounded.")
]


def console(stderr: bool = False) -> Console:
    """Give a console as wide as the terminal, or wide enough for a table in a pipe."""
    from rich.console import Console

    made = Console(stderr=stderr)
    if not made.is_terminal:  # a pipe has no width: do not fold tables to 80 columns
        made = Console(stderr=stderr, width=200)
    return made


def say(lines: Iterable[str]) -> None:
    """Print text as it is, however long its lines."""
    out = console()
    for line in lines:
        out.print(line, markup=False, highlight=False, soft_wrap=True)


def count(number: int, one: str, many: str) -> str:
    """Say how many."""
    return f"{number} {one if number == 1 else many}"


def write_table(
    readable: pd.DataFrame, unrounded: pd.DataFrame, how: Format, title: str | None = None
) -> None:
    """Print a table the way that was asked for."""
    from mutau.review import plain_rows
    from mutau.tables import csv_text, to_markdown, to_rich

    if how is Format.table:
        console().print(to_rich(readable, title=title))
    elif how is Format.markdown:
        heading = f"**{title}**\n\n" if title else ""
        typer.echo(f"{heading}{to_markdown(readable)}")
    elif how is Format.csv:
        typer.echo(csv_text(unrounded), nl=False)
    else:
        write_json(plain_rows(unrounded))


def write_json(value: Any) -> None:
    """Print plain values as JSON."""
    import json

    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def faults_reported() -> Iterator[None]:
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
        typer.echo(f"{count(len(error.faults), 'fault', 'faults')}; nothing was written.", err=True)
        raise typer.Exit(BAD_INPUT) from None
    except MutauError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FAILED) from None
    except KeyboardInterrupt:
        typer.echo("Interrupted; nothing is half written.", err=True)
        raise typer.Exit(INTERRUPTED) from None
