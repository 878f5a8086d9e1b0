"""What is kept of an outcome in its folder, so that a later run can take it over whole, or see why it must not."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mutau
from mutau.errors import Fault, ResultsFolderError
from mutau.outcomes import OutcomeModel
from mutau.review.folder import OUTCOME, digests, write_file
from mutau.review.kept_fits import KeptFit
from mutau.review.plain import NotPlainError, from_plain, to_plain
from mutau.studies import StudyTable

if TYPE_CHECKING:
    from mutau.report import OutcomePage
    from mutau.review.records import OutcomeResult

__all__ = ["Kept", "keep", "key_of", "read_kept", "why_not"]

_LIBRARIES = (
    *("arviz", "h5netcdf", "matplotlib", "numba", "numpy", "nutpie", "pandas", "pymc", "pytensor", "scipy"),
    "xarray",
)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What an outcome's folder holds.

    Parameters
    ----------
    content : OutcomePage or OutcomeModel
        What the page shows of it; of an outcome of which only the pooled result is known, its model.
    notes : tuple of (str, str)
        What was warned of when it was made: class and text.
    """

    content: OutcomePage | OutcomeModel
    notes: tuple[tuple[str, str], ...]


def key_of(
    model: OutcomeModel, studies: StudyTable | None, seed: int, engine: str, level: float | None = None
) -> dict[str, str]:
    """Name everything that an outcome's results depend on, each by a digest.

    Parameters
    ----------
    model : OutcomeModel
        With what it takes from ``review.toml``; where its tables stand does not matter.
    studies : StudyTable or None
        The rows it selects; the other rows of the file do not matter.
    seed, engine
        Of this outcome.
    level : float, optional
        That its sensitivity is asked about.

    Returns
    -------
    dict of str to str
        In words that follow "changed: ".
    """
    rows = None if studies is None else (studies.arms, studies.estimates, studies.notes)
    sets = model.sensitivity.data_sets
    own = replace(model, data=None, sensitivity=replace(model.sensitivity, data_sets=None))
    key = {
        "the model": _digest(to_plain(own)),
        "the admissible data sets": "none" if sets is None else hashlib.sha256(sets.read_bytes()).hexdigest(),
        "the studies": _digest(to_plain(rows)),
        "the seed": str(seed),
        "the engine": engine,
        "the level of the sensitivity": "none" if level is None else repr(level),
    }
    return key | _surroundings()


@cache
def _surroundings() -> dict[str, str]:
    libraries = {name: version(name) for name in _LIBRARIES}
    home = Path(mutau.__file__).parent
    source = {path.relative_to(home).as_posix(): path.read_text("utf-8") for path in home.rglob("*.py")}
    return {
        "the libraries": _digest(libraries | {"python": platform.python_version()}),
        "mutau": f"{mutau.__version__} {_digest(source)}",  # in a checkout the version stays while code changes
    }


def keep(
    folder: Path,
    key: dict[str, str],
    content: OutcomePage | OutcomeModel,
    notes: tuple[tuple[str, str], ...],
) -> None:
    """Write ``outcome.json`` into an outcome's folder: the key, the digest of every other file, and the content."""
    (folder / OUTCOME).unlink(missing_ok=True)
    plain = to_plain((content, notes), {text: name for name, text in _pictures(folder).items()})
    record = {"key": key, "files": digests(folder), "content_sha256": _digest(plain), "content": plain}
    write_file(folder / OUTCOME, json.dumps(record, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


def why_not(folder: Path, key: dict[str, str]) -> str:
    """Say why a folder cannot be taken over for this key; nothing if it can.

    Every file is compared with its digest: one that was changed, added or removed is a reason.
    """
    try:
        record = _record(folder)
    except NotPlainError as error:
        return str(error)
    if record["key"] != key:
        changed = [name for name in key if record["key"].get(name) != key[name]]
        return f"changed: {', '.join(changed)}"
    return _damage(folder, record)


def _damage(folder: Path, record: dict[str, Any]) -> str:
    found = digests(folder)
    del found[OUTCOME]
    wrong = sorted({name for name, _ in found.items() ^ record["files"].items()})
    if wrong:
        return f"not as it was written: {', '.join(wrong)}"
    return (
        "" if _digest(record["content"]) == record["content_sha256"] else f"not as it was written: {OUTCOME}"
    )


def _record(folder: Path) -> dict[str, Any]:
    try:
        record = json.loads((folder / OUTCOME).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise NotPlainError(f"{OUTCOME} is missing or cannot be read") from error
    types = {"key": dict, "files": dict, "content_sha256": str, "content": dict}
    if not isinstance(record, dict) or not all(isinstance(record.get(k), v) for k, v in types.items()):
        raise NotPlainError(f"{OUTCOME} is not as it was written")
    return record


def read_kept(
    folder: Path,
    remake: Callable[[OutcomeModel, StudyTable, int, str], OutcomeResult],
    studies: StudyTable | None = None,
    data: Path | None = None,
) -> tuple[Kept, bool]:
    """Read an outcome's folder back.

    Parameters
    ----------
    folder : Path
        As `keep` left it.
    remake : callable
        Makes the whole outcome again from model, studies, seed and engine, should somebody ask for its draws.
    studies, data : optional
        The same rows as they stand now in their file, and that file's path: they take the place of what was written.

    Returns
    -------
    Kept
        What it holds.
    bool
        Whether that is still what stands in ``outcome.json`` (the file of the studies may have moved, or have other
        rows now).

    Raises
    ------
    ResultsFolderError
        It cannot be read back.
    """
    try:
        record = _record(folder)
        if damage := _damage(folder, record):
            raise NotPlainError(damage)
        pictures = _pictures(folder)
        content, notes = from_plain(record["content"], pictures, studies, data)
    except NotPlainError as error:
        rule = "An outcome's folder is read back as mutau wrote it, by the same version"
        raise ResultsFolderError(Fault(str(error), rule, "Run the review again", file=str(folder))) from error
    if not isinstance(content, OutcomeModel):
        _let_make_again(content, remake)
    again = to_plain((content, notes), {text: name for name, text in pictures.items()})
    return Kept(content, notes), again == record["content"]


def _let_make_again(
    page: OutcomePage, remake: Callable[[OutcomeModel, StudyTable, int, str], OutcomeResult]
) -> None:
    made: list[OutcomeResult] = []

    def again(label: str) -> Any:
        if not made:
            engine = page.fit.engine
            asked = "both" if page.sampled else engine.asked
            made.append(remake(page.model, page.fit.studies, engine.seed, asked))
        return made[0].every_fit[label]

    for label, fit in page.every_fit:
        assert isinstance(fit, KeptFit)
        fit.made_by(lambda label=label: again(label))  # type: ignore[misc]


def _pictures(folder: Path) -> dict[str, str]:
    return {path.name: path.read_bytes().decode("utf-8") for path in sorted(folder.glob("*.svg"))}


def _digest(plain: Any) -> str:
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()
