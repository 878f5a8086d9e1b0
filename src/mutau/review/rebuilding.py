"""Make the page of a folder of results again, from what the folder holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mutau.errors import Fault, ResultsFolderError
from mutau.outcomes import OutcomeModel, Review
from mutau.pooled_only import pooled
from mutau.review.files import top_files
from mutau.review.folder import RUN, digests, results_folder
from mutau.review.keeping import read_kept
from mutau.review.making import run_outcome

__all__ = ["rebuild_report"]


def rebuild_report(out: str | os.PathLike[str]) -> Path:
    """Make ``report.html`` of a folder of results again from what the folder holds; nothing is fitted.

    Parameters
    ----------
    out : path
        Folder that a run wrote.

    Returns
    -------
    Path
        Of the page.

    Raises
    ------
    ResultsFolderError
        It is no such folder, or a file in it is not as the run wrote it.
    """
    root = Path(out)
    with results_folder(root, make=False) as results:
        info = results.run_info()
        faults = _unlike(root, info)
        if faults:
            raise ResultsFolderError(faults)
        kept = {name: read_kept(root / name, run_outcome)[0].content for name in _outcomes_of(info)}
        pages = [content for content in kept.values() if not isinstance(content, OutcomeModel)]
        alone = [pooled(content) for content in kept.values() if isinstance(content, OutcomeModel)]
        models = (*(page.model for page in pages), *(each.model for each in alone))
        review = Review(str(info["review"]), **info["about"], models=models, folder=root)
        del info["files"]
        for name, content in top_files(review, pages, alone, info).items():
            results.write(name, content)
        results.commit(info, list(kept), whole=False)
    return root / "report.html"


def _outcomes_of(info: Mapping[str, Any]) -> list[str]:
    return [str(entry["model"]) for part in ("outcomes", "pooled_outcomes") for entry in info[part]]


def _unlike(root: Path, info: Mapping[str, Any]) -> list[Fault]:
    """Name the files that are not as the run wrote them."""
    remedy = "Run the review again: only what is not whole is fitted"
    if not info.get("files"):
        rule = f"Results are whole where {RUN} says what they are"
        return [Fault(f"it has no {RUN} of a finished run", rule, remedy, file=str(root))]
    found = digests(root)
    rule = "A page is made of files that are as the run wrote them"
    return [
        Fault("it is missing" if path not in found else "it was changed", rule, remedy, file=str(root / path))
        for path, digest in info["files"].items()
        if found.get(path) != digest
    ]
