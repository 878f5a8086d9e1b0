"""Commands for published priors: list, show."""

from __future__ import annotations

from typing import Annotated

import typer

from mutau.cli.shared import (
    Format,
    FormatOption,
    OutputOption,
    Target,
    count,
    faults_reported,
    say,
    write_table,
)

__all__ = ["list_priors", "show_prior"]


def _names(incomplete: str) -> list[str]:
    """Complete a published prior's name."""
    from mutau.priors import published_priors

    return [each.name for each in published_priors() if each.name.startswith(incomplete)]


def list_priors(
    measure: Annotated[
        str | None, typer.Option(help="Published for this measure: OR, RR, RD, SMD, HR.")
    ] = None,
    source: Annotated[
        str | None, typer.Option(help="From this paper: turner2015, rhodes2015, bartos2021, bartos2023.")
    ] = None,
    parameter: Annotated[str | None, typer.Option(help="Of mu or of tau.")] = None,
    search: Annotated[str, typer.Option(help="Words that all occur in the name or the setting.")] = "",
    how: FormatOption = Format.table,
    output: OutputOption = None,
) -> None:
    """List the published priors that a model file can name.

    Example: mutau priors list --measure SMD --search "mental health"
    """
    with faults_reported():
        from mutau.priors import published_priors
        from mutau.tables import published_table

        target = Target.of(how, output)
        found = published_priors(source=source, measure=measure, parameter=parameter, search=search)
        listed, told = published_table(found), f"{count(len(found), 'published prior', 'published priors')}."
        if not found and target == Target(Format.table):
            say([told])
        else:
            write_table(listed, listed, target, "Published priors", [told])


def show_prior(
    name: Annotated[
        str,
        typer.Argument(
            help="Its name, as `mutau priors list` gives it, or any prior: 'HalfNormal(0.5)'.",
            autocompletion=_names,
        ),
    ],
    measure: Annotated[str, typer.Option(help="Of a prior that is written out: the effect measure.")] = "RR",
    parameter: Annotated[
        str | None, typer.Option(help="Of a prior that is written out: of mu or of tau.")
    ] = None,
) -> None:
    """Explain a prior: what it claims and what it is worth; of a published one also what to know and its source.

    Example: mutau priors show turner2015/any
    """
    with faults_reported():
        from mutau.describing import describe_published, describe_written
        from mutau.priors import published_prior

        written = "(" in name
        lines = (
            describe_written(name, measure, parameter)
            if written
            else describe_published(published_prior(name))
        )
    say(lines)
