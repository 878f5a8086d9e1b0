"""A copied review: what it still says of the shipped one is noted, key by key, and nothing else is."""

import shutil
import warnings
from pathlib import Path

import pytest

from mutau.errors import DataWarning
from mutau.review import check_review

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copied(tmp_path):
    """The shipped review with one model, reading the reader's own trials."""
    shutil.copy(ROOT / "examples" / "my_trials.csv", tmp_path / "trials.csv")
    text = (ROOT / "models" / "review.toml").read_text(encoding="utf-8")
    head, order = text.split("# Results are shown in this order.")
    (tmp_path / "review.toml").write_text(
        head + order.split("]", 1)[1].replace("../data/pip/studies.csv", "trials.csv"), encoding="utf-8"
    )
    text = (ROOT / "models" / "secure.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("where.", "halved", "[sensitivity]"))]
    (tmp_path / "relapse.toml").write_text("\n".join(lines), encoding="utf-8")
    return tmp_path


def notes(folder):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", DataWarning)
        check_review(folder)
    return [str(each.message) for each in caught if issubclass(each.category, DataWarning)]


def test_what_is_left_of_the_shipped_review_is_named(copied):
    published, review, model = notes(copied)
    assert published.startswith(
        "relapse: published.k is 2 and the model selects 3; published.participants is 168 and the model selects 448: "
    )
    assert review.startswith(
        "review.toml: title, citation, note are word for word as in the shipped review, Parent-"
    )
    assert model.startswith(
        "relapse: title, comparison, treatment_label, outcome_label, provenance_note, published, "
        "priors.tau_alternatives (review group) are word for word"
    )


def test_nothing_is_noted_once_it_is_said_anew(copied):
    text = (copied / "relapse.toml").read_text(encoding="utf-8").split("provenance_note")[0]
    text = text.replace("PIP", "therapy").replace("Infant attachment: secure", "Relapse")
    (copied / "relapse.toml").write_text(text.replace("secure attachment", "relapse"), encoding="utf-8")
    (copied / "review.toml").write_text(
        'title = "Mine"\ndata = "trials.csv"\ntreatment_label = "therapy"\n', encoding="utf-8"
    )
    assert notes(copied) == []


def test_the_same_models_on_the_shipped_data_are_no_copy(copied):
    shutil.copytree(ROOT / "models", copied / "models")
    shutil.copytree(ROOT / "data" / "pip", copied / "data" / "pip")
    assert notes(copied / "models") == []
