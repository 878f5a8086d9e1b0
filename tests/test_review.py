"""A review run: what is written, that it is whole, repeatable, and that nothing is written for bad input."""

import hashlib
import json
import math
import re
import shutil
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import mutau
from mutau.comparing import COMPARE_COLUMNS
from mutau.errors import ArgumentError, ImproperPosteriorError, InputError
from mutau.living import cumulative
from mutau.plots import files as pictures
from mutau.review import check_review
from mutau.review.folder import GRADE_TABLES, TOP_FILES

ROOT = Path(__file__).parents[1]
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M 0 0 L 9 9"/></svg>'
OUTCOME_FORMATS = ("md", "docx", "csv")
REVIEW_FORMATS = (*OUTCOME_FORMATS, "html", "tex", "json")


def written(*names, forms=OUTCOME_FORMATS):
    """The files of tables, every one in every format."""
    return {f"{name}.{form}" for name in names for form in forms}


OUTCOME_FILES = {
    *("fit.nc", "fit.sampled.nc", "outcome.json", "benefit_by_tau.csv", "priors.csv"),
    *written("main", "data", "summary", "compare", "probabilities", "checks", "agreement"),
    *(
        f"{figure}.{kind}"
        for figure in (
            "forest",
            "posterior",
            "benefit_by_tau",
            "tau",
            "predictive",
            "prior",
            "trace",
            "ranks",
            "decision_next_trial",
        )
        for kind in ("svg", "png", "pdf")
    ),
}
DECIDED = written(*(f"decision_{name}" for name in ("chances", "losses", "next_trial")))
OUTCOME_FILES |= {*DECIDED, "decision_next_trial_sizes.csv"}
COUNT_FILES = written("likelihoods", "decision_absolute")  # of outcomes told by their counts
SCORE_FILES = written("decision_points")  # of outcomes told by scores
CHAIN_FILES = {f"{figure}.{kind}" for figure in ("trace", "ranks") for kind in ("svg", "png", "pdf")}
BOTH_ENGINES_FILES = {"fit.sampled.nc", *written("agreement")}
BY_TAU_FILES = {f"benefit_by_tau.{kind}" for kind in ("csv", "svg", "png", "pdf")}
EMPTY = ["reason", "classic_note"]  # of the steps; an empty text is read as NaN
BOTH = ("avoidant", "epds_routine_smd")
POOLED = {"depression_incidence", "depression_level"}
POOLED_FILES = {"outcome.json", *written("pooled", "probabilities")}
# The review's four attachment results, as its abstract prints them.
PRINTED = {
    "secure": (8.93, 1.25, 63.70),
    "insecure_to_secure": (11.45, 3.11, 42.08),
    "avoidant": (0.48, 0.24, 0.95),
    "disorganised": (0.32, 0.17, 0.58),
}
# P(benefit) under half-normal(0.5), binomial likelihood (docs/statistics.md; plain sums in test_count_answers)
BENEFIT = {"secure": 0.9988, "avoidant": 0.9527}


def labels_of(name):
    """Labels of a shipped model's priors for tau: the review group's where one is published for its measure."""
    return ("default", "doubled", "tau = 0", *(() if name.endswith("_md") else ("review group",)))


@contextmanager
def undrawn():
    """Figures are drawn by `secure`, and where plots are tested; here they only take their time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pictures, "svg_text", lambda _: SVG)
        patch.setattr(pictures, "png_bytes", lambda _: b"a PNG")
        patch.setattr(pictures, "pdf_bytes", lambda _: b"a PDF")
        yield


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The shipped review, every outcome, computed exactly, but for the sensitivity of its answers."""
    seen = []
    with undrawn():
        result = mutau.run_review(
            ROOT / "models",
            tmp_path_factory.mktemp("results"),
            progress=lambda *step: seen.append(step),
            engine="exact",
            level=None,
        )
    return result, seen


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Two of its outcomes, counts and estimates, by both engines."""
    folder = tmp_path_factory.mktemp("both")
    models = copy_of_the_review(folder)
    review = models / "review.toml"
    for path in set(models.glob("*.toml")) - {review, *(models / f"{name}.toml" for name in BOTH)}:
        path.unlink()
    review.write_text(re.sub(r"(?s)\norder = \[.*?\]", f"\norder = {list(BOTH)}", review.read_text()))
    with undrawn():
        return mutau.run_review(models, folder / "results", level=None)


@pytest.fixture(scope="module")
def secure(tmp_path_factory):
    """One outcome, computed exactly."""
    folder = tmp_path_factory.mktemp("secure")
    return mutau.run_review(ROOT / "models", folder, only="secure", engine="exact", level=None)


def copied(result, folder):
    return Path(shutil.copytree(result.folder, folder / "results"))


def files_of(name, engine):
    """The files of an outcome's folder, run by one engine or by both."""
    files = OUTCOME_FILES | (COUNT_FILES if name in PRINTED else SCORE_FILES)
    if engine == "both":
        return files
    return files - BOTH_ENGINES_FILES - (BY_TAU_FILES if engine == "sampling" else CHAIN_FILES)


