"""A rerun does only what changed, says so, and gives what a full run gives."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

import mutau
from mutau.errors import ArgumentError, DataWarning, ResultsFolderError, RunError
from mutau.plots import files as pictures
from mutau.review import making, rebuild_report
from mutau.review.folder import GRADE_TABLES
from mutau.tables import FORMATS

SMALL = Path(__file__).parents[1] / "data" / "small_review"
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M 0 0 L 9 9"/></svg>'
NAMES = ("pain", "sleep", "falls")
KEPT = dict.fromkeys(NAMES, "unchanged, kept")


def run(review, out, **how):
    return mutau.run_review(review, out, engine="exact", level=None, **how)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.fixture(scope="module", autouse=True)
def still():
    """Clocks that stand still, so that whole runs give the same bytes, and nothing drawn, so that they are quick."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(time, "perf_counter", lambda: 0.0)
        patch.setattr(pictures, "svg_text", lambda _: SVG)
        patch.setattr(pictures, "png_bytes", lambda _: b"a PNG")
        patch.setattr(pictures, "pdf_bytes", lambda _: b"a PDF")
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory, still):
    """The small review and its results, made once and copied by each test."""
    folder = tmp_path_factory.mktemp("made")
    shutil.copytree(SMALL, folder / "small")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = run("small", "out")
    assert result.said == dict.fromkeys(NAMES, "fitted")
    return folder


