"""Outcome models and reviews from TOML files: everything wrong with all files, at once."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from mutau.errors import Fault, ModelFileError, nearest
from mutau.outcomes.checks import model_faults
from mutau.outcomes.draft import draft
from mutau.outcomes.model import OutcomeModel
from mutau.outcomes.records import POOLED
from mutau.outcomes.schema import ModelFile, ReviewFile, Structure, checked_structure
from mutau.outcomes.syntax import syntax_remedy
from mutau.symbols import folded

__all__ = ["Review", "load_model", "load_review"]

_REVIEW = "review.toml"
_OF_THE_REVIEW = ("title", "citation", "note", "order")
_OF_A_TABLE = ("data", "where", "zero_cells", "smd_variance", "decision")
_WHOLE = (
    "mu",
    "tau",
    "loss",
    "instrument",
)  # tables that are one statement: a part of one is no part of another
_LINE = re.compile(r"\s*\(at (line (\d+), column \d+|end of document)\)")
_RESULTS = ("report.html", "run.json", "compare.csv", "summary.csv", "pooled.csv")
_FILE_KEYS = {
    "mu_prior": "priors.mu",
    "tau_prior": "priors.tau",
    "tau_alternatives": "priors.tau_alternatives",
}


@dataclass(frozen=True, slots=True)
class Review:
    """A systematic review: what it is called and its outcome models.

    Parameters
    ----------
    title, citation, note : str
        For the reader: name, full reference with DOI, and what must be known before a result is used.
    models : tuple of OutcomeModel
        In the order of the review.
    folder : Path
        Where its files are.
    """

    title: str
    citation: str
    note: str
    models: tuple[OutcomeModel, ...]
    folder: Path


@dataclass(frozen=True, slots=True)
class _Source:
    """A file's keys and values, as far as they could be read, and what could not be."""

    file: str
    content: Structure
    faults: tuple[Fault, ...]


def load_model(path: str | os.PathLike[str]) -> OutcomeModel:
    """Read an outcome model from a TOML file.

    Keys that the models of a folder share may stand in its ``review.toml``; the model's own come first.

    Parameters
    ----------
    path : path-like
        A ``.toml`` file.

    Returns
    -------
    OutcomeModel
        Its name is the file's, without ``.toml``; its ``data`` is an absolute path (in the file it is
        relative to the file's folder).

    Raises
    ------
    ModelFileError
        With every fault found in the file and in ``review.toml``, each with file and dotted key.

    Examples
    --------
    >>> from mutau.shipped import shipped_path
    >>> model = load_model(shipped_path("models", "secure.toml"))
    >>> model.measure, model.published.estimate, model.published.certainty
    ('RR', 8.93, 'very low')
    """
    file = Path(path)
    own = _read(file, str(path), ModelFile)
    shared = _shared(file.parent)
    model, faults = _model(file, own, shared)
    if model is None or faults:
        raise ModelFileError(_each_once([*own.faults, *shared.faults, *faults]))
    return model


def load_review(folder: str | os.PathLike[str]) -> Review:
    """Read a review: ``review.toml`` and every other TOML file of a folder, each an outcome model.

    Parameters
    ----------
    folder : path-like
        The folder. Its ``review.toml`` has a ``title``, and may have a ``citation``, a ``note``, the
        ``order`` of the models (names; others follow by name) and any key of a model, which then holds for
        all.

    Returns
    -------
    Review

    Raises
    ------
    ModelFileError
        With every fault found in any of the files.

    Examples
    --------
    >>> from mutau.shipped import shipped_path
    >>> review = load_review(shipped_path("models"))
    >>> [model.name for model in review.models][:2]
    ['secure', 'insecure_to_secure']
    """
    where = Path(folder)
    if not where.is_dir():
        what = "this is a file" if where.exists() else "there is no such folder"
        rule = "A review is a folder of outcome models (TOML) with review.toml"
        raise ModelFileError(Fault(what, rule, "Name the folder", file=str(folder)))
    shared = _shared(where, required=True)
    found = (file for file in where.glob("*.toml") if not file.name.startswith("."))
    files = sorted(file for file in found if file.name != _REVIEW)
    faults = list(shared.faults)
    if not files:
        rule = "A review has at least one outcome model, a TOML file beside review.toml"
        faults.append(Fault("there is no outcome model", rule, "Add one", file=str(folder)))
    models: dict[str, OutcomeModel] = {}
    for file in files:
        own = _read(file, str(file), ModelFile)
        model, wrong = _model(file, own, shared)
        faults += [*own.faults, *wrong]
        if model is not None:
            models[file.stem] = model
    faults += _review_faults(shared, [file.stem for file in files])
    faults += _told_apart(models, where)
    if faults:
        raise ModelFileError(_each_once(faults))
    about = {key: str(shared.content.get(key, "")) for key in ("title", "citation", "note")}
    order = [*shared.content.get("order", ()), *models]
    return Review(
        **about, models=tuple(models[name] for name in dict.fromkeys(order)), folder=where.resolve()
    )


