"""Whatever stands in a table or a model file, it is read or refused with its faults: nothing else ever comes out.

Most inputs here are true ones with a few places spoilt, because random text never gets past the header. Hypothesis
draws a seed and each seed spoils many files, which makes 20,000 tables a matter of seconds; one that fails is shown.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mutau.errors import InputError, ModelFileError, StudyDataError
from mutau.outcomes import OutcomeModel, load_model
from mutau.outcomes.plausible import model_notes
from mutau.studies import StudyTable
from mutau.studies.reading import raw_from_csv
from mutau.studies.samples import SAMPLE_COLUMNS

ROOT = Path(__file__).parents[2]
DATA = ROOT / "tests" / "data"
PER_SEED = 40
SEEDS = st.integers(0, 2**32 - 1)

type Spoil = Callable[[bytes, bytes, random.Random], bytes]


def files(pattern: str, *folders: Path) -> list[bytes]:
    return [path.read_bytes() for folder in folders for path in sorted(folder.glob(pattern))]


PIP = b"\n".join((ROOT / "data" / "pip" / "studies.csv").read_bytes().splitlines()[:6])
LONG = b"study,arm,events,n,mean,sd\nA,treatment,4,9,1,2\nA,control,5,9,3,2\nB,treatment,,8,1,2\nB,control,,7,3,2\n"
BOTH = b"study,ai,n1i,ci,n2i,yi,sei,year\nA,4,9,5,9,,,2001\nB,,,,,0.5,0.2,2002\nC,0,7,1,8,,,2003\n"
TABLES = files("*.csv", DATA / "odd_studies") + [PIP, LONG, BOTH] * 8
TABLES += files("*.csv", *(DATA / "wrong_studies" / kind for kind in ("header", "several")))
MODELS = files("*.toml", ROOT / "models") * 4
MODELS += files("*.toml", DATA / "odd_models", *sorted(DATA.glob("wrong_models/*")))
REVIEW = (
    b'title = "A"\nmeasure = "RR"\nbenefit = "lower"\ndata = "studies.csv"\n[priors]\nmu = "Normal(0, 2)"\n'
)
CELLS = (
    *("", " ", "0", "1", "7", "60", "-1", "0.5", "1e999", "-inf", "nan", "1e-320", "1e300", "9" * 400, "0x1"),
    *(
        "1,5",
        "1.200,5",
        "1_000",
        "4%",
        "5/9",
        "NR",
        "#DIV/0!",
        "=A1",
        "Apr-46",
        "4 (5)",
        "4*",
        "TRUE",
        "−1",
        "１",
    ),
    *(
        "\u00a01",
        "\u200b",
        "\ufeff",
        "∞",
        "½",
        "treatment",
        "control",
        "A",
        "B",
        "a",
        "Total",
        "study",
        "yi",
        "sei",
    ),
    *("vi", "arm", "events", "n", "row", "contrast", "provenance", "bi", "t1i", "time", "\x1b[31m", "\ud7ff"),
    *("\U0010ffff", "é", "А", "x" * 2000, "a\tb", "a;b"),
)
VALUES = (
    *(
        '""',
        '" "',
        '"A"',
        "0",
        "1",
        "-1",
        "7",
        "0.5",
        "-0.2",
        "1e400",
        "-inf",
        "nan",
        "9" * 400,
        "0x1",
        "1_000",
    ),
    *(
        "true",
        "[]",
        "{}",
        "[1]",
        "[[]]",
        '["A"]',
        "{ A = 1 }",
        "1979-05-27",
        "07:32:00",
        "'A'",
        '"""A"""',
        "A",
    ),
    *('"\\u0000"', '"RR"', '"RD"', '"MD"', '"SMD"', '"GEN"', '"IRR"', '"normal"', '"binomial"', '"pooled"'),
    *('"lower"', '"poisson"', '"HalfNormal(0.5)"', '"Normal(1, 1e400)"', '"Normal(((("', '"PointMass(0)"'),
    *('"Uniform(0, inf)"', '"Flat()"', '"LogNormal(-2.56, 1.74)"', '"NormalMixture((1,), (0,), (1,))"'),
    *('"InverseGamma(1e-300, 1e300)"', '"studies.csv"', '"\\u0000.csv"', '"very low"'),
    *(
        '"Jeffreys()"',
        '"UniformShrinkage()"',
        '"DuMouchel()"',
        '"UniformI2()"',
        '"BergerDeely()"',
        "{ sceptical = 0.8 }",
    ),
    *(
        '{ elicited = "Normal", median = 0.8, above = 0.5, sure = 0.9 }',
        "{ unit_information = 1, mean = 1e300 }",
    ),
    *('{ published = "turner2015/any" }', '{ published = "A", across_scales = true }'),
)
MARKS = (
    "\x00",
    "\r",
    "\n",
    '"',
    "'",
    ";",
    "\t",
    "|",
    ",",
    "[",
    "]",
    "{",
    "}",
    "=",
    "#",
    "\\",
    ".",
    "-",
    " ",
    "é",
)
KEYS = sorted(
    {line.split("=")[0].strip() for each in MODELS for line in each.decode("utf-8", "replace").split("\n")}
)


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Put, take or replace a mark or a few bytes anywhere."""
    place = chance.randrange(len(content) + 1)
    new = chance.choice(MARKS).encode() if chance.random() < 0.7 else chance.randbytes(chance.randrange(3))
    return content[:place] + new + content[place + chance.randrange(3) :]


