"""Networks that no run makes and that do not ship: got onto this machine, and kept under the data root.

``torchvision/``, ``timm/`` and ``hf/`` hold published ones by their names; ``networks/`` those of files that were
brought along, by the first 16 digits of their SHA-256.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock
from safetensors import SafetensorError, safe_open

from invariance.data.sources.root import data_root, expand_user
from invariance.extras import require_extra
from invariance.files import write_atomically
from invariance.models import Classifier, download_published, published_facts, published_names, published_path
from invariance.models.code_networks import CODE_PREFIX, kept_networks, network_from_file
from invariance.models.hf_networks import download_hf
from invariance.models.timm_networks import download_timm, timm_name
from invariance.models.wrapping import wrapping_from_json
from invariance.spec import SpecError
from invariance.spec.checks import one_line
from invariance.training.bare import load_bare
from invariance.training.checkpoint import load_weights, save_weights
from invariance.vocabulary.architectures import (
    ARCHITECTURES,
    COUNTED_AT_PX,
    FILE_PREFIX,
    HF_PREFIX,
    OUTSIDE_PREFIXES,
    PUBLISHED_PREFIX,
    TIMM_PREFIX,
)

GRAMMAR: Final = (
    "a gallery name, a run id or its first 6 digits, torchvision:NAME, timm:NAME, hf:OWNER/NAME, FILE.safetensors or "
    "FILE.py:function"
)
SUFFIX: Final = ".safetensors"
_UNKNOWN_GIGA_MACS, _UNKNOWN_PARAMETERS = 4.1, 25_600_000  # ResNet-50's, for a network that is not here
OnProgress = Callable[[int, int], None]
_CODE: Final = re.compile(r"(.+\.py):(\w+)")
_FORMS: Final = {
    TIMM_PREFIX: (re.compile(r"[\w.-]+"), "timm:NAME, such as timm:resnet18.a1_in1k"),
    HF_PREFIX: (re.compile(r"[\w.-]+/[\w.-]+"), "hf:OWNER/NAME, such as hf:facebook/dinov2-small"),
    FILE_PREFIX: (re.compile(r"[0-9a-f]{16}"), "sha256: and 16 digits"),
}
_PICKLES: Final = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".tar")


def is_outside(reference: str) -> bool:
    """Whether a reference is of a network that no run makes and that does not ship."""
    return reference.startswith(OUTSIDE_PREFIXES)


def is_file_reference(text: str) -> bool:
    """Whether what a user wrote names a file: of weights, or of code with a function."""
    return text.endswith((SUFFIX, *_PICKLES)) or _CODE.fullmatch(text) is not None


def outside_path(reference: str) -> Path:
    """Where the weights of a network from outside are kept.

    Args:
        reference: begins with one of :data:`~invariance.vocabulary.architectures.OUTSIDE_PREFIXES`.

    Raises:
        SpecError: there is no such network, or its name has not the form.
    """
    if reference.startswith(PUBLISHED_PREFIX):
        return published_path(reference)
    prefix = next(prefix for prefix in _FORMS if reference.startswith(prefix))
    name, (form, accepted) = reference.removeprefix(prefix), _FORMS[prefix]
    if form.fullmatch(name) is None:
        raise SpecError(f"network {reference!r}: expected {accepted}")
    folder = "networks" if prefix == FILE_PREFIX else prefix.rstrip(":")
    return data_root() / folder / f"{name.replace('/', '--')}{SUFFIX}"


def canonical(reference: str) -> str:
    """The full name of a network from outside: timm's with the name of its weights.

    Raises:
        SpecError: there is no such network, or its maker's package is not installed.
    """
    is_here = outside_path(reference).is_file()
    if reference.startswith(HF_PREFIX) and not is_here:
        require_extra("transformers", reference)
    return timm_name(reference) if reference.startswith(TIMM_PREFIX) and not is_here else reference


def fetch_published(name: str, on_progress: OnProgress | None = None) -> Path:
    """Gets a published network onto this machine, unless it is here: the file of its weights.

    Args:
        name: ``torchvision:<name>``, ``timm:<name>`` or ``hf:<owner>/<name>``.
        on_progress: told (done, in all) in bytes, from another thread.

    Raises:
        SpecError: there is no such network, or it cannot be downloaded or written.
    """
    name = canonical(name)
    path = outside_path(name)
    if path.is_file():
        return path
    if name.startswith(FILE_PREFIX):
        raise _gone(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):  # who asks meanwhile, in another window, waits for the same file
            if not path.is_file():
                model = _downloaded(name, on_progress)
                save_weights(path, model, class_names=model.class_names, spec=None)
    except OSError as error:
        raise SpecError(f"{path}: cannot be written ({error.strerror}); set INVARIANCE_DATA") from error
    return path


def _downloaded(name: str, on_progress: OnProgress | None) -> Classifier:
    if name.startswith(PUBLISHED_PREFIX):
        return download_published(name, on_progress)
    return download_timm(name) if name.startswith(TIMM_PREFIX) else download_hf(name)


def require_outside(reference: str) -> Path:
    """The file of weights of a network from outside, a file's contents checked against its name.

    Raises:
        SpecError: it is not here, which says how to get it, or was changed.
    """
    path = outside_path(reference)
    if not path.is_file():
        if reference.startswith(FILE_PREFIX):
            raise _gone(reference)
        raise SpecError(f"{reference} is not here: get it with python -m invariance download {reference}")
    if reference.startswith(FILE_PREFIX) and digest_of(path) != reference.removeprefix(FILE_PREFIX):
        raise SpecError(f"{path} was changed since it was kept as {reference}: remove it, and give the file again")
    return path


def keep_file(text: str, *, arch: str | None = None, code: bool = False) -> str:
    """Keeps the network of a file that a user names, and gives the reference that stands for its contents.

    Args:
        text: ``FILE.safetensors``, or ``FILE.py:function``.
        arch: architecture of a file that says nothing of it: a declared one, ``torchvision:<name>``, ``timm:<name>``.
        code: whether a file of code may be executed.

    Raises:
        SpecError: the file cannot be used, or is code that may not be executed.
    """
    if (found := _CODE.fullmatch(text)) is not None:
        if not code:
            raise SpecError(f"{text}: code is executed by the command line and by programs alone: name it there")
        require_no_arch(arch, text)
        model = network_from_file(expand_user(found[1]), found[2])
        return _keep_model(model, Path(found[1]).stem, text)
    path = expand_user(text)
    if path.suffix != SUFFIX:
        raise _pickled(text)
    if not path.is_file():
        raise SpecError(f"no weights at {path}: give a file that is there")
    if needs_arch(text):
        if arch is None:
            raise SpecError(
                f"{path}: it says nothing of its network: add --arch NAME, a declared architecture, torchvision:NAME "
                "or timm:NAME"
            )
        return _keep_model(load_bare(path, arch), path.stem, f"{path.name}, {arch}")
    require_no_arch(arch, path.name)
    load_weights(path)  # refuses what cannot be used
    return _keep(path.read_bytes(), path.stem, path.name)


def _keep_model(model: Classifier, name: str, about: str) -> str:
    """Keeps a network that was made here."""
    folder = kept_networks()
    path = folder / f"new-{os.getpid()}{SUFFIX}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_weights(path, model, class_names=model.class_names, spec=None)
        return _keep(path.read_bytes(), name, about)
    except OSError as error:
        raise SpecError(f"{folder}: cannot be written ({error.strerror}); set INVARIANCE_DATA") from error
    finally:
        path.unlink(missing_ok=True)


def _keep(content: bytes, name: str, about: str) -> str:
    digest = hashlib.sha256(content).hexdigest()[:16]
    path = outside_path(FILE_PREFIX + digest)
    said = json.dumps({"name": name, "about": about}).encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, lambda stream: stream.write(content))
        write_atomically(path.with_suffix(".json"), lambda stream: stream.write(said))
    except OSError as error:
        raise SpecError(f"{path}: cannot be written ({error.strerror}); set INVARIANCE_DATA") from error
    return FILE_PREFIX + digest


def short_name(reference: str) -> str:
    """What a network from outside is called in tables: a published one's name, or that of the file it came in."""
    if not reference.startswith(FILE_PREFIX):
        return reference.partition(":")[2]
    return str(_said(reference).get("name", reference.partition(":")[2][:6]))