def _each_once(faults: Iterable[Fault]) -> list[Fault]:
    return list(dict.fromkeys(faults))


def _shared(folder: Path, *, required: bool = False) -> _Source:
    file = folder / _REVIEW
    if not required and not file.is_file():
        return _Source(str(file), {}, ())
    return _read(file, str(file), ReviewFile)


def _read(file: Path, shown: str, schema: type[ModelFile] | type[ReviewFile]) -> _Source:
    text = ""
    try:
        text = file.read_bytes().decode("utf-8-sig")
        content = tomllib.loads(text)
    except (OSError, RecursionError, ValueError) as error:
        return _Source(shown, {}, (_unreadable(file, shown, error, text),))
    kept, faults = checked_structure(content, schema, shown)
    return _Source(shown, kept, tuple(faults))


def _unreadable(file: Path, shown: str, error: Exception, text: str) -> Fault:
    if isinstance(error, FileNotFoundError):
        have = sorted(each.name for each in file.parent.glob("*.toml")) if file.parent.is_dir() else []
        if file.name == _REVIEW:
            remedy = 'Write one; a line such as title = "..." is enough'
            return Fault(
                "there is no such file", "A review says in review.toml what it is", remedy, file=shown
            )
        remedy = nearest(file.name, have) if have else "Check the path"
        return Fault("there is no such file", "An outcome model is a TOML file", remedy, file=shown)
    if isinstance(error, IsADirectoryError):
        rule = "An outcome model is a TOML file"
        return Fault("this is a folder", rule, "Name a file inside it, or use load_review", file=shown)
    if isinstance(error, OSError):
        rule = "An outcome model is a TOML file"
        return Fault(f"it cannot be read ({error})", rule, "Check path and permissions", file=shown)
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        what, row = f"byte 0x{byte:02x} is not UTF-8", error.object.count(b"\n", 0, error.start) + 1
        return Fault(what, "TOML is UTF-8", "Save the file as UTF-8", file=shown, row=row)
    at = _LINE.search(str(error))
    lines = text.split("\n")
    row = int(at[2]) if at and at[2] else len(lines)
    said = re.sub(r"\('(.+?)',\)", r"'\1'", _LINE.sub("", str(error)))
    return Fault(
        f"this is not TOML ({said})",
        "A model file is written in TOML, key = value",
        syntax_remedy(lines[row - 1] if 0 < row <= len(lines) else "", said),
        file=shown,
        row=row,
    )


def _model(file: Path, own: _Source, shared: _Source) -> tuple[OutcomeModel | None, list[Fault]]:
    """Put a model together, or say what is wrong with it beyond keys and types."""
    for_all = {key: value for key, value in shared.content.items() if key not in _OF_THE_REVIEW}
    if own.content.get("likelihood") == POOLED:  # reads no table: what the others share of one is not for it
        for_all = {key: value for key, value in for_all.items() if key not in _OF_A_TABLE}
    merged = _merged(for_all, own.content)
    broken = [fault.key or "" for source in (own, shared) for fault in source.faults]
    if "" in broken:  # a file could not be read at all
        return None, []
    fields, faults = draft(merged, file)
    faults = [fault for fault in faults if not _follows(fault, broken)]
    broken += [fault.key or "" for fault in faults]
    faults += [fault for fault in map(_with_file_key, model_faults(fields)) if not _follows(fault, broken)]
    if broken or faults:
        return None, [_attributed(fault, own, for_all, shared) for fault in faults]
    return OutcomeModel(**fields), []


