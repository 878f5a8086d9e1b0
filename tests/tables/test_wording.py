"""Rounding and wording: what a person reads is never a false zero, and says what it is."""

import dataclasses
import io
import math
import re

import pandas as pd
import pytest

import mutau
from mutau import tables


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (8.9342, "8.93"),
        (63.7046, "63.70"),
        (0.0, "0.00"),
        (0.48, "0.48"),
        (0.0501, "0.050"),
        (0.0012, "0.0012"),
        (0.00003071, "0.000031"),
        (-0.0661, "-0.066"),
        (3.1e-9, "3.1e-09"),
        (-0.0012, "-0.0012"),
        (2.577e6, "2.6 million"),
        (3.2e13, "32.0 trillion"),
        (1e30, "1.0e+30"),
        (12345.6, "12,346"),
        (math.inf, "∞"),
        (-math.inf, "-∞"),
        (math.nan, "–"),
    ],
)
def test_number(value, text):
    assert tables.number(value) == text


@pytest.mark.parametrize("value", [1e-300, 4.9e-4, 0.005, 0.0099, 0.1, 9.999, 99.995, 9999.999, 1e4, 1e300])
def test_a_number_is_never_rounded_by_more_than_it_shows(value):
    text = tables.number(value).replace(",", "")
    for word, unit in ((" million", 1e6), (" billion", 1e9), (" trillion", 1e12)):
        if text.endswith(word):
            text = repr(float(text.removesuffix(word)) * unit)
    assert float(text) == pytest.approx(value, rel=0.06)
    assert float(text) != 0


@pytest.mark.parametrize(
    ("value", "ess", "text"),
    [
        (0.5, math.inf, "0.500"),
        (0.9984, 2000, "0.998"),
        (0.99979, 8000, "0.9998"),
        (0.0, 2000, "< 0.0005"),
        (1.0, 2000, "> 0.9995"),
        (1.0, math.inf, "> 0.9999"),
        (0.0002, math.inf, "0.0002"),
        (math.nan, 2000, "–"),
    ],
)
def test_probability_is_never_zero_or_one(value, ess, text):
    assert tables.probability(value, ess) == text


def test_intervals():
    assert tables.effect_interval(8.9279, 1.2512, 63.7046) == "8.93 [1.25, 63.70]"
    assert tables.interval(math.nan, math.nan) == "–"
    assert tables.effect_interval(-2.4, math.nan, math.nan) == "-2.40, no interval"


def test_main_table_shows_three_priors_and_names_them(secure, secure_alternatives):
    table = tables.main_table(mutau.compare(secure, secure_alternatives), secure.model)
    assert list(table["Prior for tau"]) == [
        "default: half-normal(0.5)",
        "doubled: half-normal(1)",
        "tau = 0: point mass at 0",
    ]
    assert "credible" in table.columns[2]


def test_data_table_shows_counts_effect_and_provenance(secure, epds):
    table = tables.data_table(secure.effects, secure.model)
    assert list(table["PIP"]) == ["31/46", "8/14"]
    assert set(table["Provenance"]) == {"reconstructed (unique solution)"}
    means = tables.data_table(epds.effects, epds.model)
    assert means["PIP"].iloc[0] == "mean 8.90 (SD 4.20), n 45"


def test_arms_that_share_a_label_both_stay(secure):
    same = dataclasses.replace(secure.model, treatment_label="Study", control_label="Study")
    table = tables.data_table(secure.effects, same)
    assert list(table.iloc[0, :3]) == ["Cicchetti 1999a", "31/46", "9/54"]


def test_every_table_of_an_outcome_can_be_read(secure, secure_alternatives):
    compared = mutau.compare(secure, secure_alternatives)
    made = [
        tables.main_table(compared, secure.model),
        tables.comparison_table(compared, secure.model),
        tables.summary_table(mutau.summary(secure)),
        tables.probability_table(mutau.probabilities(secure)),
        tables.data_table(secure.effects, secure.model),
        tables.check_table(secure),
        tables.review_table([secure.model], compared),
    ]
    for table in made:
        text = table.astype(str)
        assert len(table)
        assert not text.map(lambda cell: "nan" in cell.lower().split()).any(axis=None)


def test_rich_tables_show_markup_as_text():
    from rich.console import Console

    console = Console(width=80, record=True, file=io.StringIO())
    console.print(tables.to_rich(pd.DataFrame({"[bold]x": ["[red]y[/red]"]}), title="[i]t"))
    shown = console.export_text()
    assert "[bold]x" in shown
    assert "[red]y[/red]" in shown
    assert "[i]t" in shown


HOSTILE = (
    "<script>alert(1)</script>",
    "a|b `c` $x^2$ _d_ *e*",
    "![x](http://y)",
    "\x1b[31mred\x1b[0m",
    "a\u202eb\nc",
)


def test_hostile_names_are_text_in_markdown_and_in_the_terminal():
    from io import StringIO

    from rich.console import Console

    frame = pd.DataFrame({"[bold]Study[/bold]": HOSTILE, "theta_new": ["< 0.0001"] * len(HOSTILE)})
    columns = [tables.text(name, frame[name]) for name in frame]
    written = tables.Table("names", "Names", tuple(columns), frame).to_markdown()
    lines = [line for line in written.splitlines() if line.startswith("|")]
    assert len(lines) == 2 + len(HOSTILE)
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 3 for line in lines)
    for shown in (
        r"\<script>alert(1)\</script>",
        r"a&#124;b \`c\` \$x^2\$ \_d\_ \*e\*",
        r"![x]\(http://y)",
        "\ufffd[31mred\ufffd[0m",
        "ab c",
        "theta_new",
        "| < 0.0001",
    ):
        assert shown in written, shown
    out = StringIO()
    Console(file=out, width=200, force_terminal=False).print(tables.to_rich(frame, "[red]\x1b[2J"))
    said = out.getvalue()
    assert "\x1b" not in said
    for shown in (*HOSTILE[:3], "\ufffd[31mred", "[bold]Study[/bold]", "[red]\ufffd[2J"):
        assert shown in said, shown


@pytest.mark.parametrize("width", [80, 30])
def test_a_narrow_terminal_gets_a_line_for_each_cell_and_no_broken_word(width):
    from io import StringIO

    from rich.console import Console

    frame = pd.DataFrame(
        {"Outcome": ["Sleeplessness", "Depression"], "Classic": "8.93", "Provenance": "reconstructed"}
    )
    out = StringIO()
    Console(file=out, width=width, force_terminal=False).print(tables.to_rich(frame, width=width))
    lines = out.getvalue().splitlines()
    assert all(
        any(word in line for line in lines) for word in ("Sleeplessness", "Depression", "reconstructed")
    )
    headings = [line for line in lines if "Outcome" in line]
    assert ["Classic" in line for line in headings] == ([True] if width == 80 else [False, False])