def _said(reference: str) -> dict[str, str]:
    """What was written down of a file that was brought along."""
    try:
        found: dict[str, str] = json.loads(outside_path(reference).with_suffix(".json").read_text(encoding="utf-8"))
        return found
    except (OSError, ValueError):
        return {}


def added_here() -> list[tuple[str, str, str]]:
    """Networks from outside whose weights are here: reference, short name, and one line about each.

    Those that code makes are left out: they are executed by the command line and by programs alone.
    """
    known = set(published_names()) if any((data_root() / "torchvision").glob(f"*{SUFFIX}")) else set()
    found = []
    for prefix in OUTSIDE_PREFIXES:
        folder = data_root() / ("networks" if prefix == FILE_PREFIX else prefix.rstrip(":"))
        for path in sorted(folder.glob(f"*{SUFFIX}")):
            reference = prefix + path.stem.replace("--", "/", 1 if prefix == HF_PREFIX else 0)
            if prefix == PUBLISHED_PREFIX and reference not in known:
                continue
            form = _FORMS.get(prefix)
            if form is not None and form[0].fullmatch(reference.removeprefix(prefix)) is None:
                continue
            if prefix == FILE_PREFIX and _metadata(path).get("model", "").startswith(CODE_PREFIX):
                continue
            size = f"{path.stat().st_size / 4e6:.3g} M parameters"
            about = _said(reference).get("about", "") if prefix == FILE_PREFIX else prefix.rstrip(":")
            found.append((reference, short_name(reference), f"{about or 'a file'}, {size}"))
    return found


