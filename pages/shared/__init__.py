"""Pieces that several pages share: the server's objects, and controls.

A link to a page may be the first thing that a fresh server is asked for. Streamlit then takes the folder ``pages`` for
the whole app, because ``app.py`` has not yet declared its navigation, and shows the page without its frame, to
everyone, until somebody opens the start page. The first import of this package therefore does what declaring a
navigation would have done, and starts again, through ``app.py``.
"""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()
