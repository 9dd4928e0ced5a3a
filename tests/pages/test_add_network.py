"""The control that adds networks of others, on its own and where what was added is chosen."""

from __future__ import annotations

from pathlib import Path

from streamlit.testing.v1 import AppTest

from pages.shared.add_network import TURN


def add(app: AppTest, name: str = "", *, file: Path | None = None, arch: str | None = None) -> AppTest:
    """Fills the control of the open page in, and presses its button."""
    turn = app.session_state[TURN]
    app.text_input(key=f"add_name_{turn}").set_value(name)
    if file is not None:
        app.file_uploader(key=f"add_file_{turn}").upload(file.name, file.read_bytes())
    if arch is not None:
        app.selectbox(key=f"add_arch_{turn}").set_value(arch)
    return app.button(key="add_go").click().run()
