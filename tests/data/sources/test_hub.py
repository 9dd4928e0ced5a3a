"""The Hub's data sets as folders: real parquet files, with a stand-in for the two functions that use the network."""

import io
import json
import unicodedata
from pathlib import Path
from types import SimpleNamespace

import huggingface_hub
import pyarrow as pa
import pytest
from huggingface_hub.errors import (
    HTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from PIL import Image
from pyarrow import parquet

from invariance.data.catalogue import class_names, load_backgrounds, load_objects
from invariance.data.sources.download import download, is_downloaded
from invariance.data.sources.hub import downloaded_hub_folder, hub_folder, safe_name
from invariance.spec import SpecError

BASE = "tillspeicher/transforms_2d_base"
FOREGROUNDS = "foregrounds/train-00000-of-00001.parquet"


def picture(colour, kind="PNG", mode="RGBA", size=8):
    """An encoded picture: a square of one colour, clear around it where the mode has alpha."""
    image = Image.new(mode, (size, size), (0, 0, 0, 0)[: len(mode)])
    image.paste(colour, (2, 2, size - 2, size - 2))
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


def write(path, contents, labels=None, names=None):
    """A parquet file as the Hub writes it: numbered labels with their names in the metadata, or labels as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    columns = {"image": pa.array([{"bytes": content, "path": "x.png"} for content in contents], image)}
    if labels is not None:
        columns["label"] = pa.array(labels)
    table = pa.table(columns)
    if names is not None:
        features = {"image": {"_type": "Image"}, "label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    parquet.write_table(table, path)


class Hub(SimpleNamespace):
    """Repositories in folders ``<revision>/<file>``; counts what is asked of it."""

    root: Path
    asked: int = 0

    def list_repo_files(self, repository, *, repo_type, revision):
        assert (repository, repo_type) == (BASE, "dataset")
        self.asked += 1
        folder = self.root / revision
        if not folder.is_dir():
            raise self.error(RevisionNotFoundError)
        return [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]

    def hf_hub_download(self, repository, name, *, repo_type, revision):
        self.asked += 1
        return str(self.root / revision / name)

    @staticmethod
    def error(kind):
        response = SimpleNamespace(headers={}, request=None)
        return kind("404 Client Error.\nRepository Not Found for url", response=response)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    hub = Hub(root=tmp_path / "hub")
    for name in ("list_repo_files", "hf_hub_download"):
        monkeypatch.setattr(huggingface_hub, name, getattr(hub, name))
    return hub


def listing(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_numbered_labels_become_folders_of_their_names(hub, tmp_path):
    contents = [picture(colour) for colour in ("red", "lime", "blue", "white")]
    write(hub.root / "main" / FOREGROUNDS, contents, [1, 0, 1, 1], ["bagel", "zebra"])
    told = []
    folder = hub_folder(BASE, "foregrounds", on_progress=lambda *values: told.append(values))
    assert folder == tmp_path / "data" / "hub" / "tillspeicher--transforms_2d_base" / "foregrounds"
    assert listing(folder) == ["bagel/00000.png", "zebra/00000.png", "zebra/00001.png", "zebra/00002.png"]
    assert [(folder / name).read_bytes() for name in listing(folder)] == [contents[n] for n in (1, 0, 2, 3)]
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_folder_loader_reads_it(hub):
    """The first picture of a class is the data set's first, also when there are more than ten."""
    colours = ["red"] + ["blue"] * 11
    write(hub.root / "main" / FOREGROUNDS, [picture(colour) for colour in [*colours, "lime"]], ["b"] * 12 + ["a"])
    folder = str(hub_folder(BASE, "foregrounds"))
    assert class_names(folder) == ("a", "b")
    objects = load_objects(folder, classes=(), image_size=20, num_prototypes=1)
    assert objects.pictures[:, 0, :, 10, 10].round().tolist() == [[0, 1, 0, 1], [1, 0, 0, 1]]
    assert load_objects(folder, classes=(), image_size=20, num_prototypes=20).counts.tolist() == [1, 12]


def test_backgrounds_are_flat_and_need_no_label(hub):
    contents = [picture("red", "JPEG", "RGB"), picture("lime", "PNG", "RGB"), picture("blue", "WEBP", "RGB")]
    write(hub.root / "main" / "data" / "backgrounds-00000-of-00001.parquet", contents)
    write(hub.root / "main" / FOREGROUNDS, [picture("red")], ["a"])
    folder = hub_folder(BASE, "backgrounds")
    assert listing(folder) == ["00000.jpg", "00001.png", "00002.webp"]
    assert [path.read_bytes() for path in sorted(folder.iterdir())] == contents
    assert load_backgrounds(str(folder), image_size=8).shape == (3, 3, 8, 8)


def test_several_files_are_read_in_order_from_the_converted_branch(hub):
    """The main branch holds pictures only, as where a loading script or a folder of images was uploaded."""
    (hub.root / "main").mkdir(parents=True)
    (hub.root / "main" / "foregrounds.zip").write_bytes(b"")
    for number, colour in enumerate(("red", "lime")):
        name = f"foregrounds/train/000{number}.parquet"
        write(hub.root / "refs/convert/parquet" / name, [picture(colour)], ["a"])
    folder = hub_folder(BASE, "foregrounds")
    assert listing(folder) == ["a/00000.png", "a/00001.png"]
    assert (folder / "a" / "00000.png").read_bytes() == picture("red")


def test_a_second_call_asks_nothing_of_the_network(hub):
    write(hub.root / "main" / FOREGROUNDS, [picture("red")], ["a"])
    folder, asked = hub_folder(BASE, "foregrounds"), hub.asked
    assert hub_folder(BASE, "foregrounds") == folder and hub.asked == asked == 2


def test_what_was_interrupted_is_never_taken_for_whole(hub):
    write(hub.root / "main" / FOREGROUNDS, [picture("red"), picture("lime"), picture("blue")], ["a", "b", "a"])

    def stop(done, total):
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        hub_folder(BASE, "foregrounds", on_progress=stop)
    parent = next(hub.root.parent.glob("data/hub/*"))
    assert not (parent / "foregrounds").exists() and not is_downloaded("hub")
    leftover = parent / "foregrounds.partial" / "z" / "00000.png"
    leftover.parent.mkdir()
    leftover.write_bytes(picture("white"))
    assert listing(hub_folder(BASE, "foregrounds")) == ["a/00000.png", "a/00001.png", "b/00000.png"]
    assert not (parent / "foregrounds.partial").exists()


def test_the_download_command_gets_both(hub):
    write(hub.root / "main" / FOREGROUNDS, [picture("red")], ["a"])
    write(hub.root / "main" / "backgrounds" / "0.parquet", [picture("red")])
    assert not is_downloaded("hub")
    assert [folder.name for folder in download("hub")] == ["foregrounds", "backgrounds"]
    assert is_downloaded("hub") and is_downloaded(f"hub:{BASE}") and not is_downloaded("hub:me/mine")


def test_without_a_download_the_command_is_named(hub):
    write(hub.root / "main" / FOREGROUNDS, [picture("red")], ["a"])
    with pytest.raises(SpecError, match=r"^hub: its foregrounds are not in [^\n]* python -m invariance download hub$"):
        downloaded_hub_folder(BASE, "foregrounds")
    with pytest.raises(SpecError, match=r"download hub:me/mine$"):
        downloaded_hub_folder("me/mine", "backgrounds")
    assert hub.asked == 0
    assert hub_folder(BASE, "foregrounds") == downloaded_hub_folder(BASE, "foregrounds")


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("bell pepper", "bell pepper"),
        ("T-shirt_2", "T-shirt_2"),
        ("crème", "crème"),
        ("../../etc/passwd", "______etc_passwd"),
        ("..", "__"),
        ("/", "_"),
        ("a\\b:c*d\0e\n", "a_b_c_d_e_"),
        ("", "_"),
        ("  x. ", "x_"),
        ("CON", "CON_"),
        ("lpt1", "lpt1_"),
        ("n" * 300, "n" * 60),
    ],
)
def test_names_are_safe(label, name):
    assert safe_name(label) == name


