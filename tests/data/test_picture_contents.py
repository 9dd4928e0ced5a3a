"""What a folder holds is what names it: any change is another one, another place is not."""

import os
import shutil
from dataclasses import replace

import pytest
from PIL import Image

from invariance.data.engine import Engine
from invariance.data.picture_contents import folder_contents, identified, require_contents, resolve_source, stamp
from invariance.measures.factor_verdict import is_reference
from invariance.spec import DatasetSpec, PretrainSpec, SpecError
from invariance.spec.run import by_contents
from invariance.spec.sources import contents_of, place_of


def draw(path, colour="red"):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGBA", (16, 16))
    image.paste(colour, (4, 4, 12, 12))
    image.save(path)


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        draw(tmp_path / "o" / name / "1.png")
    return tmp_path / "o"


def test_any_change_of_a_picture_is_seen_and_nothing_else(folder):
    before, seen = folder_contents(folder), stamp(str(folder))
    (folder / "a" / "notes.txt").write_text("no picture")
    assert (folder_contents(folder), stamp(str(folder))) == (before, seen)
    times = (folder / "a" / "1.png").stat()
    content = bytearray((folder / "a" / "1.png").read_bytes())
    content[-1] ^= 1  # as many bytes, and a copy may keep the time
    (folder / "a" / "1.png").write_bytes(content)
    os.utime(folder / "a" / "1.png", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert folder_contents(folder) != before and stamp(str(folder)) != seen
    changed = folder_contents(folder)
    (folder / "a" / "1.png").rename(folder / "a" / "2.png")
    assert folder_contents(folder) not in (before, changed)


def test_a_moved_folder_is_the_same_run_and_a_changed_one_is_not(folder, tmp_path):
    def asked(place, prefix=""):
        return PretrainSpec(data=identified(DatasetSpec(objects=f"{prefix}{place}", backgrounds="noise")))

    first = asked(folder)
    moved = shutil.move(folder, tmp_path / "elsewhere" / "objects")
    assert asked(moved).run_id == first.run_id != asked(moved, "images:").run_id
    assert place_of(asked(moved).data.objects) == str(moved) and first.data.objects.startswith(f"{folder}@")
    draw(moved / "a" / "1.png", "blue")
    assert asked(moved).run_id != first.run_id


def test_other_pictures_than_asked_for_are_never_shown(folder):
    data = identified(DatasetSpec(objects=str(folder), backgrounds="noise"))
    assert Engine(data).num_classes == 2
    draw(folder / "a" / "1.png", "blue")
    with pytest.raises(SpecError, match=r"^objects = [^\n@]*/o: its pictures have changed since[^\n]* is another run$"):
        Engine(data)
    assert Engine(identified(DatasetSpec(objects=str(folder), backgrounds="noise"))).num_classes == 2
    shutil.rmtree(folder)
    with pytest.raises(SpecError, match=r"^objects = [^\n@]*/o: no such folder that can be read any more; [^\n]*$"):
        require_contents(data)


@pytest.mark.parametrize("source", ["builtin", "noise", "cifar10", "#808080", "hub", "/nowhere/at/all"])
def test_what_has_no_pictures_here_has_no_contents(source, monkeypatch, tmp_path):
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    found = resolve_source(source)
    assert not contents_of(found) and stamp(source) == "" and (found == source or source == "hub")


def test_a_hub_set_is_its_pictures_too(tmp_path, monkeypatch):
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path))
    for name in ("a", "b"):
        draw(tmp_path / "hub" / "me--mine" / "foregrounds" / name / "00000.png")
    source = resolve_source("hub:me/mine")
    assert place_of(source) == "hub:me/mine" and contents_of(source)
    assert Engine(DatasetSpec(objects=source, backgrounds="noise")).object_names == ("a", "b")


def test_a_folder_that_is_called_as_contents_are_written_is_read_right(folder, tmp_path):
    named = folder.rename(tmp_path / f"photos@{'0' * 16}")
    asked = DatasetSpec(objects=str(named), backgrounds="noise")
    assert Engine(asked).class_names == ("a", "b"), "before its contents are known"
    resolved = resolve_source(str(named))
    assert resolved == f"{named}@{folder_contents(named)}" == resolve_source(resolved)
    assert identified(asked).objects == resolved and place_of(resolved) == str(named)
    draw(tmp_path / "photos" / "c" / "1.png")
    with pytest.raises(SpecError, match=r"photos@0{16} is a folder, and also stands for photos with its contents"):
        resolve_source(str(named))


def test_data_of_a_moved_folder_is_the_same(folder, tmp_path):
    first = identified(DatasetSpec(objects=str(folder)))
    moved = identified(DatasetSpec(objects=str(shutil.move(folder, tmp_path / "elsewhere"))))
    assert first != moved and by_contents(first) == by_contents(moved)
    assert is_reference(PretrainSpec(data=first), PretrainSpec(data=replace(moved, transforms=("hue",))))