def test_every_outcome_has_its_files_and_nothing_else_is_left(whole, both):
    result, _ = whole
    assert len(result.outcomes) == 10
    names = {outcome.model.name for outcome in result.outcomes}
    top = {item.name for item in result.folder.iterdir()}
    assert top == names | POOLED | set(TOP_FILES) | {"run.json"}
    for folder, engine, present in ((result.folder, "exact", names), (both.folder, "both", BOTH)):
        for name in present:
            assert {item.name for item in (folder / name).iterdir()} == files_of(name, engine)


def test_the_review_is_reproduced_to_the_printed_digits(whole):
    compared = pd.read_csv(whole[0].folder / "compare.csv")
    assert tuple(compared.columns) == COMPARE_COLUMNS
    for name, printed in PRINTED.items():
        rows = compared[compared["model"] == name]
        revman = rows[rows["method"].str.contains("RevMan")].iloc[0]
        published = rows[rows["engine"] == "published"].iloc[0]
        for column, figure in zip(("estimate", "lower", "upper"), printed, strict=True):
            assert round(revman[column], 2) == figure == published[column]


def test_summary_holds_every_outcome_under_every_prior(whole):
    table = pd.read_csv(whole[0].folder / "summary.csv")
    assert tuple(table.columns) == COMPARE_COLUMNS
    mean = table[table["quantity"] == "mu"]
    rows = mean.groupby(["model", "engine"]).size()
    assert {(name, n) for (name, _), n in rows.items()} == {
        (m, len(labels_of(m))) for m in set(mean["model"])
    }
    assert set(mean["engine"]) == {"exact"}
    assert mean["p_benefit"].between(0, 1).all()
    for name, expected in BENEFIT.items():
        default = mean[(mean["model"] == name) & (mean["prior_label"] == "default")].iloc[0]
        assert round(default["p_benefit"], 4) == expected


def test_what_is_counted_in_people_is_the_decisions_own(whole):
    result, _ = whole
    findings = pd.read_csv(result.folder / "summary_of_findings.csv").set_index("model")
    for outcome in result.outcomes:
        name = outcome.model.name
        assert (outcome.absolute is not None) == (name in PRINTED)
        if name in PRINTED:
            stored = pd.read_csv(result.folder / name / "decision_absolute.csv")
            assert findings.loc[name, "difference_per_1000_1"] in set(stored["difference"])
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert page.count("What it means for a decision</h3>") == len(result.outcomes)
    for outcome in result.outcomes:
        said = f"Chance that one more trial brings an answer, by its size, {outcome.model.title}. P(benefit"
        assert page.count(f'aria-label="{said}') == 1  # the alternative text, with its reading


def test_both_engines_stand_in_the_summary_and_agree(both):
    table = pd.read_csv(both.folder / "summary.csv")
    mean = table[(table["quantity"] == "mu") & (table["prior_label"] == "default")]
    for name in BOTH:
        rows = mean[mean["model"] == name].set_index("engine")
        assert set(rows.index) == {"exact", "sampling"}
        exact = rows.loc["exact", "p_benefit"]
        error = math.sqrt(exact * (1 - exact) / rows.loc["sampling", "ess"])
        assert rows.loc["sampling", "p_benefit"] == pytest.approx(exact, abs=4 * error)
    engines_agree(both)


@pytest.mark.slow
def test_the_engines_agree_on_every_outcome(tmp_path):
    engines_agree(mutau.run_review(ROOT / "models", tmp_path, level=None))


