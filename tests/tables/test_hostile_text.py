"""Text that a format would obey comes out as text: each format is parsed back."""

import csv
import io
import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser

import docx
import pandas as pd
import pytest
from markdown_it import MarkdownIt

import mutau
from mutau.tables import plain
from mutau.tables.formats import latex, markdown


class Cells(HTMLParser):
    """Texts of the table's cells, and every element's name."""

    def __init__(self):
        super().__init__()
        self.tags, self.rows, self._open = [], [], False

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._open = True
            self.rows[-1].append("")

    def handle_endtag(self, tag):
        self._open = self._open and tag not in ("td", "th")

    def handle_data(self, data):
        if self._open:
            self.rows[-1][-1] += data


def cells_of(html):
    parser = Cells()
    parser.feed(html)
    parser.close()
    return parser


@pytest.fixture(scope="module")
def table(hostile):
    return mutau.table(hostile, "data")


@pytest.fixture(scope="module")
def shown(hostile_names):
    return [plain(name) for name in hostile_names]


def test_html_shows_it(table, shown):
    for html in (table.to_html(), table._repr_html_()):
        parsed = cells_of(html)
        assert [row[0] for row in parsed.rows[1:]] == shown
        assert set(parsed.tags) <= {
            *(
                "html",
                "head",
                "meta",
                "title",
                "style",
                "body",
                "main",
                "div",
                "table",
                "caption",
                "thead",
                "tbody",
            ),
            *("tr", "th", "td", "bdi", "p", "ol", "li"),
        }


def test_markdown_shows_it(table, shown):
    html = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(table.to_markdown())
    parsed = cells_of(html)
    assert [row[0] for row in parsed.rows[1:]] == shown
    assert {len(row) for row in parsed.rows} == {len(table.shown)}
    assert set(parsed.tags) == {"h1", "table", "thead", "tbody", "tr", "th", "td", "ol", "li", "p"}


def test_markdown_lines_start_nothing(shown):
    for text in [*shown, "1. no item", "- no item", "> no quotation", "---", "```", "x\\|y\\", "[a]: /b"]:
        rendered = MarkdownIt("commonmark").render(markdown.escape_line(text))
        assert cells_of(rendered).tags == ["p"], text
        assert unescape(re.sub(r"^<p>|</p>\n$", "", rendered)) == text


def test_docx_shows_it(table, shown):
    (grid,) = docx.Document(io.BytesIO(table.to_docx())).tables
    assert [row.cells[0].text for row in grid.rows[1:]] == shown


def test_json_keeps_it_as_it_was(table):
    names = [row["study"] for row in json.loads(table.to_json())["rows"]]
    assert names == table.numbers["study"].tolist()


def test_csv_runs_nothing_in_a_spreadsheet(table, shown):
    rows = list(csv.DictReader(io.StringIO(table.to_csv())))
    for row in rows:
        for value in row.values():
            assert value[:1] not in tuple("=+@\t\r")
            assert value[:1] != "-" or float(value) < 0
    assert [row["study"].removeprefix("'") for row in rows] == shown
    assert [row["study"] for row in rows if row["study"].startswith("'")] == [f"'{shown[2]}", f"'{shown[3]}"]
    assert {row["yi"] for row in rows} == {"-0.3"}


def test_latex_obeys_nothing(table, shown):
    source = table.to_latex()
    body = source.split(r"\midrule")[1].split(r"\bottomrule")[0]
    lines = body.strip().splitlines()
    assert len(lines) == len(shown)
    commands = set(re.findall(r"\\([A-Za-z]+)", body))
    assert commands <= {
        *("textbackslash", "textasciicircum", "textasciitilde", "textless", "textgreater", "textbar"),
        *("textquotedbl", "textasciigrave", "textquotesingle"),
    }
    for line in lines:
        assert line.endswith(r" \\")
        assert len(re.findall(r"(?<!\\)&", line)) == len(table.shown) - 1
        assert not re.search(r"(?<!\\)[%#$_]|\^|~", line)
        assert not line.startswith(("[", "*"))


def test_latex_escapes_every_special_character():
    escaped = latex.escape(r"\{}$&%#_^~<>|")
    assert re.sub(r"\\text\w+\{\}|\\[{}$&%#_]", "", escaped) == ""


@pytest.mark.skipif(shutil.which("lualatex") is None, reason="no LuaLaTeX on this machine")
def test_latex_compiles(table, tmp_path):
    head = r"\documentclass{article}\usepackage{booktabs,tabularx,textcomp}\begin{document}"
    (tmp_path / "t.tex").write_text(f"{head}\n{table.to_latex()}\n\\end{{document}}\n", encoding="utf-8")
    command = ["lualatex", "-interaction=nonstopmode", "-halt-on-error", "t.tex"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)


def test_a_terminal_obeys_nothing(hostile_names):
    from rich.console import Console

    from mutau.tables import to_rich

    console = Console(width=60, file=io.StringIO(), force_terminal=False)
    console.print(to_rich(pd.DataFrame({"x": [hostile_names[7]]}), title="\x1b]0;title\x07"))
    assert "\x1b" not in console.file.getvalue()
    assert "\x07" not in console.file.getvalue()


def test_the_command_lines_csv_runs_nothing():
    assert mutau.tables.csv_text(pd.DataFrame({"x": ["=1", "-2", "-a"]})) == "x\n'=1\n-2\n'-a\n"
