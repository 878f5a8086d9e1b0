"""The documentation site: each page is in the navigation, each public name in the reference, no network."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import mutau

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
TREE = re.compile(r"```\{toctree\}\n(?::\w+:[^\n]*\n)*\n(.*?)```", flags=re.DOTALL)
LOADS = {"src", "srcset", "poster", "data", "action"}
"""Attributes whose address a browser asks for without a click; `href` is one in a `link` element only."""


def reference():
    pytest.importorskip("sphinx", reason="the site's tools are not here: pip install --group docs")
    path = DOCS / "_tools" / "reference.py"
    spec = importlib.util.spec_from_file_location("site_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_navigation_has_every_page_and_no_other():
    named = [
        line
        for tree in TREE.findall((DOCS / "index.md").read_text(encoding="utf-8"))
        for line in tree.split()
    ]
    written = {path.stem for path in DOCS.glob("*.md")} - {"index"}
    made = {f"reference/{name}" for name in ("index", "command_line")}
    assert len(named) == len(set(named))
    assert set(named) == written | made


def test_the_reference_has_every_public_name_and_command():
    from typer.main import get_command

    from mutau.cli import app

    pages = reference().pages()
    for name in mutau.__all__:
        assert any(f":: mutau.{name}\n" in text for text in pages.values()), name
        assert f"   mutau.{name}\n" in pages["index"]
    for name in mutau.priors.__all__:
        assert f":: mutau.priors.{name}\n" in pages["priors"]
    for name in get_command(app).commands:
        assert f"\nmutau {name}\n---" in pages["command_line"]
    assert len({name.lower() for name in pages}) == len(
        pages
    )  # files, also where capitals are not told apart


class Loads(HTMLParser):
    """What a browser would ask for when it opens a page."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.asked += [
            value or "" for name, value in attrs if name in LOADS or (tag == "link" and name == "href")
        ]


def from_elsewhere(html: str) -> list[str]:
    parser = Loads()
    parser.feed(html)
    return [asked for asked in parser.asked if re.match(r"(https?:)?//", asked)]


def test_what_comes_from_elsewhere_is_found():
    html = (
        '<link href="https://a.org/a.css"><script src="//b.org/b.js"></script><a href="https://c.org">c</a>'
    )
    assert from_elsewhere(html) == ["https://a.org/a.css", "//b.org/b.js"]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path):
    pytest.importorskip("sphinx", reason="the site's tools are not here: pip install --group docs")
    site = tmp_path / "site"
    build = [sys.executable, "-m", "sphinx", "-E", "-W", "--keep-going", "-q", "docs", str(site)]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    pages = list(site.rglob("*.html"))
    assert len(pages) > len(mutau.__all__)
    for page in pages:
        assert not from_elsewhere(page.read_text(encoding="utf-8")), page.name
    for sheet in site.rglob("*.css"):
        asked = re.findall(
            r"(?:url\(|@import)\s*[\"']?((?:https?:)?//[^\"')\s]+)", sheet.read_text(encoding="utf-8")
        )
        assert not asked, sheet.name
    statisticians = (site / "statisticians.html").read_text(encoding="utf-8")
    assert statisticians.count("<math") > 10
    assert not re.search(r"<script[^>]*mathjax", statisticians, flags=re.IGNORECASE)
