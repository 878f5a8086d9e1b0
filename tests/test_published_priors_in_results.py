"""A review whose models name published priors: what its tables, figures, page and record say of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import mutau
from mutau import tables

ROOT = Path(__file__).parents[1]
OWN = "bartos2023/developmental-psychosocial-and-learning-problems/rr"
CROSSED = "turner2015/any; published for OR, used for RR"
SECURE = f"""
[priors]
mu = {{ published = "{OWN}/mu" }}
tau = {{ published = "{OWN}/tau" }}
[[priors.tau_alternatives]]
label = "any setting"
prior = {{ published = "turner2015/any", across_scales = true }}
"""
DEPRESSION = """
[[priors.tau_alternatives]]
label = "Rhodes"
prior = { published = "rhodes2015/mental-health/nonpharma/other" }
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    folder = tmp_path_factory.mktemp("review")
    shutil.copytree(ROOT / "data" / "pip", folder / "data" / "pip")
    models = folder / "models"
    models.mkdir()
    (models / "review.toml").write_text('title = "R"\ndata = "../data/pip/studies.csv"\norder = ["secure"]\n')
    for name, text in (("secure", SECURE), ("epds_routine_smd", DEPRESSION)):
        (models / f"{name}.toml").write_text((ROOT / "models" / f"{name}.toml").read_text() + text)
    result = mutau.run_review(models, folder / "out", engine="exact", level=None)
    return result, folder / "out"


def test_every_table_names_prior_and_scale(results):
    _, out = results
    main = (out / "secure" / "main.md").read_text(encoding="utf-8")
    assert f"default: inverse-gamma(0.97, 0.11) [{OWN}/tau]" in main
    assert f"any setting: log-normal(-1.28, 0.87) [{CROSSED}]" in main
    assert f"[{CROSSED}]" in (out / "secure" / "compare.csv").read_text(encoding="utf-8")


def test_the_record_names_them(results):
    _, out = results
    run = json.dumps(json.loads((out / "run.json").read_text(encoding="utf-8")))
    assert f"StudentT(0, 0.39, 3) [{OWN}/mu]" in run
    assert f"LogNormal(-1.28, 0.87) [{CROSSED}]" in run


def test_the_page_says_what_to_know_and_the_source(results):
    _, out = results
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "made for averaging with a model in which tau = 0" in page
    assert "doi:10.1002/sim.6381" in page


def test_figures_have_room_for_the_scale_but_not_for_the_name(results):
    _, out = results
    forest = " ".join((out / "secure" / "forest.svg").read_text(encoding="utf-8").split())
    assert "tau ~ inverse-gamma(0.97, 0.11) (default)" in forest
    assert "published for OR" in forest


def test_both_versions_of_a_suspected_misprint_are_run(results):
    _, out = results
    main = (out / "epds_routine_smd" / "main.md").read_text(encoding="utf-8")
    assert "Rhodes: log-t(-1.925, 0.965, df 5)" in main
    assert "Rhodes, by the pattern of its table: log-t(-1.425, 0.965, df 5)" in main


def test_the_reviews_table_leaves_out_what_an_outcome_does_not_have(results):
    result, _ = results
    table = tables.review_table([each.model for each in result.outcomes], result.compared)
    assert table.columns[-1] == "Provenance"
    assert table["P(benefit): any setting"].tolist()[1] == "–"
    assert table["P(benefit): Rhodes"].tolist()[0] == "–"
    assert not table.isna().any().any()
