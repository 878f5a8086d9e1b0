"""The command for a sheet of extracted numbers: derive."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mutau.cli.shared import Format, FormatOption, count, faults_reported, say, write_table

if TYPE_CHECKING:
    import pandas as pd

    from mutau.extraction import Completed

__all__ = ["derive"]


class Skewed(StrEnum):
    """What to do with quantiles that look skewed."""

    leave = "leave"
    derive = "derive"


def derive(
    file: Annotated[str, typer.Argument(help="A CSV file with what the reports print.")],
    output: Annotated[str | None, typer.Option(help="Write the completed table to this CSV file.")] = None,
    log: Annotated[str | None, typer.Option(help="Write the formulas, unrounded, to this CSV file.")] = None,
    correlation: Annotated[
        str | None, typer.Option(help="Of baseline and final values, for rows without r.")
    ] = None,
    skewed: Annotated[Skewed, typer.Option(help="Quantiles that the test finds skewed.")] = Skewed.leave,
    form: FormatOption = Format.table,
) -> None:
    """Derive what an analysis needs from what reports print, each cell with its formula.

    Standard deviations from standard errors, intervals, p-values, quartiles; counts from percentages and odds ratios;
    effective sizes of cluster trials. Cells that are given are kept.

    Example: mutau derive examples/sheets/scores.csv
    """
    with faults_reported():
        from mutau.extraction import complete
        from mutau.tables import derived_table

        _refuse_same(file, output, log)
        done = complete(file, correlation=correlation, skewed=skewed.value)
        for path, frame in ((output, done.frame), (log, done.log)):
            if path is not None:
                _write(frame, path)
    write_table(derived_table(done.log), done.log, form, "Derived cells")
    if form in (Format.table, Format.markdown):
        _say_the_rest(done, output)


def _refuse_same(file: str, *outputs: str | None) -> None:
    """Keep the sheet as it was extracted: it is the record of what the reports print."""
    from mutau.errors import ArgumentError, Fault

    paths = [Path(each).resolve() for each in (file, *outputs) if each is not None]
    if len(set(paths)) < len(paths):
        rule = "The sheet as it was extracted is kept, and each file is written once"
        raise ArgumentError(Fault("two of the files are the same", rule, "Name another file", file=file))


def _write(frame: pd.DataFrame, path: str) -> None:
    import os

    from mutau.errors import ArgumentError, Fault

    target = Path(path)
    partial = target.with_name(f".{target.name}.partial")
    try:
        frame.to_csv(partial, index=False)
        os.replace(partial, target)
    except OSError as error:
        what, rule = (
            f"the file cannot be written ({error.strerror})",
            "The output is a file in a folder that exists",
        )
        raise ArgumentError(Fault(what, rule, "Check the path and its permissions", file=path)) from None


def _say_the_rest(done: Completed, output: str | None) -> None:
    rows = done.log[done.log["notes"] != ""].to_dict("records")
    say(f"note: row {row['row']}, study '{row['study']}', {row['cell']}: {row['notes']}." for row in rows)
    rows = done.left.to_dict("records")
    say(f"left: row {row['row']}, study '{row['study']}', {row['cell']}: {row['reason']}." for row in rows)
    derived = count(len(done.log), "cell", "cells")
    where = (
        f" Wrote {output}." if output is not None else " Nothing was written: --output FILE writes the table."
    )
    say(
        [
            f"{derived} derived in {count(done.log['row'].nunique(), 'row', 'rows')}, {len(done.left)} left.{where}"
        ]
    )
