"""The workers of a server: what each computes on, and which runs it takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from invariance.runs.device import spread
from invariance.runs.networks import networks_of, recorded_spec
from invariance.runs.store import Store
from invariance.runs.threads import num_cores
from invariance.spec import RunSpec
from invariance.vocabulary.architectures import are_small


@dataclass(frozen=True)
class Slot:
    """The place of a worker.

    Attributes:
        device: a torch device.
        is_second: it helps the one worker of a CPU while that is busy, with runs of small networks alone: each of them
            computes with one thread, so that two have a core each. It is there only while it is of use.
    """

    device: str
    is_second: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether its process stays when there is nothing to do; one that has used a GPU holds memory of it."""
        return not (self.is_second or self.device.startswith("cuda"))

    def takes(self, spec: RunSpec, store: Store) -> bool:
        """Whether a run is for it; sources are looked up in a store and in the gallery."""
        return not self.is_second or are_small(networks_of(spec, partial(recorded_spec, store=store)))


def slots_of(devices: Sequence[str], num_workers: int | None = None) -> tuple[Slot, ...]:
    """The workers of a server.

    Args:
        devices: of the server.
        num_workers: runs executed at once, on the devices in turn; None for one on each, and on a CPU of two or more
            cores a second one for small networks.
    """
    slots = tuple(Slot(device) for device in spread(list(devices), num_workers))
    is_one_cpu = num_workers is None and len(slots) == 1 and slots[0].device.startswith("cpu")
    return (*slots, Slot(slots[0].device, is_second=True)) if is_one_cpu and num_cores() > 1 else slots


def num_at_once(specs: Iterable[RunSpec], slots: Sequence[Slot]) -> int:
    """How many workers take each of these runs, whose sources are among them: so many are executed at once."""
    known = {spec.run_id: spec for spec in specs}
    all_small = all(are_small(networks_of(spec, known.get)) for spec in known.values())
    return sum(all_small or not slot.is_second for slot in slots)
