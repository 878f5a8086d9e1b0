"""The page in a real Chromium: no errors, no network, readable by everybody, hostile names are text."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import pytest

import mutau

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: on Debian, apt install chromium")

HOSTILE = (
    '<script>document.title="owned"</script>',
    '"quoted" & <b>bold</b>',
    "$\\frac{1}{0}$ \\input{/etc/passwd}",
    "مرحبا \u202eright to left",
    "\x1b[31mred\x1b[0m",
    "W" * 300,
)
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


@pytest.fixture(scope="module")
def review(tmp_path_factory):
    """Two outcomes with names that would do harm if they were not text, through the whole of a run."""
    folder = tmp_path_factory.mktemp("hostile")
    quoted = [name.replace('"', '""') for name in HOSTILE]
    rows = [
        f'"{name}",{i + 1},40,{i + 3},41,"typed, not extracted"'
        for i, name in enumerate(quoted)
        if "\x1b" not in name
    ]
    header = "study,events_treatment,n_treatment,events_control,n_control,provenance\n"
    (folder / "studies.csv").write_text(header + "\n".join(rows) + "\n", encoding="utf-8")
    shared = 'title = "<script>1</script> \\"A\\" review"\norder = ["deaths", "odds"]\ndata = "studies.csv"\n'
    (folder / "review.toml").write_text(shared, encoding="utf-8")
    for name, measure, likelihood in (("deaths", "RR", "normal"), ("odds", "OR", "normal")):
        (folder / f"{name}.toml").write_text(
            f'title = "{name} <img src=x onerror=alert(1)>"\nmeasure = "{measure}"\nlikelihood = "{likelihood}"\n'
            'benefit = "lower"\ntreatment_label = "<i>new</i>"\n',
            encoding="utf-8",
        )
    mutau.run_review(folder, folder / "out", engine="exact", level=0.9)
    return folder / "out" / "report.html"


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(params=["light", "dark"])
def colours(request):
    return request.param


@pytest.fixture
def opened(browser, review, colours, request):
    """The page, and what went wrong while it loaded."""
    wrong: list[str] = []
    context = browser.new_context(viewport=getattr(request, "param", DESKTOP), color_scheme=colours)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request", lambda asked: None if asked.url.startswith(("file:", "data:")) else wrong.append(asked.url)
    )
    page.goto(Path(review).as_uri())
    yield page, wrong
    context.close()


@pytest.mark.parametrize("opened", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
def test_it_loads_without_errors_or_network_and_never_scrolls_sideways(opened):
    page, wrong = opened
    assert wrong == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    hidden = page.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth && "
        "(getComputedStyle(e).overflowX != 'auto' || e.tabIndex != 0)).length"
    )
    assert hidden == 0  # what is wider than the page scrolls within itself, with the keyboard too


@pytest.mark.parametrize("opened", [DESKTOP, PHONE], indirect=True, ids=["desktop", "phone"])
def test_axe_finds_nothing(opened):
    page, _ = opened
    page.evaluate(files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(result => result.violations)")
    told = [(each["id"], each["help"], each["nodes"][0]["html"][:200]) for each in found]
    assert told == []


def test_hostile_names_are_text(opened):
    page, _ = opened
    assert page.title() == '<script>1</script> "A" review'
    assert page.evaluate("document.scripts.length + document.images.length") == 0
    text = page.inner_text("body")
    for name in (HOSTILE[0], HOSTILE[1], HOSTILE[2]):
        assert name in text
    assert "\u202e" not in text


def test_the_keyboard_reaches_the_results_first_and_every_table(opened):
    page, _ = opened
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
    page.keyboard.press("Enter")
    assert page.url.endswith("#main")
    tables = page.evaluate("document.querySelectorAll('table').length")
    assert tables == page.evaluate("document.querySelectorAll('.scroll[tabindex=\"0\"] table').length") > 10


def test_it_prints(opened):
    page, _ = opened
    assert page.pdf(format="A4").startswith(b"%PDF")
