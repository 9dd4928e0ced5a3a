"""Any table as LaTeX with ``booktabs``, under a caption that says where it comes from."""

from __future__ import annotations

import numbers
import re
from typing import Final

import numpy as np
import pandas as pd

from invariance.runs.origin import Origin

DIGITS: Final = 4
"""Significant ones of a number that is not whole; the CSV has all."""
MAX_ROWS: Final = 40
"""That fit on a page; a longer table goes over several."""

_NOT_KNOWN = "--"
_ESCAPED: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{each: f"\\{each}" for each in "&%$#_{}"},
    # What pages write and LaTeX's own fonts lack.
    "−": "$-$",
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "ρ": r"$\rho$",
    "½": r"$\frac{1}{2}$",
    "²": r"\textsuperscript{2}",
    "±": r"$\pm$",
    "°": r"\textdegree{}",
    "·": r"\textperiodcentered{}",
    "…": r"\ldots{}",
    "–": "--",
}


def latex_table(table: pd.DataFrame, origin: Origin, *, title: str, label: str) -> str:
    """A table as a document takes it in.

    Args:
        table: columns as they are in the CSV; texts to the left, numbers to the right in :data:`DIGITS` digits.
        origin: what the caption says.
        title: the caption's first sentence, without a full stop.
        label: of the table, such as ``tab:sens``.

    Returns:
        A ``table`` that is shrunk where it is wider than the page, and with more than :data:`MAX_ROWS` rows a
        ``longtable``. The first line says which packages it needs.
    """
    columns = "".join("r" if _is_number(table[name]) else "l" for name in table)
    header = f"{' & '.join(escape(str(name)) for name in table)} \\\\"
    rows = [f"{' & '.join(map(_cell, row))} \\\\" for row in table.itertuples(index=False, name=None)]
    heading = f"\\caption{{{_caption(origin, title)}}}\\label{{{re.sub(r'[^A-Za-z0-9:-]', '-', label)}}}"
    body = [r"\toprule", header, r"\midrule"]
    if len(rows) > MAX_ROWS:
        lines = ["% \\usepackage{booktabs,longtable}", r"{\footnotesize", f"\\begin{{longtable}}{{{columns}}}"]
        lines += [f"{heading}\\\\", *body, r"\endfirsthead", *body, r"\endhead", r"\bottomrule", r"\endlastfoot"]
        lines += [*rows, r"\end{longtable}", "}"]
    else:
        lines = ["% \\usepackage{booktabs,adjustbox}", r"\begin{table}", r"\centering", heading]
        lines += [r"\begin{adjustbox}{max width=\textwidth}", f"\\begin{{tabular}}{{{columns}}}", *body, *rows]
        lines += [r"\bottomrule", r"\end{tabular}", r"\end{adjustbox}", r"\end{table}"]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """Text that LaTeX sets as it is read: its own signs are escaped, and lines become one."""
    return "".join(_ESCAPED.get(each, each) for each in " ".join(text.split()))


def _caption(origin: Origin, title: str) -> str:
    commands = [_typed(line) for line in origin.command.splitlines()]
    made = " and ".join(f"\\texttt{{{line}}}" for line in commands)
    return f"{escape(title)}. {escape(origin.sentence)} Made by {made}."


def _typed(line: str) -> str:
    """A command in typewriter letters: two hyphens stay two, and a line may end after a comma."""
    return escape(line).replace("--", "-{}-").replace(",", ",\\allowbreak{}")


def _is_number(column: pd.Series) -> bool:
    return bool(column.map(lambda value: pd.isna(value) or _is_real(value)).all())


def _is_real(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_)


def _cell(value: object) -> str:
    if pd.isna(value):  # type: ignore[call-overload]
        return _NOT_KNOWN
    if not _is_real(value):
        return escape(str(value))
    assert isinstance(value, numbers.Real)
    text = str(value) if isinstance(value, numbers.Integral) else f"{float(value):.{DIGITS}g}"
    mantissa, _, exponent = text.replace("inf", r"\infty").partition("e")
    return f"${mantissa} \\times 10^{{{int(exponent)}}}$" if exponent else f"${mantissa}$"
