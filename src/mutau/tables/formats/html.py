"""HTML: a fragment for notebooks and a page of its own; grey lines and no colours, for light and dark alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

if TYPE_CHECKING:
    from mutau.tables.columns import Column
    from mutau.tables.record import Table

__all__ = ["fragment", "page"]

# The classes keep MathJax away from text: a dollar sign in a study's name is no mathematics.
_FRAGMENT = """\
<div class="mutau-table tex2jax_ignore mathjax_ignore" style="overflow-x: auto">
<table style="border-collapse: collapse; text-align: left; font-size: 0.9em">
<caption style="caption-side: top; text-align: left; font-weight: bold; padding: 0.3em 0">
{{- table.heading -}}
</caption>
<thead>
<tr>
{% for column in columns %}
<th scope="col" style="{{ cell_style(column) }}; white-space: normal; vertical-align: bottom">{{ column.title }}</th>
{% endfor %}
</tr>
</thead>
<tbody>
{% for row in table.rows %}
<tr>
{% for cell in row %}
{% set style = cell_style(columns[loop.index0]) %}
{% if loop.first %}
<th scope="row" style="{{ style }}; font-weight: normal"><bdi>{{ cell }}</bdi></th>
{% else %}
<td style="{{ style }}"><bdi>{{ cell }}</bdi></td>
{% endif %}
{% endfor %}
</tr>
{% endfor %}
</tbody>
</table>
{% if table.notes %}
<ol style="font-size: 0.85em">
{% for note in table.plain_notes %}
<li>{{ note }}</li>
{% endfor %}
</ol>
{% endif %}
{% for sentence in table.sentences %}
<p style="font-size: 0.85em; max-width: 60em">{{ sentence }}</p>
{% endfor %}
</div>
"""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{ title }}</title>
<style>body { font-family: system-ui, sans-serif; margin: 1.5rem; line-height: 1.4 }</style>
</head>
<body>
<main>
{% for fragment in fragments %}
{{ fragment }}{% endfor %}
{% for sentence in said %}
<p style="font-size: 0.85em; max-width: 60em">{{ sentence }}</p>
{% endfor %}
</main>
</body>
</html>
"""
_LINE = "1px solid rgba(128, 128, 128, 0.4)"
_UNBROKEN = 32
"""Numbers of fewer characters stay on one line."""
_ENVIRONMENT = Environment(
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)


def fragment(table: Table) -> str:
    """Write a table as one element, to stand in a page or a notebook."""
    return _ENVIRONMENT.from_string(_FRAGMENT).render(
        table=table, columns=table.shown, cell_style=_cell_style
    )


def page(tables: Sequence[Table], said: Sequence[str] = ()) -> str:
    """Write tables as a page of their own, and under them what else is said."""
    fragments = [Markup(fragment(table)) for table in tables]
    return _ENVIRONMENT.from_string(_PAGE).render(title=tables[0].heading, fragments=fragments, said=said)


def _cell_style(column: Column) -> str:
    side = "right; font-variant-numeric: tabular-nums" if column.role.is_numeric else "left"
    longest = max((len(cell) for cell in column.cells), default=0)
    wrapping = "; white-space: nowrap" if column.role.is_numeric and longest < _UNBROKEN else ""
    return f"text-align: {side}; vertical-align: top; padding: 0.25em 0.7em; border-bottom: {_LINE}{wrapping}"