def test_no_class_leaves_the_folder_and_none_is_merged(hub):
    labels = ["../x", "__/x", "A", "a", "../x"]
    write(hub.root / "main" / FOREGROUNDS, [picture("red")] * 5, labels)
    folder = hub_folder(BASE, "foregrounds")
    names = ["A/00000.png", "___x 2/00000.png", "___x/00000.png", "___x/00001.png", "a 2/00000.png"]
    assert listing(folder) == sorted(names)
    assert {path.name for path in folder.parent.iterdir()} == {"foregrounds", "foregrounds.lock"}


@pytest.mark.parametrize("error", [HTTPError("no route\nmore"), LocalEntryNotFoundError("no route\nmore")])
@pytest.mark.parametrize("function", ["list_repo_files", "hf_hub_download"])
def test_offline_without_a_copy_is_one_line(hub, monkeypatch, function, error):
    def fail(*_, **__):
        raise error

    write(hub.root / "main" / FOREGROUNDS, [picture("red")], ["a"])
    monkeypatch.setattr(huggingface_hub, function, fail)
    said = r"^tillspeicher/transforms_2d_base: cannot be downloaded from huggingface\.co \(no route\); connect [^\n]*$"
    with pytest.raises(SpecError, match=said):
        hub_folder(BASE, "foregrounds")
    assert not is_downloaded("hub")


