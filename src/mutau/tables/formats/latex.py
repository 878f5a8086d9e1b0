"""LaTeX: a float with booktabs' rules and tabularx's columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mutau.tables.columns import Column
    from mutau.tables.record import Table

__all__ = ["escape", "latex"]

_ESCAPES = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\{",
        "}": r"\}",
        "$": r"\$",
        "&": r"\&",
        "%": r"\%",
        "#": r"\#",
        "_": r"\_",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        '"': r"\textquotedbl{}",
        "`": r"\textasciigrave{}",
        "'": r"\textquotesingle{}",
        "–": "--",
        "—": "---",
        "∞": r"$\infty$",
        "−": "$-$",
        "\u00a0": "~",
    }
)
_HEAD = """\
% \\usepackage{booktabs,tabularx,textcomp} \\usepackage[T1]{fontenc}
% Names beyond Latin script need LuaLaTeX or XeLaTeX and a font that has them.
"""
_RIGHT, _LEFT = r">{\raggedleft\arraybackslash}X", r">{\raggedright\arraybackslash}X"


def escape(text: str) -> str:
    r"""Write text so that LaTeX prints it as it is.

    Examples
    --------
    >>> escape("50% of $5 & {x_1} ~ N"), escape(r"\input{x}")
    ('50\\% of \\$5 \\& \\{x\\_1\\} \\textasciitilde{} N', '\\textbackslash{}input\\{x\\}')
    """
    return text.translate(_ESCAPES)


def latex(tables: Sequence[Table], said: Sequence[str] = ()) -> str:
    """Write tables, each as a float with its caption, conditions, provenance and notes, and what else is said."""
    paragraphs = (rf"\par {escape(sentence)}" for sentence in said)
    return _HEAD + "\n".join([*map(_one, tables), *paragraphs]) + "\n"


def _one(table: Table) -> str:
    shown = table.shown
    label = "".join(
        character if character.isascii() and character.isalnum() else "-" for character in table.name
    )
    below = [f"{place}. {note}" for place, note in enumerate(table.plain_notes, start=1)] + [*table.sentences]
    lines = [
        r"\begin{table}[htbp]",
        r"\centering\footnotesize",
        rf"\caption{{{escape(table.heading)}}}\label{{tab:{label}}}",
        rf"\begin{{tabularx}}{{\linewidth}}{{@{{}}{''.join(map(_column_type, shown))}@{{}}}}",
        r"\toprule",
        _row([column.title for column in shown]),
        r"\midrule",
        *map(_row, table.rows),
        r"\bottomrule",
        r"\end{tabularx}",
        *(
            rf"\par\smallskip\begin{{minipage}}{{\linewidth}}\raggedright {escape(said)}\end{{minipage}}"
            for said in below
        ),
        r"\end{table}",
    ]
    return "\n".join(lines)


def _column_type(column: Column) -> str:
    return _RIGHT if column.role.is_numeric else _LEFT


def _row(cells: tuple[str, ...] | list[str]) -> str:
    line = " & ".join(map(escape, cells))
    guard = "{}" if line.startswith(("[", "*")) else ""  # after a line's end these would be its options
    return rf"{guard}{line} \\"
