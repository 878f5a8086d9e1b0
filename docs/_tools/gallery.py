"""Draw the pictures of the gallery: run its page's code, and save `picture` where the page shows it next."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

PAGE, FOLDER = "gallery.md", "gallery"
_PART = re.compile(
    rf"^```python\n(?P<code>.*?)^```$|^!\[[^\]]*\]\({FOLDER}/(?P<name>\w+)\.svg\)$",
    flags=re.DOTALL | re.MULTILINE,
)


def parts(text: str) -> list[tuple[str, str]]:
    """Give a page's code blocks and pictures in order, as ``("code", code)`` and ``("picture", name)``."""
    return [
        ("code", found["code"]) if found["code"] else ("picture", found["name"])
        for found in _PART.finditer(text)
    ]


def _draw(app: Sphinx) -> None:
    from mutau.plots import svg_text

    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(exist_ok=True)
    names: dict[str, Any] = {}
    with contextlib.chdir(Path(app.srcdir).parent):
        for kind, value in parts((Path(app.srcdir) / PAGE).read_text(encoding="utf-8")):
            if kind == "code":
                exec(compile(value, PAGE, "exec"), names)
            else:
                (folder / f"{value}.svg").write_text(svg_text(names["picture"]), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Draw them before Sphinx looks for them."""
    app.connect("builder-inited", _draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