@dataclass(frozen=True)
class OutsideFacts:
    """What is known of a network from outside before it is loaded.

    Attributes:
        num_parameters: of the network.
        giga_macs: multiplications (and additions) of one forward pass on one image of its own size, in 10^9.
    """

    num_parameters: int
    giga_macs: float


def outside_facts(reference: str) -> OutsideFacts:
    """What torchvision or its file says of a network from outside; a ResNet-50's where it is not here yet.

    Raises:
        SpecError: torchvision has no such network.
    """
    name = reference
    if not name.startswith(PUBLISHED_PREFIX):
        path = outside_path(reference) if is_outside(reference) else Path()
        said = _metadata(path)
        if "wrapping" in said:
            return OutsideFacts(path.stat().st_size // 4, wrapping_from_json(said["wrapping"]).giga_macs)
        if (name := said.get("model", "")) in ARCHITECTURES:
            own = ARCHITECTURES[name]
            return OutsideFacts(round(own.million_parameters * 1e6), own.giga_macs_at(COUNTED_AT_PX))
    if name.startswith(PUBLISHED_PREFIX):
        facts = published_facts(name)
        return OutsideFacts(facts.num_parameters, facts.giga_macs)
    return OutsideFacts(_UNKNOWN_PARAMETERS, _UNKNOWN_GIGA_MACS)


def _metadata(path: Path) -> dict[str, str]:
    """What a file of weights says of itself; nothing where it cannot be read."""
    try:
        with safe_open(path, framework="np") as file:
            return dict(file.metadata() or {})
    except (SafetensorError, OSError):
        return {}


def require_no_arch(arch: str | None, *names: str) -> None:
    """Raises SpecError for an architecture that is told of networks of which it is known, or that are not read."""
    if arch is not None:
        for name in names:
            if name.endswith(_PICKLES):
                raise _pickled(name)
        raise SpecError(
            f"arch = {arch!r}: it is for a FILE.safetensors that says nothing of its network, which is known of "
            f"{', '.join(names)}; leave it out"
        )


def _pickled(text: str) -> SpecError:
    return SpecError(
        f"{text}: pickled weights can run any code and are not read: save the state dictionary with "
        "safetensors.torch.save_file and give that FILE.safetensors"
    )


def needs_arch(text: str) -> bool:
    """Whether what a user wrote names a file of weights that says nothing of its network, or is not there to be asked.

    Raises:
        SpecError: the file cannot be read.
    """
    path = expand_user(text)
    if path.suffix != SUFFIX or not path.is_file():
        return path.suffix == SUFFIX
    try:
        with safe_open(path, framework="np") as file:
            return "model" not in (file.metadata() or {})
    except (SafetensorError, OSError) as error:
        raise SpecError(f"{path}: it is not a readable safetensors file ({one_line(error)}); give another") from error


def digest_of(path: Path) -> str:
    """The first 16 digits of the SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()[:16]


def _gone(reference: str) -> SpecError:
    return SpecError(f"the network {reference} is not here any more: give its file again")
