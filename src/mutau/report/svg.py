"""SVG documents made fit to stand in one HTML page together."""

from __future__ import annotations

import re
from typing import Any
from xml.dom import minidom

from markupsafe import Markup

from mutau.plots.style import COLOURS

__all__ = ["SHARED_STYLES", "inline_svg", "share_styles"]

SHARED_STYLES = "/* styles of the pictures */"
"""Where the style sheet of a page takes up what `share_styles` collects."""


_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_DROPPED = ("metadata", "style", "title")
_PLACES = ("d", "x", "y", "points")
_DECIMALS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is not seen
_STRAIGHT = re.compile(r"(?:[ML] ?-?[\d.]+ -?[\d.]+ ?|z ?)+")
_STEP = re.compile(r"([ML]) ?(-?[\d.]+) (-?[\d.]+)|z")
_MOVED = re.compile(r"^(?:translate|rotate)\([^)]*\)$")
_TURNED_BY_NOTHING = re.compile(r"^rotate\(-?0(?: [^)]*)?\)$")
_LONG_LINE = 12  # points, from which on a path is written in steps
_PICTURE = re.compile(r"<svg .*?</svg>", re.DOTALL)
_STYLE = re.compile(r' style="([^"]*)"')
_ID = re.compile(r' id="([^"]*)"')
_NAMED_PLACE = re.compile(r'(?<=url\(#)[^")]*(?=\))|(?<= id=")[^"]*(?=")|(?<=href="#)[^"]*(?=")')
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")
_NAMED = {"#ffffff": "figure-paper"} | {colour.lower(): f"figure-{name}" for name, colour in COLOURS.items()}
_AROUND = re.compile(r" ?([A-Za-z]) ?")
_BREAKS = re.compile(r"\s+")
_FONT = re.compile(r";? ?font-family: [^;]*")
_FAMILY = "'DejaVu Sans', Verdana, Arial, Helvetica, sans-serif"


def inline_svg(document: str, prefix: str, label: str = "") -> Markup:
    """Turn an SVG document into an element of a page.

    Parameters
    ----------
    document : str
        A whole SVG document.
    prefix : str
        Put before every id and every reference to one, so that the pictures of a page share none.
    label : str
        What the picture shows, for a reader who does not see it; the document's own title where left out.

    Returns
    -------
    Markup
        The ``svg`` element: no declaration, no document type, no metadata, no style sheet (whose rules would reach
        the whole page), no fixed size; coordinates to a hundredth of a point, the font named once.
    """
    root = minidom.parseString(document.encode("utf-8")).documentElement
    assert root is not None
    label = label or _title(root)
    for name in _DROPPED:
        for element in list(root.getElementsByTagName(name)):
            if element.parentNode is not None:
                element.parentNode.removeChild(element)
    elements = [root, *root.getElementsByTagName("*")]
    used = {name for element in elements for name in _references(element)}
    for element in elements:
        if element.hasAttribute("id") and element.getAttribute("id") not in used:
            element.removeAttribute("id")
        _prefix_ids(element, prefix)
        _shorten(element)
    for element in elements[1:]:
        _unwrap(element)
    for name in ("width", "height"):
        if root.hasAttribute(name):
            root.removeAttribute(name)
    root.setAttribute("style", f"stroke-linejoin: round; stroke-linecap: butt; font-family: {_FAMILY}")
    root.setAttribute("role", "img")
    root.setAttribute("aria-label", label)
    return Markup(root.toxml())  # serialised by an XML writer, which escapes every text


def _title(root: minidom.Element) -> str:
    """The document's title, which `mutau.plots.save` makes of a figure's alternative text."""
    found = root.getElementsByTagName("title")
    return (
        "".join(node.data for node in found[0].childNodes if isinstance(node, minidom.Text)) if found else ""
    )


def _references(element: minidom.Element) -> list[str]:
    """Ids that an element refers to."""
    found = []
    for name, value in element.attributes.items():
        found += _REFERENCE.findall(value)
        if name in ("href", "xlink:href") and value.startswith("#"):
            found.append(value[1:])
    return found


