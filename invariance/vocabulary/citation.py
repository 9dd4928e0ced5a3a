"""How the paper and this project are cited, in whatever leaves the app; ``CITATION.cff`` says the same for tools."""

from __future__ import annotations

from typing import Final

import invariance

PAPER_TITLE: Final = "Understanding the Role of Invariance in Transfer Learning"
PAPER_URL: Final = "https://arxiv.org/abs/2407.04325"
PROJECT_TITLE: Final = "Invariance Lab: which invariances a neural network learnt, and what they do to transfer"
CITATION: Final = f"""@article{{speicher2024understanding,
  title = {{{PAPER_TITLE}}},
  author = {{Speicher, Till and Nanda, Vedant and Gummadi, Krishna P.}},
  journal = {{Transactions on Machine Learning Research}},
  year = {{2024}},
  url = {{{PAPER_URL}}}
}}

@software{{invariance_lab,
  title = {{{PROJECT_TITLE}}},
  author = {{{{Invariance Lab contributors}}}},
  version = {{{invariance.__version__}}}
}}"""
"""BibTeX of both."""
