"""Tables as LaTeX: every sign is set as it is read, and the caption says where the numbers come from."""

from __future__ import annotations

import math
import re

import pandas as pd

import invariance
from invariance.figures.latex import MAX_ROWS, escape, latex_table
from invariance.runs.origin import Origin

ORIGIN = Origin(
    command="python -m invariance measure --models none,hue --out x.tex", seeds=(0, 1), num="1,000 pairs of twins"
)
TABLE = pd.DataFrame(
    {
        "model": ["50 % & more", "a_b\n#1"],
        "sens_low": [0.123456, math.nan],
        "num_pairs": [1000, 20],
        "p": [1.25e-7, -2.0],
        "collapsed": [True, False],
        "published": [None, math.inf],
    }
)


def test_signs_of_latex_and_those_that_its_fonts_lack_are_escaped() -> None:
    assert escape(r"\input{x} & 5% $y$ #1 a_b ~ ^") == (
        r"\textbackslash{}input\{x\} \& 5\% \$y\$ \#1 a\_b \textasciitilde{} \textasciicircum{}"
    )
    assert escape("−0.05 ± 1 → R² < 2 | a\n b") == (
        r"$-$0.05 $\pm$ 1 $\rightarrow$ R\textsuperscript{2} \textless{} 2 \textbar{} a b"
    )


def test_a_table_has_its_columns_its_numbers_and_its_origin() -> None:
    text = latex_table(TABLE, ORIGIN, title="Sens-scores & more", label="tab:a_b")
    assert text.splitlines() == [
        r"% \usepackage{booktabs,adjustbox}",
        r"\begin{table}",
        r"\centering",
        r"\caption{Sens-scores \& more. n = 1,000 pairs of twins; seeds 0, 1; Invariance Lab "
        + invariance.__version__
        + r". Made by \texttt{python -m invariance measure -{}-models none,\allowbreak{}hue -{}-out x.tex}.}"
        + r"\label{tab:a-b}",
        r"\begin{adjustbox}{max width=\textwidth}",
        r"\begin{tabular}{lrrrlr}",
        r"\toprule",
        r"model & sens\_low & num\_pairs & p & collapsed & published \\",
        r"\midrule",
        r"50 \% \& more & $0.1235$ & $1000$ & $1.25 \times 10^{-7}$ & True & -- \\",
        r"a\_b \#1 & -- & $20$ & $-2$ & False & $\infty$ \\",
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{adjustbox}",
        r"\end{table}",
    ]


def test_a_long_table_goes_over_pages_with_its_head_on_each() -> None:
    table = pd.DataFrame({"step": range(MAX_ROWS + 1)})
    text = latex_table(table, ORIGIN, title="Steps", label="steps")
    opened, closed = (re.findall(rf"\\{verb}{{(\w+)}}", text) for verb in ("begin", "end"))
    assert opened == closed == ["longtable"] and text.count("{") - text.count(r"\{") == text.count("}")
    assert text.count(r"step \\") == 2 and text.index(r"\endfirsthead") < text.index(r"\endhead")
    assert text.rstrip().endswith("$40$ \\\\\n\\end{longtable}\n}")