def moved(items: list, chance: random.Random) -> None:
    """Lose, double or exchange items of a list."""
    i, j = (chance.randrange(len(items)) for _ in range(2))
    match chance.randrange(3):
        case 0:
            del items[i]
        case 1:
            items.insert(i, items[j])
        case 2:
            items[i], items[j] = items[j], items[i]


def spoilt_table(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change a cell, a row or a column of a table."""
    rows = [line.split(",") for line in content.decode("utf-8", "replace").split("\n")]
    match chance.randrange(10):
        case 0:
            moved(rows, chance)
        case 1:
            order = list(range(len(rows[0])))
            moved(order, chance)
            rows = [[row[place] for place in order if place < len(row)] for row in rows]
        case 2:
            row, theirs = chance.choice(rows), other.decode("utf-8", "replace").split(",")
            row[chance.randrange(len(row))] = chance.choice(theirs)
        case _:
            row = chance.choice(rows)
            row[chance.randrange(len(row))] = chance.choice(CELLS)
    return "\n".join(map(",".join, rows)).encode("utf-8", "replace")


def spoilt_model(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Change a key, a value or a line of a model file."""
    lines = content.decode("utf-8", "replace").split("\n")
    place = chance.randrange(len(lines))
    key, mark, _ = lines[place].partition("=")
    match chance.randrange(10):
        case 0:
            moved(lines, chance)
        case 1:
            lines[place] = chance.choice(other.decode("utf-8", "replace").split("\n"))
        case 2 | 3:
            lines.insert(place, f"{chance.choice(KEYS)} = {chance.choice(VALUES)}")
        case _ if mark:
            lines[place] = f"{key}= {chance.choice(VALUES)}"
    return "\n".join(lines).encode("utf-8", "replace")


def spoilt_files(originals: list[bytes], spoil: Spoil, seed: int) -> Iterator[bytes]:
    chance = random.Random(seed)
    for _ in range(PER_SEED):
        content = chance.choice(originals)
        for _ in range(chance.randrange(1, 5)):
            content = spoil(content, chance.choice(originals), chance)
        yield damaged(content, chance) if chance.random() < 0.1 else content


def said_properly(error: InputError) -> bool:
    return bool(error.faults) and all(
        fault.what and fault.rule and fault.remedy and str(fault).isprintable() for fault in error.faults
    )


def read_table(content: bytes) -> StudyTable | None:
    try:
        return StudyTable._from_raw(raw_from_csv(content, "any.csv"))
    except StudyDataError as error:
        refused = error
    assert said_properly(refused)
    return None


def of_samples(ready: pd.DataFrame) -> Iterator[np.ndarray | pd.Series]:
    """Breaches in rows without arms: effects with their standard errors, or the numbers of one sample."""
    numbers = ready.select_dtypes("number").columns
    given = [name for name in numbers if name in SAMPLE_COLUMNS]
    if ready["yi"].notna().any() or not given:
        yield ~np.isfinite(ready[["yi", "sei"]].to_numpy())
        yield ready["sei"] <= 0
        return
    yield np.isinf(ready[given].to_numpy())
    for name in given:
        values = ready[name]
        yield {"n": values < 1, "events": values < 0, "r": abs(values) > 1}.get(name, values == np.inf)
        if name.startswith("sd") or name in ("person_time", "hr", "v"):
            yield values <= 0
    if {"events", "n"} <= set(given) and "person_time" not in given:
        yield ready["events"] > ready["n"]


def sound(table: StudyTable) -> bool:
    """Whether everything let in keeps the rules: NaN compares as False, so each is asked for its breach."""
    arms, ready = table.arms, table.estimates
    numbers = arms[["events", "n", "mean", "sd", "person_time"]].to_numpy()
    breaches = [
        np.isinf(numbers),
        arms["events"] > arms["n"],
        arms["events"] < 0,
        arms["n"] < 1,
        arms["sd"] <= 0,
        arms["person_time"] <= 0,
        *of_samples(ready),
    ]
    names = all(name.strip() for name in table.study_names)
    return names and len(arms) % 2 == 0 and table.k >= 1 and not any(np.any(breach) for breach in breaches)


def check_tables(seed: int) -> None:
    for content in spoilt_files(TABLES, spoilt_table, seed):
        try:
            table = read_table(content)
            assert table is None or sound(table)
        except BaseException as error:
            error.add_note(f"the table was {content!r}")
            raise


def read_model(path: Path) -> OutcomeModel | None:
    try:
        return load_model(path)
    except ModelFileError as error:
        refused = error
    assert said_properly(refused)
    return None


def check_models(seed: int, folder: Path) -> None:
    (folder / "studies.csv").write_bytes(PIP)
    reviews = spoilt_files([REVIEW], spoilt_model, seed)
    for content, spoilt in zip(spoilt_files(MODELS, spoilt_model, seed), reviews, strict=True):
        review = spoilt if len(content) % 5 == 0 else REVIEW
        (folder / "any.toml").write_bytes(content)
        (folder / "review.toml").write_bytes(review)
        try:
            model = read_model(folder / "any.toml")
            assert model is None or isinstance(model_notes(model), tuple)
        except BaseException as error:
            error.add_note(f"the model file was {content!r}, review.toml {review!r}")
            raise


def many(examples: int) -> settings:
    """Without shrinking: a smaller seed is no smaller file."""
    return settings(max_examples=examples, deadline=None, phases=(Phase.explicit, Phase.generate))


@many(20_000 // PER_SEED)
@given(SEEDS)
def test_twenty_thousand_tables(seed):
    check_tables(seed)


@pytest.mark.slow
@many(400_000 // PER_SEED)
@given(SEEDS)
def test_four_hundred_thousand_tables(seed):
    check_tables(seed + 2**32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@many(2_000 // PER_SEED)
@given(seed=SEEDS)
def test_two_thousand_model_files(folder, seed):
    check_models(seed, folder)


@pytest.mark.slow
@many(100_000 // PER_SEED)
@given(seed=SEEDS)
def test_a_hundred_thousand_model_files(folder, seed):
    check_models(seed + 2**32, folder)
