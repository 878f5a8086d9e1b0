"""Write the reference: a page for each public name of mutau, as `mutau.__all__` has them, and the command line's.

Nothing is listed by hand but `ROOMS`, the packages that are used by their own name. What is new in `mutau.__all__`
or in the Typer app has its page with the next build.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from sphinx.util import logging

import mutau

if TYPE_CHECKING:
    from types import ModuleType

    import click
    from docutils import nodes
    from sphinx.application import Sphinx

ROOMS = (
    "classic",
    "comparing",
    "decisions",
    "diagnostics",
    "grading",
    "living",
    "measures",
    "plots",
    "regression",
    "sensitivities",
    "stakes",
)
"""Packages beside the public names that the documents and examples take functions from."""

_FOLDER = "reference"
_log = logging.getLogger(__name__)


def pages() -> dict[str, str]:
    """Write the reference in reStructuredText.

    Returns
    -------
    dict of str to str
        Each page's text, by its name without an ending.
    """
    values = {name: getattr(mutau, name) for name in mutau.__all__}
    values |= {name: importlib.import_module(f"mutau.{name}") for name in ROOMS}
    written = {_file(name, value): _page(name, value) for name, value in values.items()}
    return {"index": _index(values), "command_line": _command_line(), **written}


def _file(name: str, value: Any) -> str:
    """`Fit` and `fit`, `MEASURES` and `measures` are two pages, also where files' capitals are not told apart."""
    if inspect.isclass(value):
        return f"class_{name}"
    return f"room_{name}" if name in ROOMS else name


def _title(text: str, line: str = "=") -> str:
    return f"{text}\n{line * len(text)}\n\n"


def _directive(qualified: str, value: Any) -> str:
    if inspect.isclass(value):
        members = "" if issubclass(value, BaseException) else "   :members:\n"
        return f".. autoclass:: {qualified}\n{members}\n"
    if isinstance(value, Mapping):
        held = "".join(f"   - ``{key!r}``: {getattr(item, 'name', item)}\n" for key, item in value.items())
        return f".. autodata:: {qualified}\n   :no-value:\n\n{held}\n"
    return f".. {'autofunction' if callable(value) else 'autodata'}:: {qualified}\n\n"


def _page(name: str, value: Any) -> str:
    qualified = f"mutau.{name}"
    if not inspect.ismodule(value):
        return _title(qualified) + _directive(qualified, value)
    members = {member: getattr(value, member) for member in value.__all__}
    documented = {
        member: found
        for member, found in members.items()
        if not inspect.ismodule(found)
        and member not in mutau.__all__  # those have pages of their own
        and not _is_at_home_elsewhere(value, found)
    }
    listed = "".join(f"   {member}\n" for member in documented)
    text = f"{_title(qualified)}.. automodule:: {qualified}\n\n.. currentmodule:: {qualified}\n\n"
    text += f".. autosummary::\n\n{listed}\n"
    return text + "".join(_directive(f"{qualified}.{member}", found) for member, found in documented.items())


def _is_at_home_elsewhere(room: ModuleType, member: Any) -> bool:
    """Whether another room has the page of what this one hands on."""
    home = str(getattr(member, "__module__", "")).split(".")
    return home[:1] == ["mutau"] and home[1] in ROOMS and f"mutau.{home[1]}" != room.__name__


def _index(values: dict[str, Any]) -> str:
    names = "".join(f"   mutau.{name}\n" for name in values)
    tree = "".join(f"   {_file(name, value)}\n" for name, value in values.items())
    return (
        _title("Reference: Python")
        + "Everything that ``import mutau`` gives, and the packages that are used by their own name.\n\n"
        + f".. autosummary::\n\n{names}\n.. toctree::\n   :hidden:\n\n{tree}"
    )


def _command_line() -> str:
    """Every command's own help, as the terminal shows it."""
    from mutau.cli import app

    command = typer.main.get_command(app)
    sections = "".join(_command(context) for context in _contexts(command, "mutau", None))
    return _title("Reference: command line") + "Each command's ``--help``.\n\n" + sections


def _contexts(command: click.Command, name: str, parent: click.Context | None) -> list[click.Context]:
    context = command.make_context(name, [], parent=parent, resilient_parsing=True, terminal_width=88)
    found = [context]
    for inner, child in getattr(command, "commands", {}).items():
        found += _contexts(child, inner, context)
    return found


def _command(context: click.Context) -> str:
    text = "".join(f"   {line}".rstrip() + "\n" for line in context.get_help().splitlines())
    return f"{_title(context.command_path, '-')}.. code-block:: text\n\n{text}\n"


def _write(app: Sphinx) -> None:
    folder = Path(app.srcdir) / _FOLDER
    folder.mkdir(exist_ok=True)
    texts = {f"{name}.rst": text for name, text in pages().items()}
    for left in folder.glob("*.rst"):
        if left.name not in texts:
            left.unlink()
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def _unresolved(_app: Sphinx, _env: Any, node: Any, inside: nodes.Element) -> nodes.Element:
    """What is no reference (an argument, a column) stays code; a name of mutau that leads nowhere is a fault."""
    target = node.get("reftarget", "")
    if target.startswith("mutau."):
        _log.warning("%s is in no page of the reference", target, location=node)
    return inside


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages before Sphinx looks for them."""
    app.connect("builder-inited", _write)
    app.connect("missing-reference", _unresolved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
