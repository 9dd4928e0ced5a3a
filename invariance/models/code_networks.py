"""Networks that a function in somebody's file makes: ``FILE.py:function``.

A file is executed, so it is never taken from a page, and never from the metadata of a file of weights: what is executed
later is the copy that was kept when the file was named on the command line or in a program, found by its hash.
"""

from __future__ import annotations

import hashlib
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import torch
from torch import nn

from invariance.data.sources.root import data_root
from invariance.files import write_atomically
from invariance.models.classifier import Classifier
from invariance.models.outside import whole
from invariance.models.wrap import wrap
from invariance.spec import SpecError
from invariance.spec.checks import one_line

CODE_PREFIX: Final = "code:"
_NAME: Final = re.compile(rf"{CODE_PREFIX}([0-9a-f]{{16}}):(\w+)")


def kept_networks() -> Path:
    """The folder of networks that were brought along, and of the code of such."""
    return data_root() / "networks"


def network_from_file(path: Path, function: str) -> Classifier:
    """The network that a function without arguments makes; its file is executed, and a copy of it kept.

    torch's global generator has the seed 0 meanwhile and is as before afterwards, so that weights that are drawn are
    the same each time.

    Args:
        path: of a Python file.
        function: returns an ``nn.Module``, or what ``invariance.network`` makes of one.

    Raises:
        SpecError: there is no such file or function, it fails, or returns something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SpecError(f"{path}: cannot be read ({error.strerror}); give FILE.py:function") from error
    made = _called(content, path, function)
    model = made
    if not isinstance(made, Classifier):
        model = wrap(made, name=f"{path.name}:{function}")
        model.name = path.stem
    if model.wrapping is None:
        return model
    digest = hashlib.sha256(content).hexdigest()[:16]
    model.architecture, model.blueprint = f"{CODE_PREFIX}{digest}:{function}", str(path.absolute())
    try:
        kept_networks().mkdir(parents=True, exist_ok=True)
        write_atomically(kept_networks() / f"{digest}.py", lambda stream: stream.write(content))
    except OSError as error:
        raise SpecError(f"{kept_networks()}: cannot be written ({error.strerror}); set INVARIANCE_DATA") from error
    return model


def make_from_code(architecture: str, blueprint: str) -> nn.Module:
    """The module that kept code makes again.

    Args:
        architecture: ``code:<hash of the file>:<function>``.
        blueprint: where the file lay, for what it reads beside itself.

    Raises:
        SpecError: the code was never named on this machine, was changed, or fails.
    """
    named = _NAME.fullmatch(architecture)
    path = kept_networks() / f"{named[1]}.py" if named else None
    if named is None or path is None or not path.is_file():
        raise SpecError(
            f"the code of its network ({architecture}) is not here: name FILE.py:{named[2] if named else 'function'} "
            "on the command line first"
        )
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest()[:16] != named[1]:
        raise SpecError(f"{path} was changed since it was kept: remove it, and name FILE.py:{named[2]} again")
    made = _called(content, Path(blueprint or path), named[2])
    return whole(made) if isinstance(made, Classifier) else made


def _called(content: bytes, path: Path, function: str) -> Any:
    """What a function of a file returns."""
    with running_code(path, function, "it is called without arguments"), torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        made = function_in(content, path, function)()
    if not isinstance(made, nn.Module):
        raise SpecError(f"{path}:{function} returns {type(made).__name__}: expected a torch.nn.Module")
    return made


def function_in(content: bytes, path: Path, function: str) -> Callable[..., Any]:
    """A function of a file, which is executed; inside :func:`running_code`.

    Args:
        content: of the file.
        path: where it lies.
        function: its name.

    Raises:
        SpecError: there is none in it.
    """
    module = types.ModuleType(f"_network_{hashlib.sha256(content).hexdigest()[:16]}")
    module.__file__ = str(path)
    sys.modules[module.__name__] = module  # dataclasses and the like look their module up
    exec(compile(content, str(path), "exec"), vars(module))
    if not callable(found := getattr(module, function, None)):
        raise SpecError(f"{path}: there is no function {function!r} in it")
    made: Callable[..., Any] = found
    return made


@contextmanager
def running_code(path: Path, function: str, called: str) -> Iterator[None]:
    """Has somebody's code find what lies beside it; whatever it raises becomes a SpecError.

    Args:
        path: of the file.
        function: that is called.
        called: how, for who is to mend it.
    """
    before = list(sys.path)
    sys.path.insert(0, str(path.absolute().parent))
    try:
        yield
    except SpecError:
        raise
    except (Exception, SystemExit) as error:  # whatever somebody else's code raises
        reason = one_line(error, kind=True)
        raise SpecError(f"{path}:{function} fails ({reason}): mend it, {called}") from error
    finally:
        sys.path[:] = before
