"""The app's navigation: ``streamlit run app.py``."""

import streamlit as st

st.set_page_config(page_title="Invariance Lab", page_icon=":material/flip:", layout="wide")
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
        st.Page("pages/start.py", title="Start", icon=":material/home:", default=True),
        st.Page("pages/dataset.py", title="Data set", icon=":material/image:"),
        st.Page("pages/pictures.py", title="My pictures", icon=":material/add_photo_alternate:"),
        st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
        st.Page("pages/studies.py", title="Studies", icon=":material/science:"),
        st.Page("pages/runs.py", title="Runs", icon=":material/list_alt:"),
        st.Page("pages/invariance.py", title="Invariance", icon=":material/grid_on:"),
        st.Page("pages/factors.py", title="Factors", icon=":material/tune:"),
        st.Page("pages/attribution.py", title="Attribution", icon=":material/center_focus_strong:"),
        st.Page("pages/own.py", title="Try a picture", icon=":material/image_search:"),
    ],
    position="top",
).run()
