import dataclasses
import json

import pytest

from invariance.events import Finished, Progress, event_from_dict

EVENTS = [
    Progress(step=3, num_steps=10, metrics={"train_loss": 0.5}, images_per_second=2.0),
    Finished(metrics={"test_accuracy": 1.0}, checkpoint="w", sha256="0f", seconds=1.5, device="cpu", table=None),
]


@pytest.mark.parametrize("event", EVENTS)
def test_an_event_survives_the_way_through_json(event: Progress | Finished) -> None:
    assert event_from_dict(json.loads(json.dumps(event.to_dict()))) == event


def test_an_event_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        EVENTS[0].seconds = 0.0  # type: ignore[misc]


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ValueError, match="'rumour': expected progress or finished"):
        event_from_dict({"event": "rumour"})
