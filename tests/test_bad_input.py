"""Bad input on the command line: exit code 2, every fault on a line of its own, nothing written."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from mutau.cli import app

DATA = Path(__file__).parent / "data"
REVIEWS = sorted(folder for folder in (DATA / "wrong_models").iterdir() if folder.is_dir())
TABLES = sorted((DATA / "wrong_studies").glob("*/*.csv"))[::5]
IMPROPER = "improper"  # sound input whose analysis does not exist: exit code 1


def run(review: Path, out: Path):
    return CliRunner().invoke(app, ["run", str(review), "--out", str(out)])


@pytest.mark.parametrize("review", REVIEWS, ids=lambda path: path.name)
def test_a_wrong_review(review, tmp_path):
    out = tmp_path / "results"
    before = sorted(review.iterdir())
    checked, done = CliRunner().invoke(app, ["check", str(review)]), run(review, out)
    stored = (review / "messages").read_text(encoding="utf-8").splitlines()
    for result in (checked, done):
        assert result.exit_code == (1 if review.name == IMPROPER else 2)
        said = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
        assert len(said) == len(stored)
        assert result.stdout == ""
    assert not out.exists()
    assert sorted(review.iterdir()) == before


@pytest.mark.parametrize("table", TABLES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_wrong_table(table, tmp_path):
    review = tmp_path / "review"
    review.mkdir()
    (review / "studies.csv").write_bytes(table.read_bytes())
    (review / "review.toml").write_text('title = "Falls"\ndata = "studies.csv"\n', encoding="utf-8")
    (review / "falls.toml").write_text('measure = "RR"\nbenefit = "lower"\n', encoding="utf-8")
    done = run(review, tmp_path / "results")
    assert done.exit_code == 2
    faults = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert faults
    assert all("studies.csv" in fault for fault in faults)
    noun = "fault" if len(faults) == 1 else "faults"
    assert done.stderr.splitlines()[-1] == f"{len(faults)} {noun}; nothing was written."
    assert sorted(path.name for path in tmp_path.iterdir()) == ["review"]


@pytest.mark.filterwarnings("default::mutau.errors.DataWarning")
def test_what_is_odd_is_a_note_and_no_fault():
    done = CliRunner().invoke(app, ["check", str(DATA / "odd_models")])
    assert done.exit_code == 0
    assert "note: percent_scale: priors.tau: HalfNormal(50) expects" in done.stderr
    assert "no outcome model selects Cedar 2005" in done.stderr


def test_of_one_model_alone_nothing_is_said_of_the_other_studies():
    done = CliRunner().invoke(app, ["check", str(DATA / "odd_models"), "--only", "fine"])
    assert (done.exit_code, done.stderr) == (0, "")
