"""Types of data relative to a pretraining: which objects and backgrounds they have, and what is not to be had."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from invariance.data.catalogue import choose_classes, class_names
from invariance.data.engine import Engine
from invariance.measures import shifts
from invariance.measures.shifts import available_shifts, own_shift, shift_title, shifted
from invariance.spec import DatasetSpec, SpecError
from invariance.vocabulary.shifts import SHIFT_NAMES

DATA = DatasetSpec(classes=choose_classes("builtin", 10, 0), transforms=("rotate",), seed=3, image_size=16)
NOISE = DatasetSpec(objects="noise", backgrounds="noise", classes=choose_classes("noise", 10, 0), image_size=16)


@pytest.fixture(autouse=True)
def _no_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))


def test_pictures_have_the_paper_s_six_types_without_photographs() -> None:
    found = available_shifts(DATA)
    assert list(found) == ["same-pictures", "new-pictures", "same-noise", "new-noise", "noise-pictures", "noise-noise"]
    kinds = {name: (data.objects, data.backgrounds) for name, data in found.items()}
    assert kinds["same-pictures"] == kinds["new-pictures"] == ("builtin", "builtin")
    assert kinds["same-noise"] == kinds["new-noise"] == ("builtin", "noise")
    assert kinds["noise-pictures"] == ("noise", "builtin") and kinds["noise-noise"] == ("noise", "noise")
    assert all((data.transforms, data.seed, data.image_size) == ((), 3, 16) for data in found.values())
    assert all(len(data.classes) == 10 for data in found.values())


def test_same_objects_are_those_of_pretraining_and_new_ones_none_of_them() -> None:
    assert shifted(DATA, "same-noise").classes == DATA.classes
    for name in ("new-pictures", "new-noise"):
        new = shifted(DATA, name).classes
        assert not set(new) & set(DATA.classes) and set(new) <= set(class_names("builtin"))
    assert shifted(DATA, "new-noise") == shifted(DATA, "new-noise")
    assert shifted(replace(DATA, seed=4), "new-noise").classes != shifted(DATA, "new-noise").classes


def test_a_network_pretrained_on_noise_has_pictures_as_its_shift() -> None:
    found = available_shifts(NOISE)
    expected = ["same-noise", "same-pictures", "new-pictures", "new-noise", "drawn-pictures", "drawn-noise"]
    assert list(found) == expected and own_shift(NOISE) == "same-noise"
    assert (found["drawn-pictures"].objects, found["drawn-pictures"].backgrounds) == ("builtin", "builtin")
    assert (found["same-pictures"].objects, found["same-pictures"].backgrounds) == ("noise", "builtin")
    with pytest.raises(SpecError, match="pretraining was on noise objects; choose same-pictures or new-pictures"):
        shifted(NOISE, "noise-pictures")


def test_the_pretraining_s_own_data_stay_what_they_were_but_for_the_transformations() -> None:
    odd = replace(DATA, fg_availability=0.5, num_prototypes=3, strength=0.5, num_samples=None)
    own = shifted(odd, "same-pictures")
    assert (own.fg_availability, own.num_prototypes, own.strength) == (0.5, 3, 1.0)
    assert own.num_samples == DatasetSpec().num_samples
    assert shifted(odd, "new-pictures").fg_availability == 1.0


def test_fewer_are_left_than_were_used() -> None:
    many = replace(DATA, classes=choose_classes("builtin", 65, 0))
    assert len(shifted(many, "new-pictures").classes) == len(class_names("builtin")) - 65
    with pytest.raises(SpecError, match="pretraining used 72 of the 72 classes of builtin, and at least 2 others"):
        shifted(replace(DATA, classes=class_names("builtin")), "new-noise")
    with pytest.raises(SpecError, match="at least 2 others"):
        shifted(replace(DATA, classes=()), "new-noise")


def test_photographs_are_offered_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SpecError, match="cifar10 is not on this machine; get it with python -m invariance download"):
        shifted(DATA, "cifar10")
    monkeypatch.setattr(shifts, "is_downloaded", lambda source: source == "cifar10")
    assert "cifar10" in available_shifts(DATA) and "cifar100" not in available_shifts(DATA)
    found = shifted(DATA, "cifar10")
    assert (found.objects, found.backgrounds, found.classes) == ("cifar10", "builtin", ())
    with pytest.raises(SpecError, match="choose same-pictures"):
        shifted(found, "cifar10")


def test_all_that_is_offered_can_be_rendered() -> None:
    for spec in (DATA, NOISE):
        for name, data in available_shifts(spec).items():
            engine = Engine(data)
            assert engine.render(engine.indices("test", 2))[0].shape == (2, 3, 16, 16), name


def test_every_name_has_a_title_and_others_are_refused() -> None:
    assert len({shift_title(name) for name in SHIFT_NAMES}) == len(SHIFT_NAMES)
    with pytest.raises(SpecError, match="shift = 'old': expected same-pictures, new-pictures"):
        shifted(DATA, "old")
