"""Sphere tracing of solids into pictures with alpha, several views at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from tools.catalogue.sdf import Solid

CAMERA_DISTANCE = 5.0
HALF_WINDOW = 1.55
SCOUT_RAYS = 64
MAX_STEPS = 64
HIT = 2e-3
MARGIN = 2
BLOCK = 4

Window = tuple[float, float, float, float]
"""Left, right, bottom and top of a piece of the picture plane."""


@dataclass(frozen=True)
class Light:
    """How one view is lit.

    Attributes:
        key: direction to the main light in camera coordinates (right, up, backward).
        tint: factors of red, green and blue.
    """

    key: tuple[float, float, float] = (-0.5, 0.8, 0.65)
    tint: tuple[float, float, float] = (1.06, 1.06, 1.06)


# Were all views lit alike, the mean colour of a picture would nearly name its class, and a network could learn
# colours instead of objects. So light differs between views as over a day: neutral, sun, shade, dusk, noon, ...
LIGHTS = (
    Light(),
    Light(tint=(1.18, 1.06, 0.90)),
    Light(key=(0.45, 0.8, 0.7), tint=(0.92, 1.03, 1.18)),
    Light(key=(-0.7, 0.55, 0.6), tint=(0.92, 0.90, 0.92)),
    Light(key=(-0.2, 0.9, 0.6), tint=(1.20, 1.12, 0.98)),
    Light(key=(0.6, 0.6, 0.65), tint=(0.98, 1.08, 1.14)),
    Light(tint=(1.16, 0.96, 1.04)),
    Light(key=(0.3, 0.9, 0.7), tint=(1.10, 1.16, 1.14)),
)
_FILL_LIGHT = torch.nn.functional.normalize(torch.tensor([0.8, 0.1, 0.4]), dim=0)


@torch.no_grad()
def render_views(
    solid: Solid, views: Sequence[tuple[float, float]], *, picture_size: int = 128, oversampling: int = 2
) -> list[Image.Image]:
    """Pictures of a solid.

    Args:
        solid: within about 1.5 of the origin.
        views: (azimuth, elevation) of the camera in degrees; azimuth turns it to the right about the y axis.
        picture_size: side in pixels; the object's longer side fills all but a small margin.
        oversampling: rays for each pixel and axis.

    Returns:
        One RGBA image (straight alpha) for each view.
    """
    pictures = []
    for number, view in enumerate(views):
        axes = _camera(*view)
        window, columns, rows = _frame_of(solid, axes, (picture_size - 2 * MARGIN) * oversampling)
        pixels = _trace(solid, axes, window, columns, rows, LIGHTS[number % len(LIGHTS)])
        pictures.append(_fit(pixels, picture_size))
    return pictures


def _camera(azimuth_deg: float, elevation_deg: float) -> Tensor:
    """Rows: right, up and backward directions of the camera."""
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    backward = torch.tensor(
        [math.sin(azimuth) * math.cos(elevation), math.sin(elevation), math.cos(azimuth) * math.cos(elevation)]
    )
    right = torch.tensor([math.cos(azimuth), 0.0, -math.sin(azimuth)])
    return torch.stack((right, torch.linalg.cross(backward, right), backward))


def _frame_of(solid: Solid, axes: Tensor, longest: int) -> tuple[Window, int, int]:
    """The window around a solid, found with few rays, and how many rays across and down it then deserves."""
    whole = (-HALF_WINDOW, HALF_WINDOW, -HALF_WINDOW, HALF_WINDOW)
    _, hit = _march(solid, *_rays(axes, whole, SCOUT_RAYS, SCOUT_RAYS))
    rows, columns = hit.view(SCOUT_RAYS, SCOUT_RAYS).nonzero(as_tuple=True)
    assert len(rows), "nothing of the solid is in view"
    # A scout may miss what is thinner than its step, so the window is wider by two of them.
    low = (torch.stack((columns.min(), rows.min())) - 2).clamp(min=0)
    high = (torch.stack((columns.max(), rows.max())) + 3).clamp(max=SCOUT_RAYS)
    cell = 2 * HALF_WINDOW / SCOUT_RAYS
    left, top = (low * cell).tolist()
    right, bottom = (high * cell).tolist()
    width, height = right - left, bottom - top
    scale = longest / max(width, height)
    window = (left - HALF_WINDOW, right - HALF_WINDOW, HALF_WINDOW - bottom, HALF_WINDOW - top)
    return window, max(1, round(width * scale)), max(1, round(height * scale))


def _rays(axes: Tensor, window: Window, columns: int, rows: int) -> tuple[Tensor, Tensor]:
    """The camera's place (3,) and the directions (rows * columns, 3) through a grid of a window."""
    left, right, bottom, top = window
    x = left + (torch.arange(columns) + 0.5) / columns * (right - left)
    y = top - (torch.arange(rows) + 0.5) / rows * (top - bottom)
    screen = torch.stack((x.repeat(rows), y.repeat_interleave(columns)), dim=1)
    origin = axes[2] * CAMERA_DISTANCE
    return origin, torch.nn.functional.normalize(screen @ axes[:2] - origin, dim=1)


