"""Text of strangers inside Markdown."""

import re

WORD_JOINER = "\u2060"


def literal(text: str) -> str:
    r"""The text as it is, wherever Streamlit reads Markdown.

    Every ASCII punctuation gets a backslash: CommonMark takes the pair for the character alone, and so do Streamlit's
    own marks (``:red[x]``, ``$x$``). Dashes, arrows, addresses and web addresses are made of the text after that, so an
    invisible joiner keeps their parts apart.
    """
    apart = re.sub(r"(?<=[-<])(?=[->])|(?<=www)(?=\.)|(?<=:)(?=//)|(?<=@)", WORD_JOINER, text, flags=re.IGNORECASE)
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", apart)
