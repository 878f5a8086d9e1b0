"""What README, CONTRIBUTING and the pages of the site say is there is there, and the code they show runs.

In a document, ``python`` and ``r`` blocks run from top to bottom, and so do the ``$`` lines of ``console`` blocks;
the ``text`` block behind a ``python`` or ``r`` block, and what follows a ``$`` line, is what they have to print
(``...`` stands for anything). A ``code-block`` with a caption is a file that the reader makes.
"""

from __future__ import annotations

import doctest
import itertools
import json
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).parents[1]
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md"))
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", *PAGES]
BLOCK = re.compile(r"^```(?P<head>[^\n]*)\n(?P<body>.*?)^```$", flags=re.DOTALL | re.MULTILINE)
CAPTION = re.compile(r":caption: (?P<path>\S+)\n\n(?P<text>.*)", flags=re.DOTALL)
SLOW = ("mutau run ", "mutau sensitivity ")  # run by `make test-slow`
NOT_HERE = re.compile(r"library\((bayesmeta|brms)\)")  # too large to install for a test
RSCRIPT = shutil.which("Rscript")


@dataclass(frozen=True)
class Step:
    """One thing that a document tells its reader to do, and what it says is seen then."""

    kind: str
    code: str
    shown: str | None = None


def steps(text: str) -> list[Step]:
    found: list[Step] = []
    for block in BLOCK.finditer(text):
        head, body = block["head"], block["body"]
        if head == "text" and found and found[-1].kind in {"python", "r"} and found[-1].shown is None:
            found[-1] = Step(found[-1].kind, found[-1].code, body)
        elif head == "console":
            said = re.findall(r"^\$ ([^\n]*)\n((?:(?!\$ )[^\n]*\n)*)", body, flags=re.MULTILINE)
            found += [Step("command", command, shown) for command, shown in said]
        elif head.startswith("{code-block}") and (file := CAPTION.match(body)):
            found.append(Step("file", file["path"], file["text"]))
        else:
            found.append(Step(head, body))
    return found


def command(line: str) -> str:
    words = shlex.split(line)
    if words[0] == "mutau":
        from mutau.cli import app

        done = CliRunner().invoke(app, words[1:])
        assert done.exit_code in {0, 2}, done.stderr
        said = (
            done.stdout if done.exit_code == 0 else done.stderr
        )  # progress, on stderr, is gone when a command ends
        return re.sub(r"\x1b\[[0-9;]*m", "", said)
    assert words[0] in {"cp", "mkdir", "ls", "cat"}, f"a document may not run {line}"
    return subprocess.run(words, capture_output=True, text=True, check=True).stdout


def done(step: Step, names: dict[str, object], before: str, capsys: pytest.CaptureFixture[str]) -> str:
    """Do a step and give what it prints; an R block starts with the R blocks `before` it."""
    if step.kind == "python":
        capsys.readouterr()
        exec(compile(step.code, "document", "exec"), names)
        return capsys.readouterr().out
    if step.kind == "command":
        return command(step.code)
    assert RSCRIPT is not None
    script = f'{before}\ncat("-- printed --\\n")\n{step.code}'
    out = subprocess.run([RSCRIPT, "-"], input=script, capture_output=True, text=True, check=True).stdout
    return out.rpartition("-- printed --\n")[2]


def is_run(step: Step, slow: bool) -> bool:
    if step.kind == "r":
        return RSCRIPT is not None and not NOT_HERE.search(step.code)
    return step.kind in {"python", "command"} and (slow or not step.code.startswith(SLOW))


def same(shown: str, printed: str) -> bool:
    want, got = ("\n".join(line.rstrip() for line in text.strip().splitlines()) for text in (shown, printed))
    return doctest.OutputChecker().check_output(f"{want}\n", f"{got}\n", doctest.ELLIPSIS)


