"""Two transformations beyond the paper's: another viewpoint, and another object in front.

They need a second picture, which the engine looks up from their parameters: a pose is that picture in place of the
sample's own, an occluder is pasted on top.
"""

from __future__ import annotations

import torch
from torch import Tensor

from invariance.data.transforms.base import Transform
from invariance.data.transforms.frame import Frame
from invariance.data.transforms.parameters import Params
from invariance.data.transforms.resample import affine, resample_content


def drawn_view(params: Params, prototypes: Tensor, num_views: Tensor) -> Tensor:
    """The view that a pose parameter names, (B,): the nearest ones around the circle of views for small values.

    Args:
        params: ``view`` in [0, 1), where 0 is the sample's own picture.
        prototypes: (B,) the sample's own picture.
        num_views: (B,) how many pictures its class has.
    """
    step = torch.minimum(torch.floor(params["view"] * num_views).to(torch.int64), num_views - 1)
    offset = torch.where(step % 2 == 1, (step + 1) // 2, -(step // 2))
    return torch.remainder(prototypes + offset, num_views)


def drawn_other(params: Params, labels: Tensor, num_classes: int) -> Tensor:
    """The class of the occluder, (B,), any but the object's own: ``other`` in [0, 1) chooses among them evenly."""
    step = torch.floor(params["other"] * (num_classes - 1)).to(torch.int64).clamp(max=num_classes - 2)
    return torch.remainder(labels + 1 + step, num_classes)


def occluder_layer(params: Params, pictures: Tensor, frame: Frame, box: Tensor, *, mode: str = "bilinear") -> Tensor:
    """What stands in front: (B, 4, S, S) premultiplied, clear where nothing does.

    Args:
        params: ``x`` and ``y`` place the occluder's centre in the object's box, ``scale`` is its size relative to an
            object's own, ``applied`` says where there is one.
        pictures: (B, 4, W, W) the occluding objects, the pixels of the frame.
        frame: where these are on the canvas.
        box: (B, 4) the object's box in pixels.
        mode: ``bilinear`` or ``nearest``.
    """
    shown = params["applied"] & (params["scale"] > 0)
    visible = {**params, "scale": params["scale"].clamp(min=1e-3)}  # a size of nothing has no inverse
    layer, _, _ = resample_content(pictures, frame, [(OCCLUDE, visible)], box=box, mode=mode)
    return layer * shown[:, None, None, None]


def _occluder_matrix(params: Params, box: Tensor, size: int) -> Tensor:
    """Shrinks about the image's centre and moves that centre into the object's box."""
    scale, zero = params["scale"], torch.zeros_like(params["scale"])
    matrix = affine(scale, zero, zero, scale, size)
    place = torch.stack((params["x"], params["y"]), dim=1)
    matrix[:, :2, 2] += box[:, :2] + place * (box[:, 2:] - box[:, :2]) - size / 2
    return matrix


OCCLUDE = Transform("occlude", matrix=_occluder_matrix, minifies=True, axis_aligned=True)

BEYOND: tuple[Transform, ...] = (Transform("pose", compiled=True), OCCLUDE)
