"""How a transfer stands, with the pretraining that it builds on: what the Train page shows live."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from invariance.figures.networks import look_of
from invariance.measures import accuracy
from invariance.runs.added import is_outside, short_name
from invariance.runs.describe import transforms_title
from invariance.runs.finished_cells import answers_of, finished_cell
from invariance.runs.run import Run
from invariance.spec import PretrainSpec, SpecError, TransferSpec
from invariance.statistics import Interval
from invariance.studies.relations import relation
from invariance.studies.what_if import Cell, WhatIf, arranged
from invariance.studies.what_if_report import Report, what_if_report
from pages.shared.serving import server


@dataclass(frozen=True)
class TransferStatus:
    """One network on its way to the target task.

    Attributes:
        transfer: of it.
        pretraining: of it, if that is in the store; a network that ships or was published is ready.
        source: how it was pretrained; None for a published network.
    """

    transfer: Run
    pretraining: Run | None
    source: PretrainSpec | None

    @property
    def transforms(self) -> tuple[str, ...] | None:
        """What it was pretrained on; None for a published network."""
        return None if self.source is None else self.source.data.transforms

    @property
    def look(self) -> tuple[str, ...] | None:
        """What its colour tells."""
        return look_of(self.spec, self.source, self.spec.source)

    @property
    def spec(self) -> TransferSpec:
        """Of the transfer."""
        assert isinstance(self.transfer.spec, TransferSpec)
        return self.transfer.spec

    @property
    def runs(self) -> list[Run]:
        """In the order in which they are executed."""
        return [self.transfer] if self.pretraining is None else [self.pretraining, self.transfer]

    @property
    def name(self) -> str:
        """The network in a few words: what it was pretrained on, or how it is called."""
        if self.transforms is None:
            return short_name(self.spec.source)
        return transforms_title(self.transforms) if self.transforms else "untransformed images"

    @property
    def role(self) -> str:
        """Its name, and how what it was pretrained on relates to the target task."""
        if self.transforms is None:
            return f"Trained elsewhere: {self.name}"
        return f"{relation(self.transforms, self.spec.data.transforms).capitalize()}: {self.name}"

    @property
    def reference(self) -> str:
        """The network to look at afterwards: before the transfer, but for those of the gallery, which are there."""
        is_before = self.pretraining is not None or self.source is None
        return self.spec.source if is_before else self.transfer.id

    @property
    def accuracy(self) -> float | None:
        """Of the transfer, in [0, 1], once it is known."""
        return self.transfer.metrics.get("transfer_accuracy")


def transfer_statuses(transfer_ids: list[str]) -> list[TransferStatus]:
    """How some transfers stand.

    Raises:
        SpecError: a run is not known here, or is no transfer.
    """
    store, found = server.store(), []
    for run in [store.get(run_id) for run_id in transfer_ids]:
        if not isinstance(run.spec, TransferSpec):
            raise SpecError(f"run {run.id} is a {run.kind}: only transfers can be shown here; see the page Runs")
        source = run.spec.source
        pretraining = store.find(source)
        known = server.source_of(run, {} if pretraining is None else {source: pretraining})
        if known is None and not is_outside(source):
            store.get(source)  # raises: neither here nor in the gallery
        assert known is None or isinstance(known, PretrainSpec)
        found.append(TransferStatus(run, pretraining, known))
    return found


def report_of(transfers: list[TransferStatus]) -> Report | None:
    """What finished transfers say of matching; None unless two compositions are in them as sources and as targets.

    Raises:
        SpecError: what one of the networks said of single images cannot be read.
    """
    study = arranged([Cell(one.source, one.spec) for one in transfers if one.source is not None])
    return None if study is None else _report(study, ",".join(cell.transfer.run_id for cell in study.cells))


@st.cache_data(max_entries=32, show_spinner=False)
def _report(_study: WhatIf, transfers: str) -> Report:
    return what_if_report([[finished_cell(cell, server.store()) for cell in _study.cells]])


def difference(first: Run, second: Run) -> Interval | None:
    """Of the accuracies of two finished transfers to one task; None where their answers are not here."""
    try:
        return accuracy.difference(*(answers_of(run, server.store()) for run in (first, second)))
    except SpecError:
        return None
