"""SVG documents made fit to stand in one HTML page together."""

from __future__ import annotations

import re
from xml.dom import minidom

from markupsafe import Markup

__all__ = ["inline_svg"]

_REFERENCE = re.compile(r"url\(#([^)]*)\)")
_DROPPED = ("metadata", "style")


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
        the whole page), no fixed size.
    """
    root = minidom.parseString(document.encode("utf-8")).documentElement
    assert root is not None
    for name in _DROPPED:
        for element in list(root.getElementsByTagName(name)):
            if element.parentNode is not None:
                element.parentNode.removeChild(element)
    for element in (root, *root.getElementsByTagName("*")):
        _prefix_ids(element, prefix)
    for name in ("width", "height"):
        if root.hasAttribute(name):
            root.removeAttribute(name)
    root.setAttribute("style", "stroke-linejoin: round; stroke-linecap: butt")
    root.setAttribute("role", "img")
    root.setAttribute("aria-label", label)
    return Markup(root.toxml())  # serialised by an XML writer, which escapes every text


def _prefix_ids(element: minidom.Element, prefix: str) -> None:
    for name, value in list(element.attributes.items()):
        if name == "id":
            element.setAttribute(name, f"{prefix}-{value}")
        elif name in ("href", "xlink:href") and value.startswith("#"):
            element.setAttribute(name, f"#{prefix}-{value[1:]}")
        elif "url(#" in value:
            element.setAttribute(name, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))