def _prefix_ids(element: minidom.Element, prefix: str) -> None:
    for name, value in list(element.attributes.items()):
        if name == "id":
            element.setAttribute(name, f"{prefix}-{value}")
        elif name in ("href", "xlink:href") and value.startswith("#"):
            element.setAttribute(name, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.setAttribute(name, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))


def _shorten(element: minidom.Element) -> None:
    """Leave out digits that are not seen, blanks between elements, and what every text says of its font."""
    for name in _PLACES:
        if element.hasAttribute(name):
            value = _BREAKS.sub(" ", element.getAttribute(name).strip())
            shorter = _in_steps(value) or _DECIMALS.sub(r"\1", value)
            element.setAttribute(name, _AROUND.sub(r"\1", shorter) if name == "d" else shorter)
    if _TURNED_BY_NOTHING.match(element.getAttribute("transform")):
        element.removeAttribute("transform")
    if _MOVED.match(moved := element.getAttribute("transform")):
        element.setAttribute("transform", _DECIMALS.sub(r"\1", moved))
    if element.hasAttribute("style"):
        element.setAttribute("style", _FONT.sub("", element.getAttribute("style")))
    for child in list(element.childNodes):
        if child.nodeType == child.TEXT_NODE and not child.data.strip():
            element.removeChild(child)


def _in_steps(path: str) -> str:
    """Write a long path of straight lines as steps of tenths of a point, which add up to where it was, or nothing."""
    if path.count("L") < _LONG_LINE or not _STRAIGHT.fullmatch(path):
        return ""
    written: list[str] = []
    here = (0, 0)
    for found in _STEP.finditer(path):
        if found[0] == "z":
            written.append("z")
            continue
        there = round(10 * float(found[2])), round(10 * float(found[3]))
        if found[1] == "M":
            written.append(f"M{there[0] / 10:g} {there[1] / 10:g}l")
        elif there != here:
            written.append(f"{(there[0] - here[0]) / 10:g} {(there[1] - here[1]) / 10:g}")
        here = there
    return " ".join(written).replace("l ", "l")


def _unwrap(element: minidom.Element) -> None:
    """Put a group that says nothing away, its children in its place."""
    parent: Any = element.parentNode
    if element.tagName == "g" and not element.attributes and parent is not None:
        while element.firstChild is not None:
            parent.insertBefore(element.firstChild, element)
        parent.removeChild(element)


def share_styles(page: str) -> str:
    """Let the pictures of a page share their styles: each is written once, as a rule, and named where it is used.

    Their ids, which bear the names of their pictures until then, are numbered through the page.

    Parameters
    ----------
    page : str
        A whole page that holds `SHARED_STYLES` in its style sheet. A quotation mark in a text of it is escaped, so an
        attribute is never mistaken.

    Returns
    -------
    str
        The page, with ``class`` in place of ``style`` in every picture, and the palette's colours as variables of the
        page, which gives them other values on a dark screen.
    """
    names: dict[str, str] = {}

    def shared(found: re.Match[str]) -> str:
        name = names.setdefault(found[1], f"p{len(names)}")
        return f' class="{name}"'

    ids = {each: f"i{n}" for n, each in enumerate(_ids(page))}

    def drawn(picture: re.Match[str]) -> str:
        styled = _STYLE.sub(shared, picture[0])
        return _NAMED_PLACE.sub(lambda found: ids.get(found[0], found[0]), styled)

    pictures = _PICTURE.sub(drawn, page)
    rules = "\n".join(f".{name} {{ {_in_names(style)} }}" for style, name in names.items())
    return pictures.replace(SHARED_STYLES, rules)


def _ids(page: str) -> dict[str, None]:
    """The ids within the pictures of a page, in order."""
    return {name: None for picture in _PICTURE.finditer(page) for name in _ID.findall(picture[0])}


def _in_names(style: str) -> str:
    """Name the colours of mutau's palette in a style as variables."""

    def named(found: re.Match[str]) -> str:
        name = _NAMED.get(found[0].lower())
        return found[0] if name is None else f"var(--{name})"

    return _COLOUR.sub(named, style)
