"""The verdict: its labels, its thresholds, and that every number in it stands in a row."""

import math
import re

import pandas as pd
import pytest

from mutau.comparing import compare
from mutau.errors import ArgumentError
from mutau.sensitivities import (
    Choice,
    Multiverse,
    Specification,
    VerdictThresholds,
    default_choices,
    multiverse,
    power_scaling,
    prior_conflict,
    verdict,
)
from mutau.sensitivities.verdict import NAMED_COLUMNS
from mutau.tables import number, probability

NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.]*\w)")


def made(own, *others, k=5):
    """A multiverse of one dimension per entry: (dimension, option, P(benefit))."""
    common = {
        "measure": "RR",
        "likelihood": "normal",
        "mu_prior": "normal(0, 2.82)",
        "tau_prior": "half-normal(0.5)",
    }
    common |= {
        "estimate": 0.5,
        "lower": 0.3,
        "upper": 0.9,
        "prob": 0.95,
        "ess": math.inf,
        "counts": True,
        "how": "exact",
    }
    rows = [Specification(0, (), k=k, p_benefit=own, provenance="made up", **common)]
    rows += [
        Specification(i, (Choice(dimension, option),), k=k - 1, p_benefit=p, provenance="made up", **common)
        for i, (dimension, option, p) in enumerate(others, start=1)
    ]
    return Multiverse("m", "M", "lower", tuple(rows))


def named(*rows):
    """Named priors: (label, prior, P(benefit))."""
    return pd.DataFrame(
        [(label, prior, p, 0.5, 0.3, 0.9) for label, prior, p in rows], columns=list(NAMED_COLUMNS)
    )


WIDE = ("wide", "wide: tau ~ half-normal(1); mu ~ normal(0, 2.82)", 0.8)
NARROW_MU = ("sceptic", "mu ~ normal(0, 0.2); tau ~ half-normal(0.5)", 0.8)
OWN = ("default", "default: tau ~ half-normal(0.5); mu ~ normal(0, 2.82)", 0.9)


@pytest.mark.parametrize(
    ("others", "priors", "label"),
    [
        ([("likelihood", "binomial", 0.91)], [OWN], "robust"),
        ([("likelihood", "binomial", 0.91)], [OWN, WIDE], "depends on the prior for tau"),
        ([], [OWN, NARROW_MU], "depends on the prior for mu"),
        ([], [("?", "another", 0.8)], "depends on the priors"),
        ([("likelihood", "binomial", 0.8)], [OWN], "depends on the likelihood"),
        ([("baseline prior", "SD 5", 0.8)], [OWN], "depends on the likelihood"),
        ([("leave one study out", "without A", 0.8)], [], "depends on one study"),
        ([("without studies by country", "without B", 0.8)], [], "depends on studies left out by country"),
        ([("likelihood", "binomial", 0.8)], [WIDE], "depends on the prior for tau and on the likelihood"),
        ([("likelihood", "binomial", 0.8), ("measure", "OR", 0.7)], [WIDE], "not robust"),
        ([("likelihood", "binomial", 0.45)], [OWN], "not robust"),
    ],
)
def test_labels(others, priors, label):
    found = verdict(made(0.9, *others), named(*priors))
    assert found.label == label
    said = {"robust": "is robust to what was varied here"}.get(label, label)
    assert said in found.text


@pytest.mark.parametrize("k", [1, 2])
def test_with_two_studies_the_answer_never_depends_on_one(k):
    found = verdict(made(0.9, ("leave one study out", "without A", 0.2), k=k))
    assert found.depends_on == ()
    assert "not whether the answer depends on one" in found.text
    with pytest.raises(ArgumentError, match="two studies"):
        VerdictThresholds(fewest_studies=2)


def written(rows):
    """Every way in which a value of a row may be printed."""
    out = set()
    for value in rows["value"]:
        if isinstance(value, str):
            out |= set(NUMBER.findall(value))
        else:
            forms = {probability(value)} if 0 <= value <= 1 else set()
            forms |= {number(value), f"{value:g}", f"{100 * value:g}", f"{value:.3f}"}
            out |= {form.lstrip("<> ") for form in forms}
    for row in rows["row"]:
        out |= set(NUMBER.findall(row))
    return out


def test_every_number_in_a_sentence_stands_in_its_rows(avoidant):
    world = multiverse(avoidant, default_choices(avoidant))
    rows = compare(avoidant)
    rows = rows[rows["engine"] == "exact"]
    for priors in (rows, rows[list(NAMED_COLUMNS)]):
        found = verdict(world, priors, power_scaling(avoidant), prior_conflict(avoidant))
        frame = found.to_frame()
        assert list(dict.fromkeys(frame["text"])) == [sentence.text for sentence in found.sentences]
        for sentence, own in frame.groupby("text", sort=False):
            counts = {str(n) for n in range(2, len(own) + 1)}  # how many specifications: as many rows
            loose = set(NUMBER.findall(str(sentence))) - written(own) - counts
            assert not loose, (sentence, loose)
        assert "reconstructed" in found.text
        assert "unbiased trials" in found.text
    assert found.depends_on == verdict(world, rows, power_scaling(avoidant)).depends_on


def test_a_table_without_its_columns_is_refused():
    with pytest.raises(ArgumentError, match="p_benefit"):
        verdict(made(0.9), pd.DataFrame({"prior_label": ["a"], "prior": ["b"]}))


def test_nothing_varied_is_not_called_robust():
    assert "Nothing was varied" in verdict(made(0.9)).text
