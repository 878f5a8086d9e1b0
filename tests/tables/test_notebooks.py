"""Results show themselves in a notebook as their first table, and give it as Markdown to copy."""

from pathlib import Path

import pandas as pd
import pytest

import mutau

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def results(exact_secure, exact_sensitivity):
    return {
        "studies": exact_secure.studies,
        "model": exact_secure.model,
        "fit": exact_secure,
        "sensitivity": exact_sensitivity,
        "comparison": mutau.compare(exact_secure, {}),
        "pooled": mutau.pooled(mutau.load_model(ROOT / "models" / "depression_level.toml")),
    }


@pytest.mark.parametrize("name", ["studies", "model", "fit", "sensitivity", "comparison", "pooled"])
def test_a_result_shows_its_first_table(results, name):
    result = results[name]
    table = mutau.table(result)
    assert result._repr_markdown_() == result.to_markdown() == table.to_markdown()
    bundle = result._repr_mimebundle_(include=None, exclude=None)  # as IPython asks
    assert bundle["text/markdown"] == table.to_markdown()
    html = result._repr_html_()
    assert bundle["text/html"] == html
    assert html == table._repr_html_()
    assert html.startswith("<div")
    assert html.count("<tr>") == len(table.rows) + 1


def test_the_verdict_stands_under_the_first_table_of_a_sensitivity(results):
    found = results["sensitivity"]
    first, second = mutau.table(found), mutau.table(found, "multiverse")
    assert first.name == "sensitivity_named_priors"
    assert found.verdict.text in first.notes
    assert found.verdict.text not in second.notes


def test_what_is_selected_of_a_comparison_is_a_plain_frame(results):
    compared = results["comparison"]
    assert type(compared.head(1)) is type(compared[["estimate"]]) is pd.DataFrame
    assert len(pd.DataFrame(compared)) == len(compared)


def test_a_long_table_does_not_flood_a_notebook():
    trials = pd.DataFrame({"study": [f"s{i}" for i in range(150)], "yi": -0.1, "sei": 0.2})
    studies = mutau.StudyTable.from_frame(trials, "many.csv")
    assert studies._repr_html_().count("<tr>") == 101
    assert "The first 100 of 150 rows are shown." in studies._repr_html_()
    assert "| s149" in studies.to_markdown()
