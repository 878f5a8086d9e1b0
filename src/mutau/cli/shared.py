"""What the commands share: their options, how errors become exit codes, and how tables are shown."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mutau.formats import FORMATS, Format

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import pandas as pd
    from rich.console import Console

    from mutau.errors import Fault
    from mutau.tables import Table

__all__ = [
    "FAILED",
    "EngineOption",
    "FitEngine",
    "Format",
    "FormatOption",
    "ModelArgument",
    "OnlyOption",
    "OutputOption",
    "ReviewArgument",
    "SeedOption",
    "Target",
    "console",
    "count",
    "faults_reported",
    "say",
    "write_json",
    "write_table",
    "write_tables",
]

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


class FitEngine(StrEnum):
    """What makes one posterior."""

    auto = "auto"
    exact = "exact"
    sampling = "sampling"


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
    Format,
    typer.Option("--format", help="table, markdown, html, latex, docx: rounded; csv, json: unrounded."),
]
OutputOption = Annotated[
    str | None, typer.Option("--output", help="Write it to this file; without --format its suffix says how.")
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


@dataclass(frozen=True, slots=True)
class Target:
    """How tables are written, and where to: a file, or standard output."""

    how: Format
    file: Path | None = None

    @classmethod
    def of(cls, how: Format, output: str | None = None) -> Target:
        """Take what was asked, before anything is computed.

        Raises
        ------
        ArgumentError
            What was asked cannot be: a terminal shows no Word document, a file's suffix names another format or
            none, there is no such folder.
        """
        from mutau.errors import ArgumentError

        file = None if output is None else Path(output)
        named = None if file is None else Format.of_suffix(file.suffix)
        if how is Format.table and named is not None:
            how = named
        if fault := _target_fault(how, file, named):
            raise ArgumentError(fault)
        return cls(how, file)


def _target_fault(how: Format, file: Path | None, named: Format | None) -> Fault | None:
    from mutau.errors import Fault

    if file is None:
        rule, remedy = "It is binary, and a terminal shows text", f"Name a file: --output FILE.{how.suffix}"
        return Fault(f"--format {how.value}", rule, remedy) if how.is_binary else None
    if named not in (None, how):
        rule = f"The file's suffix is that of another format, {named.value if named else ''}"
        return Fault(f"--format {how.value} --output {file}", rule, "Make them agree, or leave --format out")
    if how is Format.table and file.suffix and named is None:
        rule = f"Tables are written as {', '.join(FORMATS)}, or txt"
        return Fault(f"--output {file}", rule, "Give the file one of these suffixes, or state --format")
    if not file.parent.is_dir() or file.is_dir():
        what = "it is a folder" if file.is_dir() else "there is no such folder"
        return Fault(what, "The output is a file in a folder that exists", "Name another", file=str(file))
    return None


def write_tables(
    tables: Iterable[Table],
    target: Target,
    said: Iterable[str] = (),
    about: Mapping[str, Any] | None = None,
) -> None:
    """Print or write tables the way that was asked for, with what is said under them; a file whole or not at all."""
    from mutau.errors import RunError
    from mutau.tables import Document, write_whole
    from mutau.tables.formats.terminal import print_tables

    document = Document(tuple(tables), tuple(said), about)
    if target.file is None and target.how is Format.table:
        print_tables(console(), document.tables, document.said)
        return
    content = document.written(target.how)
    if target.file is None:
        typer.echo(content, nl=False)
        return
    try:
        write_whole(target.file, content)
    except OSError as error:
        raise RunError(f"{target.file} cannot be written: {error.strerror or error}") from error
    typer.echo(f"Wrote {target.file}.", err=True)


def write_table(
    readable: pd.DataFrame,
    unrounded: pd.DataFrame,
    how: Format | Target,
    title: str,
    said: Iterable[str] = (),
    about: Mapping[str, Any] | None = None,
) -> None:
    """Print or write a frame of text, with the unrounded numbers behind it, the way that was asked for."""
    from mutau.tables import Table, text

    columns = tuple(text(str(name), readable.iloc[:, place]) for place, name in enumerate(readable.columns))
    target = how if isinstance(how, Target) else Target.of(how)
    write_tables([Table("table", title, columns, unrounded)], target, said, about)


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
