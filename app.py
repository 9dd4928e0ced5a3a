"""The app's navigation: ``streamlit run app.py``."""

from pathlib import Path

import streamlit as st

# From a file, since Streamlit fetches the picture of an icon's name from another host.
FAVICON = Path(__file__).parent / "static" / "favicon.png"

# Folder under pages/, which is also the address; title; icon.
PAGES = (
    ("start", "Start", "home"),
    ("dataset", "Data set", "image"),
    ("pictures", "My pictures", "add_photo_alternate"),
    ("train", "Train", "model_training"),
    ("studies", "Studies", "science"),
    ("runs", "Runs", "list_alt"),
    ("invariance", "Invariance", "grid_on"),
    ("factors", "Factors", "tune"),
    ("attribution", "Attribution", "center_focus_strong"),
    ("own", "Try a picture", "image_search"),
)

st.set_page_config(page_title="Invariance Lab", page_icon=str(FAVICON), layout="wide")
# Streamlit leaves a hand's breadth above each title; the pictures are what people come for.
# In the dark, its colour for what is chosen is hard to read on a projector (4.4 : 1); this one has more than 9 : 1.
st.html("""<style>
[data-testid=stMainBlockContainer] { padding-top: 4.5rem; padding-bottom: 4rem; }
[data-variant][data-selected]:not([data-disabled]) p, [role=tab][aria-selected=true] p,
[data-testid=stSliderThumbValue] {
  color: light-dark(#0b7f70, #5fd3c0);
}
</style>""")
st.navigation(
    [
        st.Page(
            f"pages/{folder}/page.py",
            title=title,
            icon=f":material/{icon}:",
            url_path=folder,
            default=folder == PAGES[0][0],
        )
        for folder, title, icon in PAGES
    ],
    position="top",
).run()