def engines_agree(result):
    assert result.agreed
    for outcome in result.outcomes:
        stored = pd.read_csv(result.folder / outcome.model.name / "agreement.csv")
        assert stored["z"].abs().max() < 5
        assert set(stored["prior_label"]) == set(labels_of(outcome.model.name))
    assert "Exact and sampled results" in (result.folder / "report.html").read_text(encoding="utf-8")


def test_sampling_alone(tmp_path):
    models = ROOT / "models"
    result = mutau.run_review(models, tmp_path, only="epds_routine_smd", engine="sampling", level=None)
    assert {item.name for item in (tmp_path / "epds_routine_smd").iterdir()} == files_of(
        "epds_routine_smd", "sampling"
    )
    assert "needs the exact posterior" in (tmp_path / "report.html").read_text(encoding="utf-8")
    (outcome,) = result.outcomes
    assert {fitted.engine.name for fitted in outcome.every_fit.values()} == {"sampling"}


def test_benefit_by_tau_is_exported_and_shown(secure):
    stored = pd.read_csv(secure.folder / "secure" / "benefit_by_tau.csv")
    expected = mutau.benefit_by_tau(secure.outcomes[0].fit)
    assert list(stored.columns) == [*expected.columns, "provenance", "mu_prior", "likelihood"]
    pd.testing.assert_frame_equal(stored[list(expected.columns)], expected, rtol=1e-12, atol=0)
    assert set(stored["provenance"]) == {"reconstructed (unique solution)"}
    page = (secure.folder / "report.html").read_text(encoding="utf-8")
    assert "no prior for tau" in page
    assert "needs the exact posterior" not in page
    assert page.index("Posterior of the mean effect against") < page.index(
        "P(benefit) given each value of tau"
    )


@pytest.mark.filterwarnings("ignore:.*word for word as in the shipped review")
def test_where_trials_have_years_the_answer_after_each_is_written_and_shown(secure, tmp_path):
    moved = "How the answer moved with each trial"
    page = (secure.folder / "report.html").read_text(encoding="utf-8")
    assert moved not in page  # the shipped table has no years
    models = copy_of_the_review(tmp_path)
    table = tmp_path / "data" / "pip" / "studies.csv"
    studies = pd.read_csv(table, dtype=str)
    studies.assign(year=studies["study"].str.extract(r"(\d{4})")[0]).to_csv(table, index=False)
    result = mutau.run_review(models, tmp_path / "results", only="secure", engine="exact", level=None)
    folder = result.folder / "secure"
    added = {f"cumulative.{kind}" for kind in ("csv", "svg", "png", "pdf")}
    assert {item.name for item in folder.iterdir()} == files_of("secure", "exact") | added
    stored = pd.read_csv(folder / "cumulative.csv")
    expected = cumulative(result.outcomes[0].fit).to_frame()
    pd.testing.assert_frame_equal(
        stored.drop(columns=EMPTY), expected.drop(columns=EMPTY), rtol=1e-12, atol=0
    )
    assert list(stored["when"]) == [1999, 2006]
    assert stored["p_benefit"].iloc[-1] == pytest.approx(BENEFIT["secure"], abs=5e-5)
    page = (result.folder / "report.html").read_text(encoding="utf-8")
    assert page.index("P(benefit) given tau") < page.index(moved) < page.index("<h3>Probabilities</h3>")
    assert "The answer after each trial, Infant attachment: secure. After all 2 trials:" in page


def test_an_unknown_engine_names_the_valid_ones(tmp_path):
    with pytest.raises(ArgumentError, match="Did you mean 'exact'"):
        mutau.run_review(ROOT / "models", tmp_path / "results", engine="exactt")
    assert not (tmp_path / "results").exists()


def test_provenance_is_in_every_table_and_page(whole):
    folder = whole[0].folder
    for path in [
        *folder.rglob("*.csv"),
        *folder.rglob("*.md"),
        *folder.rglob("*.tex"),
        folder / "report.html",
    ]:
        text = path.read_text(encoding="utf-8")
        known = (
            "reconstructed",
            "secondary extraction",
            "published pooled result; the trials behind it are not known",
        )
        assert any(word in text for word in known), path


