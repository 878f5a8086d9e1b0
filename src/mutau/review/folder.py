"""A folder of results as a whole: one writer at a time, and old results until new ones are complete.

Everything new is written into a working folder inside. When all of it is there its ``run.json`` is written, which
decides: from then on the new results hold. They are put in place by renaming, old things out first, then new things
in, ``run.json`` last; whoever opens the folder next finishes what a killed process left at any step.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any

from filelock import FileLock, Timeout

from mutau.errors import Fault, ResultsFolderError, RunError
from mutau.tables import FORMATS

__all__ = ["GRADE_TABLES", "OUTCOME", "RUN", "ResultsFolder", "digests", "results_folder", "write_file"]

RUN = "run.json"
"""Present only where everything it lists is in place, byte for byte."""
OUTCOME = "outcome.json"
"""Makes a folder the folder of an outcome."""
GRADE_TABLES = ("summary_of_findings", "evidence_profile")
"""GRADE's two tables, of the outcomes that have trials."""
TOP_FILES = (
    "summary.csv",
    *(f"{name}.{form}" for name in ("compare", "pooled", *GRADE_TABLES) for form in FORMATS),
    "report.html",
)
"""The review's own files, next to its outcomes' folders."""
WORK = ".mutau-run"
LOCK = ".mutau-run.lock"
OBSOLETE = "obsolete.json"

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EFBIG}


class ResultsFolder:
    """A folder of results that this process alone writes into; made by `results_folder`.

    Parameters
    ----------
    root : Path
        The folder.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self._work = root / WORK
        self._next, self._old, self._building = (self._work / name for name in ("next", "old", "building"))

    def homes(self, name: str) -> list[Path]:
        """Where an outcome's folder may be: among what a killed run had finished, or in place."""
        return [home for home in (self._next / name, self.root / name) if home.is_dir()]

    def building(self, name: str) -> Path:
        """Give an empty folder to build an outcome's folder in, for `adopt`."""
        folder = self._building / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def adopt(self, name: str) -> Path:
        """Take the folder that was built: whole, and kept for the next run should this one be killed."""
        home = self._next / name
        self._next.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(home, ignore_errors=True)
        os.replace(self._building / name, home)
        return home

    def write(self, name: str, content: str | bytes) -> None:
        """Write one of the review's own files, to be put in place by `commit`."""
        self._next.mkdir(parents=True, exist_ok=True)
        write_file(self._next / name, content)

    def drop(self, name: str) -> None:
        """Forget an outcome that a killed run had finished."""
        shutil.rmtree(self._next / name, ignore_errors=True)

    def commit(self, info: dict[str, Any], names: list[str], *, whole: bool) -> None:
        """Make the new results hold.

        Parameters
        ----------
        info : dict
            For ``run.json``, which adds the digest of every file.
        names : list of str
            The outcomes' folders, in place or new.
        whole : bool
            Whether these are all outcomes of the review; folders of others are then removed.
        """
        new = sorted(each.name for each in self._next.iterdir() if each.name in {*names, *TOP_FILES})
        for stray in self._next.iterdir():
            if stray.name not in new:
                shutil.rmtree(stray)
        files = {
            f"{name}/{file}": digest
            for name in names
            for file, digest in digests(self.homes(name)[0]).items()
        }
        files |= {name: _digest(self._next / name) for name in new if name in TOP_FILES}
        listed = {PurePosixPath(path).parts[0] for path in self.run_info().get("files", {})} - {*names, *new}
        obsolete = [name for name in {*listed, *TOP_FILES} - set(new) if self._is_ours(name, whole)]
        write_file(self._work / OBSOLETE, json.dumps(sorted(obsolete)))
        write_file(self._next / RUN, json.dumps(info | {"files": files}, indent=2) + "\n")
        self._install()

    def _is_ours(self, name: str, whole: bool) -> bool:
        return name in TOP_FILES or (whole and (self.root / name / OUTCOME).is_file())

    def run_info(self) -> dict[str, Any]:
        """What ``run.json`` says of the results in place; empty where there is none that can be read."""
        try:
            info = json.loads((self.root / RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return info if isinstance(info, dict) and isinstance(info.get("files", {}), dict) else {}

    def settle(self) -> None:
        """Finish what a killed process had decided; of one that had not, keep the outcomes that it had finished."""
        if (self._next / RUN).is_file():
            self._install()
        self.tidy()

    def tidy(self) -> None:
        """Clear away what is half built; outcomes that were finished stay for the next run."""
        if (self._next / RUN).is_file():  # decided, but not all in place: the next run finishes it
            return
        for folder in (self._building, self._old):
            shutil.rmtree(folder, ignore_errors=True)
        for file in [self._work / OBSOLETE, *self._next.glob("*"), *self._next.glob(".*")]:
            if file.is_file():
                file.unlink()
        for folder in (self._next, self._work):
            with suppress(OSError):  # it is not there, or holds finished outcomes
                folder.rmdir()

    def _install(self) -> None:
        """Old things out, then new things in, ``run.json`` last. May be killed at any step and called again."""
        new = sorted(each.name for each in self._next.iterdir() if each.name != RUN)
        obsolete = json.loads((self._work / OBSOLETE).read_text(encoding="utf-8"))
        self._old.mkdir(exist_ok=True)
        for name in (RUN, *obsolete, *new):
            with suppress(FileNotFoundError):
                os.replace(self.root / name, self._old / name)
        for name in (*new, RUN):
            os.replace(self._next / name, self.root / name)
        shutil.rmtree(self._work)


@contextmanager
def results_folder(root: Path, *, make: bool = True) -> Iterator[ResultsFolder]:
    """Open a folder of results for writing, alone.

    Parameters
    ----------
    root : Path
        The folder.
    make : bool
        Make it if needed.

    Raises
    ------
    ResultsFolderError
        Another run is writing into it, it cannot be written, or (without `make`) is not there.
    RunError
        Writing failed later on: the disk is full, say. Nothing is left half written.
    """
    if not make and not root.is_dir():
        what = "this is a file" if root.exists() else "there is no such folder"
        rule = "Results are read from the folder that `mutau run` wrote"
        raise ResultsFolderError(Fault(what, rule, "Name that folder", file=str(root)))
    try:
        root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(root / LOCK)
        lock.acquire(timeout=0)
    except Timeout:
        rule = "One run at a time writes into a folder"
        remedy = "Wait until it has ended, or name another folder"
        raise ResultsFolderError(
            Fault("another run is writing into it now", rule, remedy, file=str(root))
        ) from None
    except OSError as error:
        rule = "Results go into a folder that can be made and written"
        what = f"it cannot be written ({error.strerror})"
        raise ResultsFolderError(Fault(what, rule, "Name another one", file=str(root))) from error
    folder = ResultsFolder(root)
    try:
        folder.settle()
        yield folder
    except OSError as error:
        inside = error.filename is not None and Path(str(error.filename)).is_relative_to(root)
        if not inside and error.errno not in _NO_SPACE:
            raise
        raise RunError(
            f"the results cannot be written into {root}: {error.strerror or error}. Nothing there is half written. "
            "Make room or name another folder, and run again: outcomes that were finished are kept"
        ) from error
    finally:
        folder.tidy()
        (root / LOCK).unlink(missing_ok=True)  # while it is held, so that nobody else has locked it
        lock.release()


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a folder, by its path inside."""
    return {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file whole or not at all, text as UTF-8."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(partial, path)
