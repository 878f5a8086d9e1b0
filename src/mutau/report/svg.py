"""SVG documents made fit to stand in one HTML page together."""

from __future__ import annotations

import re
from typing import Any
from xml.dom import minidom

from markupsafe import Markup

__all__ = ["inline_svg"]

_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_DROPPED = ("metadata", "style")
_PLACES = ("d", "x", "y", "points")
_DECIMALS = re.compile(r"(\.\d\d)\d+")  # a hundredth of a point is not seen
_BREAKS = re.compile(r"\s+")
_FONT = re.compile(r";? ?font-family: [^;]*")
_FAMILY = "'DejaVu Sans', Verdana, Arial, Helvetica, sans-serif"


def inline_svg(document: str, prefix: str, label: str) -> Markup:
    """Turn an SVG document into an element of a page.

    Parameters
    ----------
    document : str
        A whole SVG document.
    prefix : str
        Put before every id and every reference to one, so that the pictures of a page share none.
    label : str
        What the picture shows, for a reader who does not see it.

    Returns
    -------
    Markup
        The ``svg`` element: no declaration, no document type, no metadata, no style sheet (whose rules would reach
        the whole page), no fixed size; coordinates to a hundredth of a point, the font named once.
    """
    root = minidom.parseString(document.encode("utf-8")).documentElement
    assert root is not None
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
            element.setAttribute(name, _DECIMALS.sub(r"\1", value))
    if element.hasAttribute("style"):
        element.setAttribute("style", _FONT.sub("", element.getAttribute("style")))
    for child in list(element.childNodes):
        if child.nodeType == child.TEXT_NODE and not child.data.strip():
            element.removeChild(child)


def _unwrap(element: minidom.Element) -> None:
    """Put a group that says nothing away, its children in its place."""
    parent: Any = element.parentNode
    if element.tagName == "g" and not element.attributes and parent is not None:
        while element.firstChild is not None:
            parent.insertBefore(element.firstChild, element)
        parent.removeChild(element)
