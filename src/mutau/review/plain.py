"""Records and frames as plain JSON and back, exact to the last bit; no code is ever run by reading."""

from __future__ import annotations

import importlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path, PurePath
from typing import Any, cast

import numpy as np
import pandas as pd

from mutau.fitting import Fit
from mutau.outcomes import OutcomeModel
from mutau.review.kept_fits import KeptFit
from mutau.studies import StudyTable

__all__ = ["NotPlainError", "from_plain", "shown", "to_plain"]

_KIND = "is"
_HOME = "mutau."


class NotPlainError(ValueError):
    """What was to be read back is not what `to_plain` writes."""


def shown(path: Path) -> Path:
    """A path as a person would write it: from the working folder, where it lies inside it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def to_plain(value: object, files: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Turn a record into what JSON holds.

    Parameters
    ----------
    value : object
        Records of mutau (frozen dataclasses), frames, mappings, tuples, lists, paths, text and numbers, in any
        depth. Of a `Fit` the tree and the posterior are left out: it comes back as a `KeptFit`.
    files : mapping of str to str, optional
        Contents of text files that stand beside, and their names: such a text is named, not repeated.

    Returns
    -------
    dict
        ``value``, and in ``shared`` the frames and tables of studies, each once.

    Raises
    ------
    TypeError
        Something has no plain form.

    Examples
    --------
    >>> from mutau.priors import HalfNormal
    >>> plain = to_plain({"tau": HalfNormal(0.5), "limits": (0.0, float("inf"))})
    >>> from_plain(plain) == {"tau": HalfNormal(0.5), "limits": (0.0, float("inf"))}
    True
    """
    writer = _Writer(dict(files or {}))
    written = writer.plain(value)
    return {"value": written, "shared": writer.shared}


def from_plain(
    plain: Mapping[str, Any],
    files: Mapping[str, str] | None = None,
    studies: StudyTable | None = None,
    data: Path | None = None,
) -> Any:
    """Read back what `to_plain` wrote.

    Parameters
    ----------
    plain : mapping
        From `to_plain`.
    files : mapping of str to str, optional
        Names of the text files beside, and their contents.
    studies : StudyTable, optional
        Takes the place of the table of studies that was written: the same rows, as they stand now in their file.
    data : path, optional
        Takes the place of the path of the studies that was written.

    Raises
    ------
    NotPlainError
        It cannot be read back: damaged, or written by another version.
    """
    try:
        return _Reader(list(plain["shared"]), dict(files or {}), studies, data).read(plain["value"])
    except (AttributeError, ImportError, IndexError, KeyError, TypeError, ValueError) as error:
        raise NotPlainError(f"{type(error).__name__}: {error}") from error


class _Writer:
    def __init__(self, names: dict[str, str]) -> None:
        self.names = {content: name for content, name in names.items() if content}
        self.shared: list[Any] = []
        self._places: dict[str, int] = {}

    def plain(self, value: object) -> Any:
        """Give the plain form of anything; numbers of NumPy become Python's."""
        if isinstance(value, np.generic):
            value = value.item()
        if isinstance(value, list):
            return [self.plain(each) for each in value]
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, float):
            return value if math.isfinite(value) else {_KIND: "float", "text": repr(value)}
        if isinstance(value, str):
            return {_KIND: "file", "name": self.names[value]} if value in self.names else value
        return self._composed(value)

    def _composed(self, value: object) -> dict[str, Any]:
        if isinstance(value, PurePath):
            return {_KIND: "path", "text": shown(Path(value)).as_posix()}
        if isinstance(value, tuple):
            return {_KIND: "tuple", "items": self.plain(list(value))}
        if isinstance(value, Mapping):
            return {_KIND: "mapping", "items": [[self.plain(k), self.plain(v)] for k, v in value.items()]}
        if isinstance(value, pd.DataFrame):
            return self._once(self._frame(value))
        if isinstance(value, Fit):
            return self._record(value, KeptFit, ("model", "studies", "effects", "engine"))
        if is_dataclass(value) and type(value).__module__.startswith(_HOME):
            names = tuple(item.name for item in fields(value) if item.init)
            written = self._record(value, type(value), names)
            return self._once(written) if isinstance(value, StudyTable) else written
        raise TypeError(f"a {type(value).__qualname__} has no plain form")

    def _record(self, value: object, kind: type, names: tuple[str, ...]) -> dict[str, Any]:
        home = f"{kind.__module__}:{kind.__qualname__}"
        return {_KIND: home, "fields": {name: self.plain(getattr(value, name)) for name in names}}

    def _frame(self, frame: pd.DataFrame) -> dict[str, Any]:
        if not frame.index.equals(pd.RangeIndex(len(frame))):
            raise TypeError("a frame with an index of its own has no plain form")
        return {
            _KIND: "frame",
            "columns": [self.plain(name) for name in frame.columns],
            "types": [str(kind) for kind in frame.dtypes],
            "cells": [self.plain(frame.iloc[:, i].tolist()) for i in range(frame.shape[1])],
            "attrs": self.plain(frame.attrs),
        }

    def _once(self, written: dict[str, Any]) -> dict[str, Any]:
        text = json.dumps(written)
        if text not in self._places:
            self._places[text] = len(self.shared)
            self.shared.append(written)
        return {_KIND: "shared", "place": self._places[text]}


class _Reader:
    def __init__(
        self, shared: list[Any], files: dict[str, str], studies: StudyTable | None, data: Path | None
    ) -> None:
        self.shared, self.files, self.studies, self.data = shared, files, studies, data
        self._made: dict[int, Any] = {}

    def read(self, plain: Any) -> Any:
        """Give what a plain form stands for."""
        if isinstance(plain, list):
            return [self.read(each) for each in plain]
        if not isinstance(plain, dict):
            return plain
        readers: dict[str, Callable[[], Any]] = {
            "float": lambda: float(plain["text"]),
            "file": lambda: self.files[plain["name"]],
            "path": lambda: Path(plain["text"]),
            "tuple": lambda: tuple(self.read(plain["items"])),
            "mapping": lambda: {self.read(key): self.read(value) for key, value in plain["items"]},
            "frame": lambda: self._frame(plain),
            "shared": lambda: self._once(plain["place"]),
        }
        kind = plain[_KIND]
        return readers[kind]() if kind in readers else self._record(kind, plain["fields"])

    def _record(self, home: str, values: dict[str, Any]) -> Any:
        module, _, name = home.partition(":")
        if not module.startswith(_HOME):
            raise NotPlainError(f"{home} is no record of mutau")
        kind = getattr(importlib.import_module(module), name)
        if not is_dataclass(kind):
            raise NotPlainError(f"{home} is no record")
        if kind is StudyTable and self.studies is not None:
            return self.studies
        read = {name: self.read(value) for name, value in values.items()}
        if kind is OutcomeModel and self.data is not None and read["data"] is not None:
            read["data"] = self.data
        return cast("Any", kind)(**read)

    def _frame(self, plain: dict[str, Any]) -> pd.DataFrame:
        columns = [
            pd.Series(self.read(cells), dtype=kind)
            for cells, kind in zip(plain["cells"], plain["types"], strict=True)
        ]
        frame = pd.DataFrame(dict(enumerate(columns)))  # two columns may bear one name
        frame.columns = pd.Index(self.read(plain["columns"]))
        frame.attrs = self.read(plain["attrs"])
        return frame

    def _once(self, place: int) -> Any:
        if place not in self._made:
            self._made[place] = self.read(self.shared[place])
        return self._made[place]