def _follows(fault: Fault, broken: list[str]) -> bool:
    """Say whether a fault only follows from one reported already, at the same key or at a part of it."""
    key = fault.key or ""
    return any(
        key == wrong or long.startswith((f"{short}.", f"{short}["))
        for wrong in broken
        for long, short in ((key, wrong), (wrong, key))
    )


def _with_file_key(fault: Fault) -> Fault:
    """Write the key, and any parameter the text names, as they stand in a file."""

    def spelt(text: str) -> str:
        return reduce(lambda so_far, name: so_far.replace(name, _FILE_KEYS[name]), _FILE_KEYS, text)

    return Fault(spelt(fault.what), fault.rule, fault.remedy, key=spelt(fault.key or ""))


def _attributed(fault: Fault, own: _Source, for_all: Structure, shared: _Source) -> Fault:
    """Say in which file the key stands; a missing one is missing in the model's own."""
    path = re.sub(r"\[\d+\]", "", fault.key or "").split(".")
    is_shared = not _stands(path, own.content) and _stands(path, for_all)
    file = shared.file if is_shared else own.file
    return Fault(fault.what, fault.rule, fault.remedy, file=file, key=fault.key)


def _stands(path: list[str], content: Any) -> bool:
    if isinstance(content, list) or not path:
        return True
    return isinstance(content, dict) and path[0] in content and _stands(path[1:], content[path[0]])


def _merged(shared: Structure, own: Structure) -> Structure:
    """Lay a model's keys over the shared ones; tables are merged; lists, values and whole statements replaced."""
    merged = dict(shared)
    for key, value in own.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict) and key not in _WHOLE
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _told_apart(models: Mapping[str, OutcomeModel], folder: Path) -> list[Fault]:
    """Refuse names and titles by which a reader, or a folder of results, could not tell two outcomes apart."""
    faults = []
    names: dict[str, str] = {name.casefold(): name for name in _RESULTS}
    titles: dict[str, str] = {}
    for name, model in models.items():
        file = str(folder / f"{name}.toml")
        same = names.setdefault(name.casefold(), name)
        if name in _RESULTS:
            rule, remedy = "Its results have a folder named like the model", "Rename the file of the model"
            faults.append(Fault(f"results have a file '{name}' already", rule, remedy, file=file))
        elif same != name:
            rule, remedy = "Models have names that differ in more than capitals", "Rename one of the files"
            faults.append(Fault(f"'{name}' is '{same}' but for capitals", rule, remedy, file=file))
        first = titles.setdefault(folded(model.title), name)
        if first != name:
            what, rule = (
                f"'{model.title}' is the title of '{first}' too",
                "A reader tells outcomes apart by title",
            )
            faults.append(Fault(what, rule, "Give each outcome a title of its own", file=file, key="title"))
    return faults


def _review_faults(shared: _Source, names: list[str]) -> list[Fault]:
    content, file = shared.content, shared.file
    reported = {fault.key for fault in shared.faults}
    faults = []
    if not content.get("title") and not reported & {"title", None}:
        faults.append(
            Fault("it is missing", "A review has a title", 'Add title = "..."', file=file, key="title")
        )
    for place, name in enumerate(content.get("order", ()), start=1):
        key = f"order[{place}]"
        if name in content["order"][: place - 1]:
            rule = "The order names each model once"
            faults.append(Fault(f"'{name}' stands twice", rule, "Remove one", file=file, key=key))
        if isinstance(name, str) and name not in names:
            what, remedy = f"there is no model '{name}'", nearest(name, names)
            faults.append(Fault(what, "The order names models of the folder", remedy, file=file, key=key))
    return faults
