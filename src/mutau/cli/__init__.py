"""The command line: parse, one public call, one table, exit code.

Exit codes: 0 done; 1 the analysis or its checks failed; 2 bad input, nothing written; 130 interrupted.
"""

from __future__ import annotations

from typing import Annotated

import typer

from mutau.cli.diagnosing import diagnose
from mutau.cli.models import compare, decide, fit, sensitivity, show
from mutau.cli.published import list_priors, show_prior
from mutau.cli.reviews import check, findings, report, run, update
from mutau.cli.sheets import derive

__all__ = ["app", "main"]

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
for command in (run, update, show, check, derive, fit, compare, diagnose, sensitivity, decide, findings):
    app.command()(command)
app.add_typer(priors_app, name="priors")
priors_app.command("list")(list_priors)
priors_app.command("show")(show_prior)
app.command()(report)


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


def main() -> None:
    """Run the command line."""
    app()
