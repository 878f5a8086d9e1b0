"""The command line to the letter: what each command prints, that its examples run, and completion.

Stored output is in ``tests/data/cli``; after a change that is meant, look at what `pytest` shows and write it anew
with ``MUTAU_WRITE_OUTPUT=1 python -m pytest tests/test_cli_output.py``.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from mutau.cli import app

ROOT = Path(__file__).parents[1]
STORED = Path(__file__).parent / "data" / "cli"
SMALL = Path(__file__).parent / "data" / "small_review"
COMMANDS = {
    "check": "check small",
    "compare": "compare small/pain.toml --engine exact --format markdown",
    "decide": "decide small/pain.toml --engine exact --format markdown",
    "compare_also": "compare small/pain.toml --engine exact --also 'REML KR' --also 'PM t' --format markdown",
    "diagnose": "diagnose bcg.csv --measure RR --tau2 DL --format markdown",
    "diagnose_few": "diagnose small/pain.toml",
    "derive": "derive sheets/events.csv --output completed.csv --format markdown",
    "findings": "findings small --engine exact --format markdown",
    "fit": "fit small/pain.toml --engine exact --format markdown",
    "priors_list": "priors list --measure OR --source turner2015 --search pain --format markdown",
    "priors_show": "priors show turner2015/any",
    "run": "run small --engine exact --no-sensitivity --out out",
    "sensitivity": "sensitivity small/pain.toml --level 0.9 --engine exact --format markdown",
    "show": "show small/pain.toml",
    "show_markdown": "show small/pain.toml --format markdown",
    "show_pooled": "show small/falls.toml",
    "unknown_model": "fit small/pian.toml",
}


@pytest.fixture
def small(tmp_path, monkeypatch):
    shutil.copytree(SMALL, tmp_path / "small")
    shutil.copy(ROOT / "data" / "bcg" / "bcg.csv", tmp_path)
    (tmp_path / "sheets").symlink_to(ROOT / "examples" / "sheets")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")


@pytest.mark.parametrize("name", COMMANDS)
def test_exact_output(name, small):
    done = CliRunner().invoke(app, shlex.split(COMMANDS[name]))
    said = f"$ mutau {COMMANDS[name]}\n{done.stdout}--- {done.exit_code}\n{done.stderr}"
    path = STORED / f"{name}.txt"
    if os.environ.get("MUTAU_WRITE_OUTPUT"):
        STORED.mkdir(exist_ok=True)
        path.write_text(said, encoding="utf-8")
    assert said == path.read_text(encoding="utf-8")


def commands():
    """Every command by its words, with its help."""
    group = typer.main.get_command(app)
    for name, command in group.commands.items():
        for sub, each in getattr(command, "commands", {"": command}).items():
            yield f"{name} {sub}".strip(), each.help


def test_every_command_has_one_example_and_it_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    found = dict(commands())
    assert {
        "run",
        "update",
        "show",
        "check",
        "derive",
        "fit",
        "compare",
        "decide",
        "diagnose",
        "findings",
        "priors list",
        "priors show",
        "report",
    } <= set(found)
    (tmp_path / "results").mkdir()
    for name, text in found.items():
        (example,) = re.findall(r"Example: mutau (.*)", text)
        assert example.startswith(name)
        if name in ("run", "update"):  # of the whole review: one outcome is enough here, elsewhere
            example += f" --only epds_cbt_md --engine exact --no-sensitivity --out {tmp_path / 'results'}"
        if name == "findings":
            example += " --only epds_cbt_md"
        if name == "report":
            example = f"report {tmp_path / 'results'}"
        done = CliRunner().invoke(app, shlex.split(example))
        assert done.exit_code == 0, (name, done.stdout, done.stderr)
        assert done.stdout, name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_of_commands_and_options(shell):
    program = str(Path(sys.executable).with_name("mutau"))
    environment = os.environ | {"_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}

    def said(arguments=(), **more):
        done = subprocess.run(
            [program, *arguments], capture_output=True, text=True, check=False, env=environment | more
        )
        return done.stdout

    assert "_MUTAU_COMPLETE" in said(["--show-completion", shell])
    for typed, whole in (("mutau sens", "sensitivity"), ("mutau run --jo", "--jobs")):
        bash = {"COMP_WORDS": typed, "COMP_CWORD": str(typed.count(" "))}
        other = {"_TYPER_COMPLETE_ARGS": typed, "_TYPER_COMPLETE_FISH_ACTION": "get-args"}
        found = said(_MUTAU_COMPLETE=f"complete_{shell}", **(bash if shell == "bash" else other))
        assert whole in found
        assert "Usage" not in found
