"""The command line as a program uses it: --json and nothing else on standard output, --quiet, exit codes, files."""

import io
import json
import os
import re
import shutil
from pathlib import Path

import docx
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import mutau
from mutau.cli import app
from mutau.cli.reviews import RunEngine
from mutau.cli.shared import FitEngine
from mutau.engines import ASKABLE
from mutau.formats import Format
from mutau.review import RUN_ENGINES

SMALL = Path(__file__).parent / "data" / "small_review"
RUN = ("run", "small", "--out", "out", "--engine", "exact", "--no-sensitivity")


@pytest.fixture(autouse=True)
def small(tmp_path, monkeypatch):
    shutil.copytree(SMALL, tmp_path / "small")
    monkeypatch.chdir(tmp_path)


def command(*arguments):
    return CliRunner().invoke(app, list(arguments))


def test_json_is_all_that_a_run_prints_and_is_unrounded():
    first, second = command(*RUN, "--json"), command(*RUN, "--json")
    assert (first.exit_code, first.stderr, second.exit_code, second.stderr) == (0, "", 0, "")
    told, again = json.loads(first.stdout), json.loads(second.stdout)
    assert (told["folder"], told["report"], told["review"]) == ("out", "out/report.html", "A small review")
    assert told["converged"] is told["engines_agree"] is True
    for part, file in (("outcomes", "compare.csv"), ("pooled_outcomes", "pooled.csv")):
        stored = pd.read_csv(Path("out") / file)
        rows = [row for outcome in told[part] for row in outcome["answers"]]
        assert [row["model"] for row in rows] == list(stored["model"])
        for column in ("estimate", "lower", "upper", "p_benefit"):
            given = [np.nan if row[column] is None else row[column] for row in rows]
            np.testing.assert_array_equal(given, stored[column])
        assert [(old["said"], new["said"]) for old, new in zip(told[part], again[part], strict=True)] == [
            ("fitted", "unchanged, kept")
        ] * len(told[part])
        assert [old["answers"] for old in told[part]] == [new["answers"] for new in again[part]]


def test_a_quiet_run_prints_nothing_a_rerun_says_what_it_kept_and_an_update_what_it_changed():
    done = command(*RUN, "--quiet")
    assert (done.exit_code, done.output) == (0, "")
    before = pd.read_csv("out/summary.csv")
    path = Path("small/studies.csv")
    path.write_text(path.read_text().replace("-0.31,0.21", "-0.61,0.21"))
    lines = command(*RUN).stdout.splitlines()
    assert [line for line in lines if line.startswith(("pain", "sleep", "falls"))] == [
        "pain: fitted again: changed: the studies",
        "sleep: unchanged, kept",
        "falls: unchanged, kept",
    ]
    after = pd.read_csv("out/summary.csv")
    before.to_csv("out/summary.csv", index=False)  # as if the page and tables had yet to be made
    update = command("update", *RUN[1:4], "--format", "json")  # engine, seed and level as before
    assert (update.exit_code, update.stderr) == (0, "")
    changed = json.loads(update.stdout)
    assert {row["model"] for row in changed} == {"pain"}
    for side, frame in (("before", before), ("after", after)):
        pain = frame[frame["model"] == "pain"].set_index("prior_label")
        assert {row["prior_label"] for row in changed} == set(pain.index)
        for column in ("estimate", "lower", "upper", "p_benefit"):
            assert all(row[f"{column}_{side}"] == pain.loc[row["prior_label"], column] for row in changed)
    assert all(row["p_benefit_after"] > row["p_benefit_before"] for row in changed)
    assert command("update", *RUN[1:4]).stdout == "No answer has changed.\n"


def test_an_update_runs_as_before_outcomes_too_of_which_only_the_pooled_result_is_known():
    command(*RUN, "--seed", "4", "--only", "falls")
    run = Path("out/run.json")
    told = json.loads(run.read_text())
    assert (told["seed"], told["asked"]) == (4, {"engine": "exact", "level": None})
    before = pd.read_csv("out/pooled.csv")
    path = Path("small/falls.toml")
    path.write_text(
        path.read_text().replace("lower = 0.52", "lower = 0.50").replace("upper = 1.05", "upper = 1.09")
    )
    update = command("update", *RUN[1:4], "--only", "falls", "--format", "json")
    assert (update.exit_code, update.stderr) == (0, "")
    changed, after = json.loads(update.stdout), pd.read_csv("out/pooled.csv")
    assert {(row["model"], row["engine"]) for row in changed} == {("falls", "pooled only")}
    assert sorted(row["estimate_before"] for row in changed) == sorted(before["estimate"])
    assert sorted(row["p_benefit_after"] for row in changed) == sorted(after["p_benefit"])
    again = json.loads(run.read_text())
    assert (again["seed"], again["asked"]) == (told["seed"], told["asked"])
    run.write_text(json.dumps({name: value for name, value in again.items() if name != "asked"}))
    refused = command("update", *RUN[1:4], "--only", "falls")
    assert refused.exit_code == 2
    assert "does not say its engine, level" in refused.stderr.replace("\n", " ")


def test_an_update_needs_an_earlier_run():
    missing = command("update", *RUN[1:])
    assert (missing.exit_code, missing.stdout) == (2, "")
    assert "there is no such folder" in missing.stderr
    Path("out").mkdir()
    assert "there is no summary.csv" in command("update", *RUN[1:]).stderr


