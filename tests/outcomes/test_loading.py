from __future__ import annotations

from pathlib import Path

import pytest

from mutau.errors import DataWarning, ModelFileError, MutauError
from mutau.outcomes import Certainty, OutcomeModel, Threshold, ZeroCells, load_model, load_review
from mutau.priors import HalfCauchy, HalfNormal, Normal
from mutau.review import check_review

WRONG = Path(__file__).parents[1] / "data" / "wrong_models"
FOLDERS = sorted(path for path in WRONG.iterdir() if path.is_dir())

FULL = """
title = "Falls"
data = "studies.csv"
where = { outcome = "Falls", year = 2001 }
measure = "RR"
likelihood = "normal"
benefit = "lower"
smd_variance = "RevMan"

[priors]
mu = "Normal(0, 1)"
tau = "HalfCauchy(scale=0.5)"

[[priors.tau_alternatives]]
label = "empirical"
prior = "HalfNormal(0.3)"

[[thresholds]]
value = 0.75
label = "appreciable benefit"

[certainty]
rating = "moderate"
reasons = ["few events"]

[published]
estimate = 1
lower = 0.5
upper = 2
certainty = "low"

[zero_cells]
add = 1
to = "all"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "studies.csv").write_text("study,yi,sei\nA,1,1\n", encoding="utf-8")
    (tmp_path / "falls.toml").write_text(FULL, encoding="utf-8")
    (tmp_path / "review.toml").write_text('title = "Falls in old age"\n', encoding="utf-8")
    return tmp_path


def shown(text: str, folder: Path) -> str:
    """Leave out where the tests are, and whether a path was given or resolved."""
    for place in (folder, folder.resolve(), folder.parent, folder.parent.resolve()):
        text = text.replace(f"{place}/", "")
    return text


@pytest.mark.parametrize("wrong", FOLDERS, ids=lambda path: path.name)
def test_messages(wrong):
    with pytest.raises(MutauError) as caught:
        check_review(wrong)
    assert shown(str(caught.value), wrong) + "\n" == (wrong / "messages").read_text(encoding="utf-8")


def test_there_are_enough_wrong_models():
    assert sum(len(list(folder.glob("*.toml"))) for folder in FOLDERS) >= 150


def test_what_is_odd_is_said_and_not_refused():
    odd = WRONG.parent / "odd_models"
    with pytest.warns(DataWarning) as caught:
        check_review(odd)
    said = [shown(str(warning.message), odd) for warning in caught]
    relative = [note.replace("tests/data/odd_models/", "") for note in said]
    assert relative == (odd / "notes").read_text(encoding="utf-8").splitlines()


def test_every_key_arrives(folder):
    model = load_model(folder / "falls.toml")
    assert model.name == "falls"
    assert model.data == (folder / "studies.csv").resolve()
    assert model.where == {"outcome": "Falls", "year": 2001}
    assert (model.mu_prior, model.tau_prior) == (Normal(0, 1), HalfCauchy(0.5))
    assert model.tau_alternatives[0] == ("doubled", HalfCauchy(1))
    assert model.tau_alternatives[2] == ("empirical", HalfNormal(0.3))
    assert model.thresholds == (Threshold(0.75, "appreciable benefit"),)
    assert (model.published.estimate, model.published.certainty) == (1, "low")
    assert model.certainty == model.rated == Certainty("moderate", ("few events",))
    assert model.zero_cells == ZeroCells(1, "all")
    assert model.smd_variance == "RevMan"


def test_a_model_alone_needs_neither_review_nor_data(tmp_path):
    path = tmp_path / "falls.toml"
    path.write_text('measure = "OR"\nbenefit = "lower"\n', encoding="utf-8")
    model = load_model(str(path))
    assert (model.title, model.data) == ("falls", None)
    assert model == OutcomeModel(name="falls", measure="OR", benefit="lower")


def test_shared_keys_give_way_to_a_models_own(folder):
    (folder / "review.toml").write_text(
        'title = "Falls"\ntreatment_label = "exercise"\nmeasure = "OR"\nwhere.timepoint = "1 year"\n'
        '[priors]\nmu = "Normal(0, 9)"\ntau = "HalfNormal(9)"\n',
        encoding="utf-8",
    )
    (folder / "pain.toml").write_text(
        'benefit = "lower"\nwhere.outcome = "Pain"\n[priors]\ntau = "HalfNormal(2)"\n', encoding="utf-8"
    )
    model = load_model(folder / "pain.toml")
    assert (model.measure, model.treatment_label, model.title) == ("OR", "exercise", "pain")
    assert (model.mu_prior, model.tau_prior) == (Normal(0, 9), HalfNormal(2))
    assert model.where == {"timepoint": "1 year", "outcome": "Pain"}
    assert load_model(folder / "falls.toml").measure == "RR"


def test_review_has_its_order(folder):
    for name in ("arms", "zebra"):
        (folder / f"{name}.toml").write_text('measure = "OR"\nbenefit = "lower"\n', encoding="utf-8")
    (folder / "review.toml").write_text(
        'title = "T"\ncitation = "C"\nnote = "N"\norder = ["zebra"]\n', encoding="utf-8"
    )
    review = load_review(folder)
    assert [model.name for model in review.models] == ["zebra", "arms", "falls"]
    assert (review.title, review.citation, review.note, review.folder) == ("T", "C", "N", folder.resolve())


def test_folder_that_is_no_review(tmp_path):
    with pytest.raises(ModelFileError, match="there is no such folder"):
        load_review(tmp_path / "nowhere")
    with pytest.raises(ModelFileError) as caught:
        load_review(tmp_path)
    assert [fault.what for fault in caught.value.faults] == [
        "there is no such file",
        "there is no outcome model",
    ]


def test_file_that_is_no_model(folder):
    with pytest.raises(ModelFileError, match=r"Did you mean 'falls\.toml'"):
        load_model(folder / "fals.toml")
    with pytest.raises(ModelFileError, match="this is a folder"):
        load_model(folder)
    (folder / "falls.toml").write_bytes(b'title = "\xe9"\n')
    with pytest.raises(ModelFileError, match="not UTF-8"):
        load_model(folder / "falls.toml")


def test_unreadable_review_is_said_once(folder):
    (folder / "review.toml").write_text("title = \n", encoding="utf-8")
    with pytest.raises(ModelFileError) as caught:
        load_review(folder)
    assert [Path(fault.file).name for fault in caught.value.faults] == ["review.toml"]
    assert caught.value.faults[0].row == 1


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('thresholds = ["0.75"]', "thresholds[1]"),
        ('published = "see page 3"', "published"),
        ("where = 3", "where"),
        ('priors.mu = ["Normal(0, 1)"]', "priors.mu"),
        ("title = 3", "title"),
        ("measure = true", "measure"),
        ("published.k = true", "published.k"),
    ],
)
def test_a_wrong_type_is_one_fault(tmp_path, line, key):
    path = tmp_path / "falls.toml"
    base = {"measure": 'measure = "RR"', "benefit": 'benefit = "lower"'}
    base.pop(key, None)
    if key == "published.k":
        line += "\npublished.estimate = 1.0\npublished.lower = 0.5\npublished.upper = 2.0"
    path.write_text("\n".join([*base.values(), line]) + "\n", encoding="utf-8")
    with pytest.raises(ModelFileError) as caught:
        load_model(path)
    assert [fault.key for fault in caught.value.faults] == [key]
