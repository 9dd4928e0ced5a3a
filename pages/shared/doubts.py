"""What is doubtful about a picture that somebody has brought, in words."""

from __future__ import annotations

import numpy as np

from invariance.data.uploads.shelf import ObjectPicture

_VISIBLE = 128
"""The alpha from which a pixel is there, as where an object is cut out."""


def is_transparent(item: ObjectPicture) -> bool:
    """Whether nothing of the file itself is visible, so that no tolerance can help."""
    if not item.is_empty or (picture := item.uploaded.picture).mode != "RGBA":
        return False
    return int(np.asarray(picture.getchannel("A")).max()) < _VISIBLE


def warning_of(item: ObjectPicture) -> str:
    """One or two sentences, or nothing."""
    if is_transparent(item):
        return "Nothing of it is visible: it is transparent everywhere, or nearly. This one is not used."
    return item.warning