@pytest.fixture
def done(made, tmp_path, monkeypatch):
    """A copy of them, in the working folder."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def forbid_fitting(monkeypatch):
    def refuse(*_):
        raise AssertionError("something is fitted")

    monkeypatch.setattr(making, "run_outcome", refuse)
    monkeypatch.setattr(making, "fit", refuse)  # whoever else asks for a whole outcome


def test_a_rerun_keeps_everything_and_writes_the_same(done, monkeypatch):
    before = contents(done / "out")
    forbid_fitting(monkeypatch)
    seen = []
    result = run("small", "out", progress=lambda *step: seen.append(step))
    assert result.said == KEPT
    assert seen == [("report", 3, 3)]
    assert contents(done / "out") == before


def test_the_file_of_the_studies_may_move_and_gain_rows(done, monkeypatch):
    forbid_fitting(monkeypatch)
    shutil.move("small", "elsewhere")
    studies = done / "elsewhere" / "studies.csv"
    studies.write_text(studies.read_text() + "Mood,Ames 2001,0.1,0.2,made up\n")
    result = run("elsewhere", "out")
    assert result.said == KEPT
    digest = hashlib.sha256(studies.read_bytes()).hexdigest()
    info = json.loads((done / "out" / "run.json").read_text())
    assert {each["data"] for each in info["outcomes"]} == {"elsewhere/studies.csv"}
    assert {each["data_sha256"] for each in info["outcomes"]} == {digest}
    assert digest[:16] in (done / "out" / "report.html").read_text()
    assert digest in (done / "out" / "pain" / "outcome.json").read_text()


def test_a_kept_result_is_that_of_a_full_run(done):
    fresh = run("small", "out", fresh=True)
    assert fresh.said == dict.fromkeys(NAMES, "fitted")
    kept = run("small", "out")
    assert kept.said == KEPT
    pd.testing.assert_frame_equal(kept.compared, fresh.compared, check_exact=True)
    assert kept.converged == fresh.converged
    for one, other in zip(kept.pooled, fresh.pooled, strict=True):
        pd.testing.assert_frame_equal(one.to_frame(), other.to_frame(), check_exact=True)
    for one, other in zip(kept.outcomes, fresh.outcomes, strict=True):
        assert one.model == other.model
        assert one.fit.studies == other.fit.studies
        assert one.fit.engine == other.fit.engine
        for name in ("summarised", "chances"):
            pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)
        for label, fit in one.every_fit.items():  # draws are made again, the same
            assert fit.tree.identical(other.every_fit[label].tree), label
            assert mutau.probability_of_benefit(fit) == mutau.probability_of_benefit(other.every_fit[label])


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("studies.csv", "-0.31,0.21", "-0.61,0.21", {"pain": "fitted again: changed: the studies"}),
        ("pain.toml", "HalfNormal(0.5)", "HalfNormal(0.4)", {"pain": "fitted again: changed: the model"}),
        ("falls.toml", "estimate = 0.74", "estimate = 0.73", {"falls": "fitted again: changed: the model"}),
        (
            "review.toml",
            'data = "studies.csv"',
            'data = "studies.csv"\ntreatment_label = "T"',
            dict.fromkeys(NAMES, "fitted again: changed: the model"),
        ),
    ],
)
def test_only_what_changed_is_fitted_again(done, file, old, new, said):
    path = done / "small" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    result = run("small", "out")
    assert result.said == KEPT | said
    run("small", "elsewhere")
    assert contents(done / "out") == contents(done / "elsewhere")


@pytest.mark.parametrize(
    ("how", "what"),
    [
        ({"seed": 2}, "the seed"),
        ({"engine": "auto"}, "the engine"),
        ({"level": 0.9}, "the level of the sensitivity"),
    ],
)
def test_seed_engine_and_level_are_part_of_the_key(done, how, what):
    asked = {"engine": "exact", "level": None} | how
    result = mutau.run_review("small", "out", only="falls", **asked)
    assert result.said == {"falls": f"fitted again: changed: {what}"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda folder: (folder / "forest.svg").write_text("<svg/>"), "not as it was written: forest.svg"),
        (lambda folder: (folder / "compare.csv").unlink(), "not as it was written: compare.csv"),
        (lambda folder: (folder / "mine.txt").write_text("a note"), "not as it was written: mine.txt"),
        (lambda folder: (folder / "outcome.json").unlink(), "outcome.json is missing or cannot be read"),
        (lambda folder: (folder / "outcome.json").write_text("[]"), "outcome.json is not as it was written"),
        (lambda folder: spoil_number(folder / "outcome.json"), "not as it was written: outcome.json"),
        (lambda folder: os.truncate(folder / "fit.nc", 1000), "not as it was written: fit.nc"),
    ],
)
def test_a_changed_or_damaged_file_is_noticed(done, spoil, said):
    spoil(done / "out" / "pain")
    assert run("small", "out").said == KEPT | {"pain": f"fitted again: {said}"}
    assert run("small", "out").said == KEPT


def spoil_number(path):
    record = json.loads(path.read_text())
    frame = next(each for each in record["content"]["shared"] if "estimate" in each.get("columns", ()))
    frame["cells"][frame["columns"].index("estimate")][0] += 1e-12
    path.write_text(json.dumps(record))


def test_changed_source_and_libraries_are_noticed(done, monkeypatch):
    from mutau.review import keeping

    real = keeping._surroundings()
    assert set(real) == {"the libraries", "mutau"}
    for name in real:
        monkeypatch.setattr(keeping, "_surroundings", lambda name=name: real | {name: "another"})
        assert run("small", "out", only="falls").said == {"falls": f"fitted again: changed: {name}"}
        monkeypatch.setattr(keeping, "_surroundings", lambda: real)
        run("small", "out", only="falls")


def test_one_outcome_alone_leaves_the_folders_of_others(done):
    assert run("small", "out", only="sleep").said == {"sleep": "unchanged, kept"}
    info = json.loads((done / "out" / "run.json").read_text())
    assert {path.split("/")[0] for path in info["files"]} == {
        "sleep",
        "summary.csv",
        *(f"{name}.{form}" for name in ("compare", *GRADE_TABLES) for form in FORMATS),
        "report.html",
    }
    assert not (done / "out" / "pooled.csv").exists()  # it was of the falls
    assert run("small", "out").said == KEPT


def test_the_folder_of_an_outcome_that_left_the_review_goes(done):
    (done / "small" / "sleep.toml").unlink()
    path = done / "small" / "review.toml"
    path.write_text(path.read_text().replace('"sleep", ', ""))
    (done / "out" / "mine").mkdir()
    (done / "out" / "mine.txt").write_text("a note")
    with pytest.warns(DataWarning, match="no outcome model selects"):
        run("small", "out")
    assert {item.name for item in (done / "out").iterdir()} == {
        *("pain", "falls", "mine", "mine.txt"),
        *(f"{name}.{form}" for name in ("compare", "pooled", *GRADE_TABLES) for form in FORMATS),
        *("summary.csv", "report.html", "run.json"),
    }


def test_warnings_of_a_kept_outcome_are_said_again(done, monkeypatch):
    def odd(_):
        warnings.warn("a PNG shows boxes", DataWarning, stacklevel=2)
        return b"a PNG"

    monkeypatch.setattr(pictures, "png_bytes", odd)
    for how in ({"fresh": True}, {}):
        with pytest.warns(DataWarning, match="a PNG shows boxes"):
            result = run("small", "out", only="pain", **how)
    assert result.said == {"pain": "unchanged, kept"}


def test_the_page_is_made_again_without_fitting(done, monkeypatch):
    before = contents(done / "out")
    forbid_fitting(monkeypatch)
    assert rebuild_report("out") == done.relative_to(done) / "out" / "report.html"
    assert contents(done / "out") == before
    shutil.move("out", "moved")
    shutil.rmtree("small")
    rebuild_report("moved")
    assert contents(done / "moved") == before


def test_a_page_is_not_made_of_other_files(done):
    with pytest.raises(ResultsFolderError, match="there is no such folder"):
        rebuild_report("nowhere")
    with pytest.raises(ResultsFolderError, match=r"it has no run\.json of a finished run"):
        rebuild_report("small")
    assert {item.name for item in (done / "small").iterdir()} == {
        *("review.toml", "studies.csv", "pain.toml", "sleep.toml", "falls.toml")
    }
    (done / "out" / "pain" / "compare.csv").write_text("changed")
    (done / "out" / "falls" / "pooled.md").unlink()
    with pytest.raises(ResultsFolderError) as caught:
        rebuild_report("out")
    assert [(fault.file, fault.what) for fault in caught.value.faults] == [
        ("out/pain/compare.csv", "it was changed"),
        ("out/falls/pooled.md", "it is missing"),
    ]


def test_one_run_at_a_time_writes_into_a_folder(done):
    before = contents(done / "out")
    with FileLock(done / "out" / ".mutau-run.lock"):
        code = "import mutau; mutau.run_review('small', 'out', engine='exact', level=None)"
        other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert other.returncode == 1
        assert "out: another run is writing into it now" in other.stderr
    assert {name: content for name, content in contents(done / "out").items() if "lock" not in name} == before
    (done / "out" / ".mutau-run.lock").touch()  # left by a run that was killed
    assert run("small", "out").said == KEPT
    assert not (done / "out" / ".mutau-run.lock").exists()


def test_a_folder_that_cannot_be_made_is_bad_input(done):
    (done / "file").write_text("")
    with pytest.raises(ResultsFolderError, match=r"file: it cannot be written \(File exists\)"):
        run("small", "file")
    with pytest.raises(ArgumentError, match="jobs = 0"):
        run("small", "out", jobs=0)


def test_a_full_disk_is_told_and_leaves_the_old_results(done, monkeypatch):
    before = contents(done / "out")
    path = done / "small" / "studies.csv"
    path.write_text(path.read_text().replace("0.21", "0.22").replace("0.25", "0.26"))
    real = making.write_outcome

    def full(outcome, folder, *more):
        if outcome.model.name == "sleep":
            (folder / "half").write_text("half")
            raise OSError(28, "No space left on device", str(folder / "fit.nc"))
        return real(outcome, folder, *more)

    monkeypatch.setattr(making, "write_outcome", full)
    with pytest.raises(RunError, match=r"cannot be written into out: No space left on device"):
        run("small", "out")
    after = contents(done / "out")
    assert {name: text for name, text in after.items() if not name.startswith(".")} == before
    assert {name.split("/")[2] for name in after if name.startswith(".")} == {"pain"}  # finished, and kept
    monkeypatch.setattr(making, "write_outcome", real)
    assert run("small", "out").said == KEPT | {"sleep": "fitted again: changed: the studies"}


def test_jobs_change_no_number(done):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = run("small", "several", jobs=2)
    assert result.said == dict.fromkeys(NAMES, "fitted")
    assert "OMP_NUM_THREADS" not in os.environ
    one, two = contents(done / "out"), contents(done / "several")
    assert one.keys() == two.keys()
    for name in (
        name for name in one if name.endswith((".csv", ".md", ".nc", ".tex", ".docx"))
    ):  # these bear no seconds, no picture
        assert one[name] == two[name], name
    assert b"<text" in two["pain/forest.svg"]
    fit = result.outcomes[0].fit
    np.testing.assert_array_equal(fit.posterior["mu"], run("small", "third").outcomes[0].fit.posterior["mu"])


def test_a_process_that_dies_is_told_and_the_rest_is_kept(done, monkeypatch):
    from mutau.review import parallel

    class Deadly:
        def __reduce__(self):  # whoever unpickles it, dies
            return os._exit, (9,)

    monkeypatch.setattr(parallel, "make_elsewhere", Deadly())
    with pytest.raises(RunError, match=r"a process died while these were unfinished: .*run again with fewer"):
        run("small", "out", jobs=2, fresh=True)
    assert run("small", "out").said == KEPT