def test_chosen_offline_mode_is_named(hub, monkeypatch):
    def fail(*_, **__):
        raise OfflineModeIsEnabled("Cannot reach https://huggingface.co/api: offline mode is enabled.")

    monkeypatch.setattr(huggingface_hub, "list_repo_files", fail)
    with pytest.raises(SpecError, match=r"\(HF_HUB_OFFLINE is set\)"):
        hub_folder(BASE, "foregrounds")


def test_an_unknown_data_set_is_one_line(hub, monkeypatch):
    def fail(*_, **__):
        raise hub.error(RepositoryNotFoundError)

    monkeypatch.setattr(huggingface_hub, "list_repo_files", fail)
    with pytest.raises(SpecError, match=r"^nobody/nothing: no such public data set on the Hugging Face Hub; [^\n]*$"):
        hub_folder("nobody/nothing", "foregrounds")


@pytest.mark.parametrize("repository", ["", "name", "../x", "a/../b", "a/b/c", "https://x/y", "a/.."])
def test_repository_names_cannot_leave_the_cache(hub, repository):
    with pytest.raises(SpecError, match="expected <owner>/<name>"):
        hub_folder(repository, "foregrounds")
    with pytest.raises(SpecError, match=r"configuration = '\.\.': expected foregrounds or backgrounds"):
        hub_folder(BASE, "..")


def test_another_form_is_refused(hub):
    path = hub.root / "main" / FOREGROUNDS
    path.parent.mkdir(parents=True)
    wrong = {
        "no column 'label', only image": lambda: write(path, [picture("red")]),
        "label None; expected a text or the number": lambda: write(
            path, [picture("red")], pa.array([None], pa.int64())
        ),
        "label 2 is not one of the 2 classes": lambda: write(path, [picture("red")], [2], ["a", "b"]),
        "does not hold encoded pictures": lambda: write(path, [None], ["a"]),
        "not a PNG, JPEG, WebP, BMP or TIFF image": lambda: write(path, [picture("red", "GIF", "RGB")], ["a"]),
        "holds no picture": lambda: write(path, [], pa.array([], pa.string())),
        "cannot be read as a parquet file": lambda: path.write_bytes(b"PAR1 no parquet"),
        "no parquet file of the configuration foregrounds": path.unlink,
    }
    for message, make in wrong.items():
        make()
        with pytest.raises(SpecError, match=message):
            hub_folder(BASE, "foregrounds")
        assert not is_downloaded("hub")


def test_plain_binary_columns_and_pictures_of_phones_are_read(hub):
    """A column of bytes alone, labels as bytes, an accent in two spellings, and a JPEG with a second picture in it."""
    content = io.BytesIO()
    photo = Image.open(io.BytesIO(picture("red", "JPEG", "RGB")))
    photo.save(content, "MPO", save_all=True, append_images=[photo])
    path = hub.root / "main" / FOREGROUNDS
    path.parent.mkdir(parents=True)
    labels = [unicodedata.normalize(form, "café").encode() for form in ("NFC", "NFD")]
    columns = {"image": pa.array([content.getvalue(), picture("red")], pa.large_binary()), "label": pa.array(labels)}
    parquet.write_table(pa.table(columns), path)
    folder = hub_folder(BASE, "foregrounds")
    assert sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*.*")) == [
        "café/00000.jpg",
        "café/00001.png",
    ]


def test_labels_without_names_are_numbered(hub):
    write(hub.root / "main" / FOREGROUNDS, [picture("red")] * 2, [7, 12])
    assert listing(hub_folder(BASE, "foregrounds")) == ["class-007/00000.png", "class-012/00000.png"]


def test_a_folder_that_cannot_be_written_is_one_line(hub, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "file" / "data"))
    with pytest.raises(SpecError, match=r"^[^\n]*: cannot be written \([^\n]*INVARIANCE_DATA elsewhere$"):
        hub_folder(BASE, "foregrounds")
