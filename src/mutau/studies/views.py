"""The wide view of the canonical table: both arms of a contrast in one row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from mutau.studies.columns import ARMS, KEYS, OWN_COLUMNS, wide_name

__all__ = ["wide_view"]

_BLOCKS = (("events", "n"), ("mean", "sd"), ("person_time",))
_LEADING = (*(column.name for column in KEYS), "arm", "treatment", "events", "n", "mean", "sd", "person_time")


def wide_view(arms: pd.DataFrame, arm_extras: Sequence[str]) -> pd.DataFrame:
    """Put the two arms of each contrast side by side.

    Parameters
    ----------
    arms : DataFrame
        Canonical: the treatment row of a contrast is followed by its control row.
    arm_extras : sequence of str
        Carried columns in which the arms differ; they get a column per arm.

    Returns
    -------
    DataFrame
        One row per contrast, in the order of `arms`.
    """
    sides = {name: arms[arms["arm"] == name].reset_index(drop=True) for name in ARMS}
    columns = {key.name: sides["treatment"][key.name] for key in KEYS}
    columns |= {f"arm_{name}": sides[name]["treatment"] for name in ARMS}
    for block in _BLOCKS:
        columns |= {wide_name(value, name): sides[name][value] for name in ARMS for value in block}
    columns |= {
        words: _joined(sides["treatment"][words], sides["control"][words]) for words in ("provenance", "note")
    }
    for extra in _extras(arms):
        if extra in arm_extras:
            columns |= {f"{extra}_{name}": sides[name][extra] for name in ARMS}
        else:
            columns[extra] = sides["treatment"][extra]
    columns["row"] = sides["treatment"]["row"]
    return pd.DataFrame(columns)


def _extras(arms: pd.DataFrame) -> Iterator[str]:
    own = {*_LEADING, "provenance", "note", *OWN_COLUMNS}
    yield from (name for name in arms.columns if name not in own)


def _joined(treatment: pd.Series, control: pd.Series) -> pd.Series:
    """Join what is said of the two arms where it differs."""
    pairs = zip(treatment, control, strict=True)
    return pd.Series(
        ["; ".join(dict.fromkeys(words for words in pair if words)) for pair in pairs], dtype="str"
    )
