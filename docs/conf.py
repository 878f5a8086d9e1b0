"""How Sphinx builds the documentation site; `make docs` runs it, every warning an error."""

import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_tools"))

for name in ("arviz", "pytensor"):  # what they log when they are imported is not about the site
    logging.getLogger(name).setLevel(logging.WARNING)

from mutau import __version__

project = "mutau"
author = "The mutau developers"
version = release = __version__
copyright = author  # noqa: A001 (Sphinx's name for it)

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "mathml",
    "reference",
    "gallery",
]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["_build", "_tools", "_static"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autosummary_generate = False  # the pages are written by _tools/reference.py
autodoc_typehints = "none"  # numpydoc's sections state the types in words
numpydoc_show_class_members = False
default_role = "py:obj"
toc_object_entries = False

html_theme = "furo"
html_title = f"mutau {version}"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["mutau.css"]
html_show_sourcelink = False
html_copy_source = False
html_show_copyright = False