def test_a_page_is_made_again_and_spoilt_results_are_refused():
    command(*RUN)
    page = Path("out/report.html").read_bytes()
    done = command("report", "out")
    assert (done.exit_code, done.stdout) == (0, "Made out/report.html from the results in out.\n")
    assert Path("out/report.html").read_bytes() == page
    Path("out/pain/compare.csv").write_text("spoilt")
    done = command("report", "out")
    assert done.exit_code == 2
    assert done.stderr.startswith("error: out/pain/compare.csv: it was changed. ")
    assert command("report", "small").exit_code == 2


def test_a_fit_is_printed_and_written():
    arguments = ("fit", "small/pain.toml", "--engine", "exact", "--seed", "3")
    done = command(*arguments, "--format", "json", "--out", "fit.nc")
    told = json.loads(done.stdout)
    assert (done.exit_code, told["engine"], told["seed"], told["provenance"]) == (0, "exact", 3, ["made up"])
    fitted = mutau.fit(
        mutau.read_studies("small/studies.csv"), mutau.load_model("small/pain.toml"), engine="exact", seed=3
    )
    assert [row["estimate"] for row in told["summary"]] == list(mutau.summary(fitted)["estimate"])
    assert [row["probability"] for row in told["probabilities"]] == list(
        mutau.probabilities(fitted)["probability"]
    )
    with xr.open_datatree("fit.nc", engine="h5netcdf") as tree:
        np.testing.assert_array_equal(tree["posterior"]["mu"], fitted.posterior["mu"])
    rows = pd.read_csv(io.StringIO(command(*arguments, "--format", "csv").stdout))
    np.testing.assert_array_equal(rows["estimate"], mutau.summary(fitted)["estimate"])
    done = command(*arguments, "--out", "nowhere/fit.nc")
    assert done.exit_code == 1
    assert "error: nowhere/fit.nc cannot be written: " in done.stderr


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("fit", "small/falls.toml"), "`mutau show small/falls.toml` says what it says"),
        (("compare", "small/falls.toml"), "`mutau show small/falls.toml` says what it says"),
        (("fit", "small/pian.toml"), "Did you mean 'pain.toml'?"),
        (("fit", "small/pain.toml", "--engine", "exactt"), "Invalid value for '--engine'"),
        (("compare", "small/pain.toml", "--format", "docx"), "Name a file: --output FILE.docx"),
        (("fit", "small/pain.toml", "--output", "x.xlsx"), "Give the file one of these suffixes"),
        (("fit", "small/pain.toml", "--format", "csv", "--output", "x.docx"), "of another format, docx"),
        (("priors", "list", "--output", "nowhere/x.md"), "nowhere/x.md: there is no such folder"),
        (("update", "small", "--out", "out", "--output", "small"), "small: it is a folder"),
        (("run", "small", "--jobs", "0"), "Invalid value for '--jobs'"),
        (("run", "small", "--out", "small/pain.toml"), "small/pain.toml: it cannot be written"),
    ],
)
def test_bad_input_is_exit_2(arguments, told):
    before = sorted(Path().rglob("*"))
    done = command(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert told in done.stderr
    assert sorted(Path().rglob("*")) == before


LISTING = ("priors", "list", "--measure", "HR")


@pytest.mark.parametrize("form", Format)
def test_every_format_comes_to_a_file_the_same_as_to_a_pipe(form):
    path = Path(f"prior.{form.suffix}")
    done = command(*LISTING, "--output", str(path))
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", f"Wrote {path}.\n")
    assert sorted(Path().glob("*prior*")) == [path]
    assert b"InverseGamma" in path.read_bytes() or form.is_binary
    if not form.is_binary:
        piped = command(*LISTING, "--format", form.value).stdout
        lines = (text.rstrip() for text in (path.read_text(), piped))
        assert len({re.sub(r" +$", "", text, flags=re.MULTILINE) for text in lines}) == 1


def test_a_file_of_an_answer_holds_every_table_and_says_what_is_given(monkeypatch):
    fit = ("fit", "small/pain.toml", "--engine", "exact", "--output")
    for file in ("fit.html", "fit.docx"):
        assert command(*fit, file).exit_code == 0
    page = Path("fit.html").read_text()
    assert (page.count("<table"), page.count("<main>")) == (2, 1)
    assert "mu ~ normal(0, 1), tau ~ half-normal(0.5)" in page
    document = docx.Document("fit.docx")
    assert len(document.tables) == 2
    assert any("P(benefit) = 0.819" in paragraph.text for paragraph in document.paragraphs)
    before = Path("fit.docx").read_bytes()
    monkeypatch.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError("the disk is full")))
    done = command(*fit, "fit.docx")
    assert (done.exit_code, done.stderr) == (1, "error: fit.docx cannot be written: the disk is full\n")
    assert (Path("fit.docx").read_bytes(), sorted(Path().glob(".*"))) == (before, [])


def test_engines_of_the_options_are_those_of_the_calls():
    assert {each.value for each in FitEngine} == set(ASKABLE)
    assert tuple(each.value for each in RunEngine) == RUN_ENGINES
