"""Ask: a question as one sentence, what its answer takes, and the answer as it comes."""

from __future__ import annotations

from functools import partial

import streamlit as st

from invariance.runs.describe import question_command
from invariance.runs.question import make_question, report_so_far
from invariance.spec import SpecError
from pages.ask.answer import show_answer, show_links, with_titles
from pages.ask.asked import read_link
from pages.ask.details import choose_details, spec_of
from pages.ask.editors import show_editor
from pages.ask.example import ships, show_example
from pages.ask.sentence import show_sentence
from pages.shared import cache, links
from pages.shared.errors import show_postponed
from pages.shared.literal import literal
from pages.shared.serving import server
from pages.shared.study_run import is_active, show_controls


def copy_command(command: str) -> None:
    """The line for a terminal, which the button in its corner copies."""
    with st.popover("Copy command", icon=":material/content_copy:"):
        st.code(command, language="bash", wrap_lines=True)


links.enter("ask", widget="budget", never_empty=("budget", "objects_source", "backgrounds_source"))
server.start()
st.title("Ask", anchor=False)
asked = read_link(cache.known_models())
with st.container(horizontal=True, vertical_alignment="center"):
    st.caption("One question, many networks: click a coloured part to change it.")
    st.space("stretch")
    details = choose_details(asked.values["models"])
show_sentence(asked)
show_editor(asked)
if asked.unusable:
    named = ", ".join(map(links.quoted, asked.unusable[:2]))
    st.caption(f":material/info: The link asks for what is not here, which is left out: {named}.")
try:
    question = make_question(spec_of(asked, details), server.store())
except SpecError as error:
    st.caption(f":material/info: Not yet: {literal(str(error))}.")
else:
    beside = partial(copy_command, question_command(question.spec))
    progress = show_controls(question, label="Run here", beside=beside)
    show_postponed()
    report = with_titles(report_so_far(question, server.store()), asked.networks)
    # A run of the question that ships may have been asked for elsewhere: its whole answer is worth more.
    is_whole_elsewhere = ships(question) and not progress.is_done and not is_active(question)
    if report["cells"] and not is_whole_elsewhere:
        if not progress.is_done:
            st.caption(f":material/timelapse: From the {progress.done} of {progress.total} runs that are done.")
        show_answer(question, report, num_done=progress.done)
        show_links(report)
    else:
        show_example(question)
