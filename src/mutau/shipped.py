"""Where the shipped review, its data and models are: in the checkout, or inside the installed package."""

from __future__ import annotations

import os
from pathlib import Path

from mutau.errors import ArgumentError, Fault, nearest

__all__ = ["shipped_path"]

_PACKAGE = Path(__file__).resolve().parent
_FOLDERS = ("data", "models")


def shipped_path(folder: str, *inside: str) -> Path:
    """Find something that ships with mutau.

    Parameters
    ----------
    folder : {"data", "models"}
        ``models`` is the shipped review, ``data`` the tables it and the examples read.
    *inside : str
        Names below it, such as ``"pip", "studies.csv"``.

    Returns
    -------
    Path
        Absolute. A checkout's own folder comes first, so that what one edits is what runs; an installed wheel
        keeps its copies inside the package.

    Raises
    ------
    ArgumentError
        No such folder or file ships with mutau; says what does.

    Examples
    --------
    >>> shipped_path("data", "pip", "studies.csv").name
    'studies.csv'
    """
    if folder not in _FOLDERS:
        raise ArgumentError(
            Fault(
                f"'{folder}' does not ship with mutau",
                "Two folders do",
                nearest(folder, _FOLDERS),
                key="folder",
            )
        )
    roots = [root for root in (_checkout(), _PACKAGE / "_shipped") if root is not None]
    found = [path for root in roots if (path := root.joinpath(folder, *inside)).exists()]
    if found:
        return found[0]
    raise ArgumentError(_not_there(roots, folder, inside))


def _checkout() -> Path | None:
    """Return the root of the checkout this package is imported from, if it is imported from one."""
    root = _PACKAGE.parent.parent
    return root if _PACKAGE.parent.name == "src" and (root / "pyproject.toml").is_file() else None


def _not_there(roots: list[Path], folder: str, inside: tuple[str, ...]) -> Fault:
    given = "/".join((folder, *inside))
    tops = [root / folder for root in roots if (root / folder).is_dir()]
    if not tops:
        return Fault(
            f"this installation of mutau has no folder '{folder}'",
            "It stands at the top of a checkout or inside the installed package",
            "Reinstall mutau, or name a review of your own",
        )
    have = sorted(
        os.path.relpath(file, tops[0].parent).replace(os.sep, "/")
        for file in tops[0].rglob("*")
        if file.is_file()
    )
    return Fault(
        f"'{given}' does not ship with mutau", "A shipped file is named exactly", nearest(given, have)
    )
