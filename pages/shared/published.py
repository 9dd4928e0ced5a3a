"""Networks that others published: which ones, and whether their weights are on this machine."""

from __future__ import annotations

import streamlit as st

from invariance.models import PUBLISHED_PREFIX, has_published, is_cached, published_facts, published_names
from invariance.runs.locate import fetch_published
from invariance.studies.transforms_vs_other_grid import PUBLISHED_NETWORKS
from pages.shared.download import offer


def published_titles(*, say_here: bool = True) -> dict[str, str]:
    """Short name, which is also what links have, to title; those that the studies compare come first.

    Args:
        say_here: whether titles tell which weights are here. A browser forgets those of several choices whose titles
            change under it.
    """
    titles = {}
    for name in dict.fromkeys((*PUBLISHED_NETWORKS, *published_names())):
        short = name.removeprefix(PUBLISHED_PREFIX)
        here = " · here" if say_here and has_published(name) else ""
        titles[short] = f"{short} · {published_facts(name).num_parameters / 1e6:.3g} M parameters{here}"
    return titles


def show_weights(name: str, *, key: str) -> None:
    """Where the weights of ``torchvision:<name>`` are, and the button, with this key, that gets them."""
    chosen = name.removeprefix(PUBLISHED_PREFIX)
    if has_published(name):
        st.caption(":material/check: Its weights are on this machine.")
        return
    amount = f"{published_facts(name).num_bytes / 1e6:,.0f} MB"
    if is_cached(name):
        st.caption(":material/inventory_2: Its weights are in torch's cache: getting them needs no network.")
    else:
        st.caption(f":material/cloud_download: Its weights, {amount}, are not on this machine yet.")
    if offer(chosen, f"Get {chosen} ({amount})", lambda report: fetch_published(name, report), key=key):
        st.rerun()  # so that the list and the line above say it
