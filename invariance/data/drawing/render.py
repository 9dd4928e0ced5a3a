"""Sphere tracing of solids into pictures with alpha, several views at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from invariance.data.drawing.sdf import Solid

CAMERA_DISTANCE = 5.0
HALF_WINDOW = 1.35
MAX_STEPS = 90
HIT = 2e-3

_KEY_LIGHT = torch.nn.functional.normalize(torch.tensor([-0.5, 0.8, 0.65]), dim=0)
_FILL_LIGHT = torch.nn.functional.normalize(torch.tensor([0.8, 0.1, 0.4]), dim=0)


def render_views(
    solid: Solid, views: Sequence[tuple[float, float]], *, picture_size: int = 128, oversampling: int = 2
) -> list[Image.Image]:
    """Pictures of a solid.

    Args:
        solid: within about 1.3 of the origin.
        views: (azimuth, elevation) of the camera in degrees; azimuth turns it to the right about the y axis.
        picture_size: side in pixels; the object's longer side fills all but a small margin.
        oversampling: rays for each pixel and axis.

    Returns:
        One RGBA image (straight alpha) for each view.
    """
    num = picture_size * oversampling
    return [_frame(_trace(solid, azimuth, elevation, num), picture_size) for azimuth, elevation in views]


def _camera(azimuth_deg: float, elevation_deg: float) -> Tensor:
    """Rows: right, up and backward directions of the camera."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    backward = torch.tensor(
        [math.sin(azimuth) * math.cos(elevation), math.sin(elevation), math.cos(azimuth) * math.cos(elevation)]
    )
    right = torch.tensor([math.cos(azimuth), 0.0, -math.sin(azimuth)])
    return torch.stack((right, torch.linalg.cross(backward, right), backward))


@torch.no_grad()
def _trace(solid: Solid, azimuth_deg: float, elevation_deg: float, num: int) -> np.ndarray:
    """One view with num x num rays: (num, num, 4) float32, colour premultiplied by a hit mask of 0 or 1."""
    axes = _camera(azimuth_deg, elevation_deg)
    line = (torch.arange(num) + 0.5) / num * 2.0 - 1.0
    y, x = torch.meshgrid(-line, line, indexing="ij")
    screen = torch.stack((x.flatten(), y.flatten()), dim=1) * HALF_WINDOW
    target = screen @ axes[:2]
    origin = axes[2] * CAMERA_DISTANCE
    direction = torch.nn.functional.normalize(target - origin, dim=1)
    depth = torch.full((num * num,), CAMERA_DISTANCE - 2.0)
    active, hit = torch.arange(num * num), torch.zeros(num * num, dtype=torch.bool)
    for _ in range(MAX_STEPS):
        distance = solid.field(origin + depth[active, None] * direction[active])
        hit[active[distance < HIT]] = True
        depth[active] += distance * 0.9
        going = (distance >= HIT) & (depth[active] < CAMERA_DISTANCE + 2.0)
        active = active[going]
        if not len(active):
            break
    pixels = torch.zeros(num * num, 4)
    points = origin + depth[hit, None] * direction[hit]
    pixels[hit, :3] = _shade(solid, points, direction[hit], axes)
    pixels[hit, 3] = 1.0
    return pixels.view(num, num, 4).numpy()


def _shade(solid: Solid, points: Tensor, direction: Tensor, axes: Tensor) -> Tensor:
    """Diffuse key and fill light fixed to the camera, occlusion near the surface, a soft highlight: (N, 3)."""
    normal = _normal(solid, points)
    key, fill = _KEY_LIGHT @ axes, _FILL_LIGHT @ axes
    occlusion = torch.ones(points.shape[0])
    for reach in (0.06, 0.16):
        free = solid.field(points + normal * reach) / reach
        occlusion = occlusion * (0.6 + 0.4 * free.clamp(0, 1))
    shadow = torch.ones(points.shape[0])
    for reach in (0.12, 0.25, 0.45):
        shadow = torch.minimum(shadow, (solid.field(points + normal * 0.02 + key * reach) / reach * 3.0).clamp(0.35, 1))
    diffuse = 0.30 + 0.72 * (normal @ key).clamp(min=0) * shadow + 0.22 * (normal @ fill).clamp(min=0)
    halfway = torch.nn.functional.normalize(key - direction, dim=1)
    highlight = 0.22 * (normal * halfway).sum(1).clamp(min=0) ** 28 * shadow
    colour = solid.paint(points) * (diffuse * occlusion)[:, None] + highlight[:, None]
    return colour.clamp(0, 1)


def _normal(solid: Solid, points: Tensor, step: float = 3e-3) -> Tensor:
    """Gradient of the field from four readings at the corners of a tetrahedron."""
    corners = torch.tensor([[1.0, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]])
    gradient = torch.stack([corner * solid.field(points + step * corner)[:, None] for corner in corners]).sum(0)
    return torch.nn.functional.normalize(gradient, dim=1)


def _frame(pixels: np.ndarray, picture_size: int) -> Image.Image:
    """Crops to the object and fits it into a square picture with a small margin."""
    rows, columns = np.nonzero(pixels[:, :, 3])
    assert len(rows), "nothing of the solid is in view"
    cut = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    room = picture_size - 4
    factor = room / max(cut.shape[:2])
    size = (max(1, round(cut.shape[1] * factor)), max(1, round(cut.shape[0] * factor)))
    picture = np.zeros((picture_size, picture_size, 4), np.float32)
    top, left = (picture_size - size[1]) // 2, (picture_size - size[0]) // 2
    for channel in range(4):
        layer = Image.fromarray(np.ascontiguousarray(cut[:, :, channel]))
        resized = layer.resize(size, Image.Resampling.BOX if factor < 1 else Image.Resampling.BILINEAR)
        picture[top : top + size[1], left : left + size[0], channel] = np.asarray(resized)
    alpha = picture[:, :, 3:]
    straight = np.divide(picture[:, :, :3], alpha, out=np.zeros_like(picture[:, :, :3]), where=alpha > 0)
    return Image.fromarray((np.concatenate((straight, alpha), axis=2).clip(0, 1) * 255 + 0.5).astype(np.uint8), "RGBA")
