"""The app: ``streamlit run app.py``. The pages are declared in ``pages/shared/navigation.py``.

The server imports this file, and finds its application in it; a visitor's session runs it, and finds the frame of all
pages.
"""

from pathlib import Path

import streamlit as st

from invariance.spec.registrations import import_named
from pages.shared import serving
from pages.shared.errors import errors_shown, on_script_error
from pages.shared.navigation import PAGES
from pages.shared.scripts import close_false_alarm, is_undeclared
from pages.shared.transform_pictures import pill_style

# From a file, since Streamlit fetches the picture of an icon's name from another host.
FAVICON = Path(__file__).parent / "static" / "favicon.png"
# Streamlit leaves a hand's breadth above each title; the pictures are what people come for.
# In the dark, its colour for what is chosen is hard to read on a projector (4.4 : 1); this one has more than 9 : 1.
# Captions, of which it leaves 60 %, have 4 : 1 in the light.
STYLE = """<style>
[data-testid=stMainBlockContainer] { padding-top: 4.5rem; padding-bottom: 4rem; }
[data-variant][data-selected]:not([data-disabled]) p, [role=tab][aria-selected=true] p,
[data-testid=stSliderThumbValue] {
  color: light-dark(#0b7f70, #5fd3c0);
}
[data-testid=stCaptionContainer] { opacity: 0.8; }
[class*="st-key-save_"][data-testid=stElementContainer] [data-testid=stDownloadButton] button {
  min-height: 0; padding: 0.05rem 0.55rem; background: transparent;
}
[class*="st-key-save_"][data-testid=stElementContainer] [data-testid=stDownloadButton] p { font-size: 0.8rem; }
</style>"""


def show_frame() -> None:
    """What is around all pages, and the page."""
    st.set_page_config(page_title="Invariance Lab", page_icon=str(FAVICON), layout="wide")
    st.html(STYLE)
    st.html(f"<style>{pill_style()}</style>")
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
    close_false_alarm(was_undeclared=was_undeclared)
    with errors_shown():
        page.run()


if __name__ == "__main__":
    show_frame()
else:
    app = st.App(
        __file__,
        lifespan=serving.lifespan,
        routes=serving.routes(),
        middleware=serving.middleware(),
        on_script_error=on_script_error,
    )