def follow(path: Path, slow: bool, capsys: pytest.CaptureFixture[str]) -> list[tuple[Step, str]]:
    """Do what a document says, in order, in the working directory; give what each step printed."""
    names: dict[str, object] = {}
    before, printed = "", []
    for step in steps(path.read_text(encoding="utf-8")):
        if step.kind == "file":
            Path(step.code).write_text(step.shown or "", encoding="utf-8")
        elif is_run(step, slow):
            printed.append((step, done(step, names, before, capsys)))
            before += step.code if step.kind == "r" else ""
    return printed


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """What a reader of the documents has: the folders of the repository, and a terminal 130 columns wide."""
    for name in ("data", "examples", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    for name, value in {"COLUMNS": "130", "TTY_COMPATIBLE": "1", "TERM": "xterm"}.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("name", PAGES)
def test_the_code_runs_and_prints_what_is_shown(name, clone, capsys):
    for step, printed in follow(ROOT / name, slow=False, capsys=capsys):
        assert step.shown is None or same(step.shown, printed), f"{step.code}\nprints\n{printed}"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["docs/reviewers.md"])
def test_the_whole_way_of_a_reviewer(name, clone, capsys):
    printed = follow(ROOT / name, slow=True, capsys=capsys)
    assert any(step.code.startswith("mutau run ") for step, _ in printed)
    for step, seen in printed:
        assert step.shown is None or same(step.shown, seen), f"{step.code}\nprints\n{seen}"
    assert Path("results/report.html").stat().st_size > 10_000


def test_a_document_that_shows_another_number_is_caught():
    (step,) = steps("```python\nprint(1.5)\n```\n\n```text\n1.6\n```\n")
    assert not same(step.shown, "1.5\n")
    assert same("P = ... and\n", "P = 0.9 and\n")


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_to_files_lead_somewhere(name):
    path = ROOT / name
    links = re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", path.read_text(encoding="utf-8"))
    made = ("reference/", "gallery/")  # by docs/_tools
    missing = [
        link
        for link in links
        if "://" not in link and not link.startswith(made) and not (path.parent / link).exists()
    ]
    assert not missing


@pytest.mark.parametrize("name", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_named_files_exist(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    named = [
        path for path in re.findall(r"`([\w./]+)`", text) if "/" in path or path.endswith((".py", ".toml"))
    ]
    bases = (ROOT, ROOT / "src", ROOT / "src" / "mutau", ROOT / "models", ROOT / "tests")
    missing = [path for path in named if not any((base / path).exists() for base in bases)]
    assert set(missing) <= {"mutau/fit.py", "results/", "docs/reference/", "site/"}


def test_the_readme_promises_what_its_code_prints(clone, capsys):
    ((step, printed),) = follow(ROOT / "README.md", slow=False, capsys=capsys)
    promised = re.search(r"# (P\(benefit\) = .+\)), given", step.code)
    assert promised is not None
    assert promised[1] in printed


def test_the_numbers_of_bayesmeta_are_the_stored_ones():
    stored = json.loads((ROOT / "tests" / "reference" / "bayesmeta_priors.json").read_text(encoding="utf-8"))
    at = [stored["p"].index(p) for p in (0.025, 0.5, 0.975)]
    mu, tau = (stored["posteriors"]["Jeffreys"][name] for name in ("mu", "tau"))
    want = f"mu  {' '.join(f'{mu[i]:.3f}' for i in at)}\ntau {' '.join(f'{tau[i]:.5f}' for i in at)}\n"
    page = steps((ROOT / "docs" / "r_users.md").read_text(encoding="utf-8"))
    (step,) = [step for step in page if "library(bayesmeta)" in step.code]
    assert step.shown == want
    (data,) = [step.code for step in page if step.kind == "python" and "sei = [" in step.code]
    assert str(stored["yi"]) in data
    assert str(stored["sei"]) in data


def test_metafor_and_mutau_show_the_same_numbers():
    page = [step for step in steps((ROOT / "docs" / "r_users.md").read_text(encoding="utf-8")) if step.shown]
    pairs = [
        (r, python) for r, python in itertools.pairwise(page) if r.kind == "r" and not NOT_HERE.search(r.code)
    ]
    assert len(pairs) >= 3
    assert all(r.shown == python.shown for r, python in pairs)
