"""Diagnostics on the page and in an outcome's folder: as much as the number of trials allows."""

import re
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import mutau
from mutau.report.which_trial import diagnosis_view
from mutau.review.diagnosing import write_diagnosis
from mutau.review.plain import from_plain, to_plain

BCG = Path(__file__).parents[2] / "data" / "bcg" / "bcg.csv"
MODEL = mutau.OutcomeModel(name="tb", title="Tuberculosis <b>", measure="RR", benefit="lower")


def diagnosed(k, folder):
    """The first trials, as a fit holds them; the posterior is not looked at."""
    studies, effects = mutau.fitting.prepare(pd.read_csv(BCG).head(k), MODEL)
    return write_diagnosis(SimpleNamespace(model=MODEL, studies=studies, effects=effects), folder)


def view(found):
    return diagnosis_view(SimpleNamespace(model=MODEL, diagnosis=found), "outcome-1", "made up")


@pytest.mark.parametrize(("k", "said"), [(1, "there is one"), (2, "there are 2")])
def test_few_trials_have_a_sentence_only(k, said, tmp_path):
    whole, found = diagnosed(k, tmp_path)
    assert not whole
    assert not list(tmp_path.iterdir())
    shown = view(found)
    assert not shown.tables
    assert shown.funnel is None
    assert said in shown.sentences[0]


def test_fewer_than_ten_trials_have_leave_one_out_and_are_told_why_no_more(tmp_path):
    whole, found = diagnosed(9, tmp_path)
    assert [table.name for table in whole] == ["leave_one_out"]
    shown = view(found)
    assert len(shown.tables[0].rows) == 9
    assert "REML" in shown.sentences[0]
    assert "fewer than 10 trials (here 9)" in shown.sentences[1]
    assert shown.funnel is None


def test_ten_trials_have_a_funnel_and_tests(tmp_path):
    whole, found = diagnosed(13, tmp_path)
    assert [table.name for table in whole] == ["leave_one_out", "small_studies"]
    assert {path.name for path in tmp_path.iterdir()} == {"funnel.svg", "funnel.pdf", "funnel.png"}
    back = from_plain(to_plain(found))
    assert back.sentences == found.sentences
    assert back.figures == found.figures
    shown = view(back)
    assert [len(each.rows) for each in shown.tables] == [13, 7]
    assert re.search(
        r'aria-label="Tuberculosis &lt;b(>|&gt;): funnel plot\. 13 studies', shown.funnel.picture
    )
    assert "<title" not in shown.funnel.picture