def _march(
    solid: Solid, origin: Tensor, direction: Tensor, depth: Tensor | None = None, *, spread: float = 0.0
) -> tuple[Tensor, Tensor]:
    """Walks rays towards the surface, from ``depth`` (N,) on.

    Args:
        solid: what to meet.
        origin: (3,) where the rays start.
        direction: (N, 3) unit vectors.
        depth: (N,) where to begin; by default in front of the solid.
        spread: radius of the rays at distance 1. Above 0 they are cones, which stop before they touch anything.

    Returns:
        Depths (N,) and whether each ray met the solid (N,) bool.
    """
    depth = torch.full((len(direction),), CAMERA_DISTANCE - 2.0) if depth is None else depth.clone()
    hit = torch.zeros(len(direction), dtype=torch.bool)
    active = (depth < CAMERA_DISTANCE + 2.0).nonzero().flatten()
    for _ in range(MAX_STEPS):
        if not len(active):
            break
        here = depth[active]
        distance = solid.field(origin + here[:, None] * direction[active]) - spread * here
        near = distance < HIT
        hit[active[near]] = True
        here = here + 0.9 * distance.clamp(min=0)
        depth[active] = here
        active = active[~near & (here < CAMERA_DISTANCE + 2.0)]
    return depth, hit


def _trace(solid: Solid, axes: Tensor, window: Window, columns: int, rows: int, light: Light) -> np.ndarray:
    """One view: (rows, columns, 4) float32, colour premultiplied by a hit mask of 0 or 1."""
    # Cones as wide as a block of rays go ahead; its rays start where the cone had to stop, most of the way there.
    across, down = -(-columns // BLOCK), -(-rows // BLOCK)
    origin, axis = _rays(axes, window, across, down)
    left, right, bottom, top = window
    spread = math.hypot((right - left) / across, (top - bottom) / down) / 2 / CAMERA_DISTANCE
    reached, _ = _march(solid, origin, axis, spread=spread)
    block = (torch.arange(rows) * down // rows)[:, None] * across + torch.arange(columns) * across // columns
    _, direction = _rays(axes, window, columns, rows)
    depth, hit = _march(solid, origin, direction, reached[block.flatten()])
    points = origin + depth[hit, None] * direction[hit]
    pixels = torch.zeros(rows * columns, 4)
    pixels[hit, :3] = _shade(solid, points, direction[hit], axes, light)
    pixels[hit, 3] = 1.0
    return pixels.view(rows, columns, 4).numpy()


def _shade(solid: Solid, points: Tensor, direction: Tensor, axes: Tensor, light: Light) -> Tensor:
    """Diffuse key and fill light fixed to the camera, occlusion near the surface, a soft highlight: (N, 3)."""
    normal = _normal(solid, points)
    key, fill = torch.nn.functional.normalize(torch.tensor(light.key), dim=0) @ axes, _FILL_LIGHT @ axes
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
    colour = solid.paint(points) * torch.tensor(light.tint) * (diffuse * occlusion)[:, None] + highlight[:, None]
    return colour.clamp(0, 1)


def _normal(solid: Solid, points: Tensor, step: float = 3e-3) -> Tensor:
    """Gradient of the field from four readings at the corners of a tetrahedron."""
    corners = torch.tensor([[1.0, -1, -1], [-1, -1, 1], [-1, 1, -1], [1, 1, 1]])
    gradient = torch.stack([corner * solid.field(points + step * corner)[:, None] for corner in corners]).sum(0)
    return torch.nn.functional.normalize(gradient, dim=1)


def _fit(pixels: np.ndarray, picture_size: int) -> Image.Image:
    """Crops to the object and fits it into a square picture with a small margin."""
    rows, columns = np.nonzero(pixels[:, :, 3])
    cut = pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    room = picture_size - 2 * MARGIN
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
