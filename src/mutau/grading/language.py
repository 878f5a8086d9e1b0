"""The words of statements, one TOML file per language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from mutau.errors import ArgumentError, Fault, nearest

__all__ = ["languages", "words_of"]

_SUFFIX = ".toml"


def _folder() -> Any:
    return files("mutau.grading").joinpath("wording")


def languages() -> tuple[str, ...]:
    """List the languages that statements can be made in.

    Examples
    --------
    >>> languages()
    ('en',)
    """
    names = (entry.name for entry in _folder().iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


@cache
def words_of(language: str) -> dict[str, Any]:
    """Read the wording of a language.

    Raises
    ------
    ArgumentError
        There is none in this language.
    """
    if language not in languages():
        remedy = nearest(str(language), languages())
        raise ArgumentError(
            Fault(f"language {language!r}", "There is no wording in it", remedy, key="language")
        )
    return tomllib.loads(_folder().joinpath(f"{language}{_SUFFIX}").read_text(encoding="utf-8"))
