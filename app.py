"""The app: ``streamlit run app.py``. The pages are declared in ``pages/shared/navigation.py``.

The server imports this file, and finds its application in it; a visitor's session runs it, and finds the frame of all
pages.
"""

from pathlib import Path

import streamlit as st

from invariance.spec.registrations import import_named
from pages.shared import layout
from pages.shared.errors import errors_shown, on_script_error
from pages.shared.navigation import PAGES
from pages.shared.present import show_corner
from pages.shared.scripts import close_false_alarm, is_undeclared, keep_history
from pages.shared.serving import life
from pages.shared.transform_pictures import pill_style

# From a file, since Streamlit fetches the picture of an icon's name from another host.
FAVICON = Path(__file__).parent / "static" / "favicon.png"
# Streamlit leaves a hand's breadth above each title; the pictures are what people come for.
# Its colours for what is chosen, for captions and for the words of charts have between 3.6 and 4.4 : 1, and a projector
# takes away more; these have at least 5.5 : 1 in both themes. White on the buttons of the dark one had 3.5 : 1.
STYLE = """<style>
[data-testid=stMainBlockContainer] { padding-top: 4.5rem; padding-bottom: 4rem; }
[data-testid=stMainBlockContainer] h1 { font-size: 2rem; padding: 0 0 0.3rem; }
[data-variant][data-selected]:not([data-disabled]) p, [role=tab][aria-selected=true] p,
[data-testid=stSliderThumbValue] {
  color: light-dark(#08685c, #5fd3c0);
}
[data-testid^=stBaseButton-primary]:not(:disabled) :is(p, span) { color: light-dark(#fff, #10211f); }
[data-testid=stCaptionContainer], [data-testid=stImageCaption], [data-testid=stImageCaption] * { opacity: 1; }
:is([data-testid=stCaptionContainer], [data-testid=stImageCaption]), [data-testid=stCaptionContainer] p,
[data-testid=stImageCaption] :is(p, div, strong) {
  color: light-dark(#56625f, #a9b5b3);
}
[data-testid=stPlotlyChart] :is([class*=tick] text, [class*=title], .legendtext, .annotation-text, .bartext-outside) {
  fill: light-dark(#46524f, #c3cdcb) !important;
}
[data-testid=stMarkdownContainer] > :is(p, ul, ol) { max-width: 75ch; }
@media (prefers-reduced-motion: reduce) {
  *, ::before, ::after { animation-duration: 1ms !important; transition-duration: 1ms !important; }
}
[data-testid=stCaptionContainer] { opacity: 1; }
[class*="st-key-save_"][data-testid=stElementContainer] [data-testid=stDownloadButton] button {
  min-height: 0; padding: 0.05rem 0.55rem; background: transparent;
}
[class*="st-key-save_"][data-testid=stElementContainer] [data-testid=stDownloadButton] p { font-size: 0.8rem; }
</style>"""


def show_frame() -> None:
    """What is around all pages, and the page."""
    st.set_page_config(page_title="Invariance Lab", page_icon=str(FAVICON), layout="wide")
    st.html(STYLE)
    st.html(f"<style>{layout.style()}{pill_style()}</style>")
    import_named()  # the modules of $INVARIANCE_IMPORT, which the server's owner sets and no page can
    was_undeclared = is_undeclared()
    page = st.navigation(
        [
            st.Page(
                one.script,
                title=one.title,
                icon=one.icon,
                url_path=one.folder,
                default=one is PAGES[0],
                visibility="visible" if one.is_listed else "hidden",
            )
            for one in PAGES
        ],
        position="top",
    )
    keep_history()
    close_false_alarm(was_undeclared=was_undeclared)
    show_corner()
    with errors_shown():
        page.run()


if __name__ == "__main__":
    show_frame()
else:
    app = st.App(
        __file__,
        lifespan=life.lifespan,
        routes=life.routes(),
        middleware=life.middleware(),
        on_script_error=on_script_error,
    )
