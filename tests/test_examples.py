"""Every example runs, from any folder, and says what its text promises."""

import json
import os
import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SHOWN = Path(__file__).parents[1] / "docs" / "outputs"  # of the examples that are exact, to the letter
PROMISED = {
    "01_pip_review.py": ("P(benefit) = 0.99", "reconstructed (unique solution)", "published"),
    "02_your_own_csv.py": ("classic: log RR", "normal(0, 0.2)"),
    "03_change_the_model.py": ("fewer_per_1000", "P(fewer disorganised) = 0.9"),
    "04_counts_and_priors.py": ("6.915", "5.437", "review group", "P(benefit) = 0.999"),
    "05_which_prior.py": (
        "sceptic",
        "the model's own 0.953",
        "17 admissible data sets: P(benefit) 0.953 to 0.966",
    ),
    "06_would_a_sceptic_be_convinced.py": (
        "if it has 46 participants or more",
        "depends on the prior for tau",
    ),
    "07_what_should_a_service_do.py": (
        "NNTB 7.0 (NNTB 4.4 to ∞ to NNTH 21)",
        "Use it from a probability of 0.80 that it is worthwhile",
        "doubled do not use",
        "160 (80 + 80)",
    ),
    "08_bcg_vaccine.py": (
        "rma: -0.7145 0.1798 -3.9744 -1.0669 -0.3622",
        "rma, ~ ablat, ablat: -0.0291 0.0072 -4.0445 0.0001 -0.0432 -0.0150",
        "I2 is 92%; it performs poorly with heterogeneity",
        "P(benefit) = 1.000 (in a new setting 0.885",
    ),
}
TIGHT = "tight "  # what metafor prints of 08 when its searches are told to go on, where by default they stop early
EARLY = {"rel": 2e-4, "abs": 2e-4}  # how early: limits of I2, a tau2 of 0.0764 for 0.0763
NO_TAU2 = "after Aronson 1948"  # of one trial, for which metafor prints 0


def test_every_example_is_tested():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PROMISED)


@pytest.mark.parametrize("name", PROMISED)
def test_example_runs(name, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")
    printed = capsys.readouterr().out
    for promise in PROMISED[name]:
        assert promise in printed
    if (shown := SHOWN / f"{Path(name).stem}.txt").exists():
        assert printed == shown.read_text(encoding="utf-8")
    assert not os.listdir(tmp_path)  # an example writes nothing
    if name.startswith("08"):
        compare_with_metafor(printed)


def compare_with_metafor(printed):
    """Every number that metafor prints of the BCG trials, digit for digit (tests/reference/make_example_08.R)."""
    stored = Path(__file__).parent / "reference" / "example_08.json"
    expected = json.loads(stored.read_text(encoding="utf-8"))["lines"]
    found = {
        label: numbers.split()
        for label, _, numbers in (line.rpartition(": ") for line in printed.splitlines())
    }
    assert len(expected) >= 100
    for label in expected:
        if label.startswith(TIGHT):
            continue
        wanted = expected.get(TIGHT + label, expected[label])
        assert [*map(float, expected[label])] == pytest.approx([*map(float, wanted)], **EARLY)
        if label == NO_TAU2:
            assert (wanted[-1], found[label][-1]) == ("0.0000", "nan")
            wanted = [*wanted[:-1], "nan"]
        assert found[label] == wanted, label