def test_run_json_says_what_was_run(whole):
    result, _ = whole
    info = json.loads((result.folder / "run.json").read_text())
    assert info["seed"] == 1
    assert info["converged"] is result.converged is True
    assert info["engines_agree"] is result.agreed is True
    digest = hashlib.sha256((ROOT / "data" / "pip" / "studies.csv").read_bytes()).hexdigest()
    assert {outcome["data_sha256"] for outcome in info["outcomes"]} == {digest}
    for outcome in info["outcomes"]:
        model_file = ROOT / "models" / f"{outcome['model']}.toml"
        assert outcome["model_sha256"] == hashlib.sha256(model_file.read_bytes()).hexdigest()
    assert set(info["versions"]) >= {"mutau", "pymc", "nutpie", "arviz", "numpy"}
    assert all(list(outcome["fits"]) == [*labels_of(outcome["model"])] for outcome in info["outcomes"])


def test_run_json_holds_the_checks_of_both_engines(both):
    info = json.loads((both.folder / "run.json").read_text())
    assert info["engines_agree"] is both.agreed is True
    for outcome in info["outcomes"]:
        labels = labels_of(outcome["model"])
        assert list(outcome["fits"]) == [*labels, *(f"{label}, sampled" for label in labels)]
        for label, fitted in outcome["fits"].items():
            names = {check["name"] for check in fitted["checks"]}
            if "sampled" in label:
                assert fitted["settings"]["target_accept"] >= 0.99
                assert names == {"R-hat", "bulk ESS", "tail ESS", "BFMI", "divergences"}
            else:
                assert (fitted["engine"], names) == ("exact", {"quadrature error"})


def test_pooled_results_stand_apart_from_what_trials_inform(whole):
    result, _ = whole
    assert {alone.model.name for alone in result.pooled} == POOLED
    for name in POOLED:
        assert {item.name for item in (result.folder / name).iterdir()} == POOLED_FILES
    for name in ("compare.csv", "summary.csv"):
        assert not POOLED & set(pd.read_csv(result.folder / name)["model"])
    stored = pd.read_csv(result.folder / "pooled.csv")
    assert set(stored["model"]) == POOLED
    assert (
        stored.groupby("model")["form"].agg(list).tolist()
        == [["conditional on the published tau-hat", *["integrated over the prior for tau"] * 2]] * 2
    )
    np.testing.assert_array_equal(
        stored["p_benefit"], [answer.benefit for alone in result.pooled for answer in alone.answers]
    )
    info = json.loads((result.folder / "run.json").read_text())
    assert {entry["model"] for entry in info["pooled_outcomes"]} == POOLED
    for entry in info["pooled_outcomes"]:
        model_file = ROOT / "models" / f"{entry['model']}.toml"
        assert entry["model_sha256"] == hashlib.sha256(model_file.read_bytes()).hexdigest()


def test_a_pooled_result_alone_runs_alone(tmp_path):
    result = mutau.run_review(ROOT / "models", tmp_path, only="depression_level")
    assert (result.outcomes, len(result.pooled)) == ((), 1)
    assert result.converged
    assert result.agreed
    assert tuple(pd.read_csv(tmp_path / "compare.csv").columns) == COMPARE_COLUMNS
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "All outcomes" not in page
    assert "There is no forest plot" in page


def test_progress_counts_to_the_end(whole):
    result, seen = whole
    assert [done for _, done, _ in seen] == list(range(len(result.review.models) + 1))


def test_the_report_is_one_file_that_loads_nothing(whole):
    page = (whole[0].folder / "report.html").read_text(encoding="utf-8")
    for loader in ("<script src", "<link", "@import", 'src="http', "url(http"):
        assert loader not in page


def test_one_outcome_alone_gives_the_numbers_of_the_whole_run(whole, secure):
    together = next(outcome for outcome in whole[0].outcomes if outcome.model.name == "secure")
    pd.testing.assert_frame_equal(secure.outcomes[0].compared, together.compared)
    assert {item.name for item in secure.folder.iterdir()} == {
        *("secure", "summary.csv", "report.html", "run.json"),
        *written("compare", *GRADE_TABLES, forms=REVIEW_FORMATS),
    }


def test_a_rerun_replaces_an_outcomes_folder_whole(secure, tmp_path):
    results = copied(secure, tmp_path)
    before = {path.name: path.read_bytes() for path in (results / "secure").glob("*.[cspm][sdvn]*")}
    (results / "secure" / "stale.csv").write_text("left over")
    mutau.run_review(ROOT / "models", results, only="secure", engine="exact", level=None)
    assert {item.name for item in (results / "secure").iterdir()} == files_of("secure", "exact")
    for name, content in before.items():
        assert (results / "secure" / name).read_bytes() == content, name


def copy_of_the_review(folder):
    shutil.copytree(ROOT / "models", folder / "models")
    shutil.copytree(ROOT / "data", folder / "data")
    return folder / "models"


def test_bad_input_reports_all_faults_of_models_and_writes_nothing(tmp_path):
    models = copy_of_the_review(tmp_path)
    for name, old, new in (
        ("secure", 'benefit = "higher"', 'benefit = "up"'),
        ("avoidant", 'measure = "RR"', 'measure = "RRR"'),
    ):
        path = models / f"{name}.toml"
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))
    with pytest.raises(InputError) as caught:
        mutau.run_review(models, tmp_path / "results")
    text = str(caught.value)
    assert "secure.toml" in text
    assert "avoidant.toml" in text
    assert not (tmp_path / "results").exists()


def test_bad_data_are_reported_with_row_study_and_column(tmp_path):
    models = copy_of_the_review(tmp_path)
    data = tmp_path / "data" / "pip" / "studies.csv"
    data.write_text(data.read_text().replace("PIP,control,31,46,9,54", "PIP,control,61,46,9,54"))
    with pytest.raises(InputError) as caught:
        check_review(models)
    assert len(caught.value.faults) == 1  # once, although ten models read the file
    fault = caught.value.faults[0]
    assert (fault.row, fault.study, fault.column) == (2, "Cicchetti 1999a", "events_treatment")


def test_an_improper_posterior_stops_the_check(tmp_path):
    models = copy_of_the_review(tmp_path)
    path = models / "epds_routine_md.toml"
    path.write_text(path.read_text() + '\n[priors]\nmu = "Flat()"\ntau = "Uniform(0, inf)"\n')
    with pytest.raises(ImproperPosteriorError, match=r"epds_routine_md: .* needs at least 3 studies"):
        check_review(models)


def test_only_names_the_nearest_model():
    with pytest.raises(ArgumentError, match="Did you mean 'secure'"):
        check_review(ROOT / "models", only="secur")


def test_a_failed_run_leaves_the_old_folder(secure, tmp_path, monkeypatch):
    results = copied(secure, tmp_path)
    before = {path: path.read_bytes() for path in results.rglob("*") if path.is_file()}

    def broken(*_args, **_kwargs):
        raise RuntimeError("no space left")

    monkeypatch.setattr("mutau.plots.gallery.plot_forest", broken)
    with pytest.raises(RuntimeError):
        mutau.run_review(ROOT / "models", results, only="secure", seed=2, engine="exact", level=None)
    assert {path: path.read_bytes() for path in results.rglob("*") if path.is_file()} == before


def test_numbers_in_csv_are_not_rounded(whole):
    result, _ = whole
    stored = pd.read_csv(result.folder / "compare.csv")
    for column in ("estimate", "lower", "upper", "p_benefit"):
        np.testing.assert_array_equal(stored[column], result.compared[column])


def test_what_would_change_an_answer_is_on_the_page_and_every_number_in_a_file(tmp_path):
    mutau.run_review(ROOT / "models", tmp_path, only="epds_routine_smd", engine="exact", level=0.9)
    names = {item.name for item in (tmp_path / "epds_routine_smd").iterdir()}
    tables = (
        "named_priors",
        "prior_grids",
        "tipping_points",
        "power_scaling",
        "prior_conflict",
        "multiverse",
        "verdict",
    )
    assert {f"sensitivity_{name}.csv" for name in (*tables, "verdict")} <= names
    words = pd.read_csv(tmp_path / "epds_routine_smd" / "priors.csv")
    assert words["label"].isin(["default"]).sum() == 5
    figures = ("named_priors", "scales", "locations", "specifications")
    assert {f"sensitivity_{name}.svg" for name in figures} <= names
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What would change the answer" in page
    assert "tau&#39;s prior is 1.49 times as wide" in page
    grids = pd.read_csv(tmp_path / "epds_routine_smd" / "sensitivity_prior_grids.csv")
    assert len(grids) == 5000
