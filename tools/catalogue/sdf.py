"""Solids as signed-distance fields with colour: primitives, operators and paints (after J. C. Hart, 1996).

Coordinates: x right, y up, z towards the viewer of view 0 at azimuth 0; an object fills about the unit ball. A field
maps points (N, 3) float32 to signed distances (N,), negative inside; it may understate a distance, never overstate it
much. A paint maps points to straight linear-ish RGB (N, 3) in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

Field = Callable[[Tensor], Tensor]
Paint = Callable[[Tensor], Tensor]
Colour = str | Paint
"""``#rrggbb`` or a paint."""


def _rotation(axis: str, angle_deg: float) -> Tensor:
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    rows = {
        "x": [[1, 0, 0], [0, cos, -sin], [0, sin, cos]],
        "y": [[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]],
        "z": [[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]],
    }
    return torch.tensor(rows[axis], dtype=torch.float32)


@dataclass(frozen=True)
class Solid:
    """A field with a paint. Every method returns a new solid; the paint moves along with the shape."""

    field: Field
    paint: Paint

    def move(self, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Solid:
        """Moves by an offset."""
        offset = torch.tensor([x, y, z])
        return Solid(lambda p: self.field(p - offset), lambda p: self.paint(p - offset))

    def turn(self, axis: str, angle_deg: float) -> Solid:
        """Turns about the axis ``x``, ``y`` or ``z`` through the origin, counter-clockwise seen from its tip."""
        matrix = _rotation(axis, angle_deg)
        return Solid(lambda p: self.field(p @ matrix), lambda p: self.paint(p @ matrix))

    def scale(self, factor: float) -> Solid:
        """Scales uniformly."""
        return Solid(lambda p: self.field(p / factor) * factor, lambda p: self.paint(p / factor))

    def stretch(self, x: float = 1.0, y: float = 1.0, z: float = 1.0) -> Solid:
        """Scales each axis by its own factor; distances stay safe lower bounds."""
        factors = torch.tensor([x, y, z])
        return Solid(lambda p: self.field(p / factors) * min(x, y, z), lambda p: self.paint(p / factors))

    def bend(self, amount: float) -> Solid:
        """Bends the x axis upwards in the x-y plane, ``amount`` radians for each unit of x."""

        def unbend(p: Tensor) -> Tensor:
            angle = amount * p[:, 0]
            cos, sin = torch.cos(angle), torch.sin(angle)
            x, y = p[:, 0], p[:, 1]
            return torch.stack((cos * x + sin * y, -sin * x + cos * y, p[:, 2]), dim=1)

        return Solid(lambda p: self.field(unbend(p)) * 0.6, lambda p: self.paint(unbend(p)))

    def twist(self, amount: float) -> Solid:
        """Twists about y, ``amount`` radians for each unit of height."""

        def untwist(p: Tensor) -> Tensor:
            angle = amount * p[:, 1]
            cos, sin = torch.cos(angle), torch.sin(angle)
            return torch.stack((cos * p[:, 0] - sin * p[:, 2], p[:, 1], sin * p[:, 0] + cos * p[:, 2]), dim=1)

        return Solid(lambda p: self.field(untwist(p)) * 0.6, lambda p: self.paint(untwist(p)))

    def mirror_copy(self, axis: str) -> Solid:
        """The solid and its mirror image in the plane through the origin across ``axis`` (legs, ears, wheels)."""
        column = "xyz".index(axis)
        signs = torch.ones(3)

        def fold(p: Tensor) -> Tensor:
            folded = p * signs
            folded[:, column] = folded[:, column].abs()
            return folded

        return Solid(lambda p: self.field(fold(p)), lambda p: self.paint(fold(p)))

    def ring(self, num: int) -> Solid:
        """``num`` copies around the y axis; model the one at angle 0, at positive x."""
        sector = 2.0 * math.pi / num

        def fold(p: Tensor) -> Tensor:
            angle = torch.atan2(p[:, 2], p[:, 0])
            angle = angle - sector * torch.round(angle / sector)
            radius = torch.sqrt(p[:, 0] ** 2 + p[:, 2] ** 2)
            return torch.stack((radius * torch.cos(angle), p[:, 1], radius * torch.sin(angle)), dim=1)

        return Solid(lambda p: self.field(fold(p)), lambda p: self.paint(fold(p)))

    def painted(self, colour: Colour) -> Solid:
        """The same shape with another paint (in the coordinates of the moved solid)."""
        return Solid(self.field, as_paint(colour))

    def onion(self, thickness: float) -> Solid:
        """The shell of the solid, ``thickness`` on either side of its surface."""
        return Solid(lambda p: self.field(p).abs() - thickness, self.paint)

    def rounded(self, radius: float) -> Solid:
        """Grown by ``radius`` with round edges."""
        return Solid(lambda p: self.field(p) - radius, self.paint)

    def bumps(self, height: float, frequency: float) -> Solid:
        """Ripples of the surface, for rough skins."""

        def field(p: Tensor) -> Tensor:
            return (self.field(p) - height * torch.sin(frequency * p).prod(dim=1)) * 0.8

        return Solid(field, self.paint)


def as_paint(colour: Colour) -> Paint:
    """A uniform colour ``#rrggbb`` as a paint; a paint as it is."""
    if not isinstance(colour, str):
        return colour
    value = rgb(colour)
    return lambda p: value.expand(p.shape[0], 3)


def rgb(colour: str) -> Tensor:
    """``#rrggbb`` to (3,) float32."""
    return torch.tensor([int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)])


# Primitives: fields centred on the origin, made into solids with a colour.


def sphere(radius: float, colour: Colour) -> Solid:
    """A ball."""
    return Solid(lambda p: p.norm(dim=1) - radius, as_paint(colour))


def ellipsoid(x: float, y: float, z: float, colour: Colour) -> Solid:
    """An ellipsoid of these half axes."""
    radii = torch.tensor([x, y, z])

    def field(p: Tensor) -> Tensor:
        inner, outer = (p / radii).norm(dim=1), (p / radii**2).norm(dim=1)
        return inner * (inner - 1.0) / outer.clamp(min=1e-6)

    return Solid(field, as_paint(colour))


def box(x: float, y: float, z: float, colour: Colour, *, radius: float = 0.0) -> Solid:
    """A box of these half sides, edges rounded by ``radius`` within them."""
    half = torch.tensor([x, y, z]) - radius

    def field(p: Tensor) -> Tensor:
        q = p.abs() - half
        return q.clamp(min=0).norm(dim=1) + q.amax(dim=1).clamp(max=0) - radius

    return Solid(field, as_paint(colour))


def capsule(
    start: Sequence[float], end: Sequence[float], radius: float, colour: Colour, *, end_radius: float | None = None
) -> Solid:
    """A rod with round ends, its radius going linearly to ``end_radius``."""
    a, b = torch.tensor(start), torch.tensor(end)
    slope = (radius if end_radius is None else end_radius) - radius

    def field(p: Tensor) -> Tensor:
        along = ((p - a) @ (b - a) / ((b - a) @ (b - a))).clamp(0, 1)
        return (p - a - along[:, None] * (b - a)).norm(dim=1) - radius - slope * along

    return Solid(field, as_paint(colour))


def path(points: Sequence[Sequence[float]], radius: float, colour: Colour, *, end_radius: float | None = None) -> Solid:
    """Rods through the points one after another (handles, tails, stems)."""
    last = radius if end_radius is None else end_radius
    radii = [radius + (last - radius) * step / (len(points) - 1) for step in range(len(points))]
    rods = [
        capsule(points[step], points[step + 1], radii[step], colour, end_radius=radii[step + 1])
        for step in range(len(points) - 1)
    ]
    return union(*rods)


def cylinder(radius: float, half_height: float, colour: Colour, *, rounding: float = 0.0) -> Solid:
    """An upright cylinder, edges rounded by ``rounding``."""
    return cone(radius, radius, half_height, colour, rounding=rounding)


def cone(bottom: float, top: float, half_height: float, colour: Colour, *, rounding: float = 0.0) -> Solid:
    """An upright frustum with radius ``bottom`` at y = -half_height and ``top`` at y = half_height."""
    height = half_height - rounding
    low, high = max(bottom - rounding, 0.0), max(top - rounding, 0.0)
    return revolve([(0, -height), (low, -height), (high, height), (0, height)], colour).rounded(rounding)


def torus(radius: float, tube: float, colour: Colour) -> Solid:
    """A ring about the y axis."""

    def field(p: Tensor) -> Tensor:
        across = torch.sqrt(p[:, 0] ** 2 + p[:, 2] ** 2) - radius
        return torch.sqrt(across**2 + p[:, 1] ** 2) - tube

    return Solid(field, as_paint(colour))


def revolve(outline: Sequence[tuple[float, float]], colour: Colour) -> Solid:
    """A closed outline of (radius, y) points turned about the y axis (bottles, vases, lamps)."""
    field_2d = _polygon(outline)

    def field(p: Tensor) -> Tensor:
        return field_2d(torch.stack((torch.sqrt(p[:, 0] ** 2 + p[:, 2] ** 2), p[:, 1]), dim=1))

    return Solid(field, as_paint(colour))


def extrude(
    outline: Sequence[tuple[float, float]], half_depth: float, colour: Colour, *, rounding: float = 0.0
) -> Solid:
    """A closed outline of (x, y) points with thickness along z (keys, stars, wings); grown by ``rounding``."""
    field_2d = _polygon(outline)

    def field(p: Tensor) -> Tensor:
        flat, deep = field_2d(p[:, :2]), p[:, 2].abs() - half_depth
        outside = torch.stack((flat, deep), dim=1).clamp(min=0).norm(dim=1)
        return outside + torch.maximum(flat, deep).clamp(max=0) - rounding

    return Solid(field, as_paint(colour))


def _polygon(outline: Sequence[tuple[float, float]]) -> Field:
    """Exact signed distance to a simple polygon."""
    corners = torch.tensor(outline, dtype=torch.float32)
    previous = corners.roll(1, dims=0)

    def field(p: Tensor) -> Tensor:
        edge = previous - corners
        to_point = p[:, None] - corners
        along = ((to_point * edge).sum(2) / (edge * edge).sum(1).clamp(min=1e-12)).clamp(0, 1)
        distance = (to_point - along[:, :, None] * edge).norm(dim=2).amin(dim=1)
        above, previous_above = p[:, None, 1] >= corners[:, 1], p[:, None, 1] >= previous[:, 1]
        cross = edge[:, 0] * to_point[:, :, 1] - edge[:, 1] * to_point[:, :, 0]
        crossings = (above & ~previous_above & (cross > 0)) | (~above & previous_above & (cross < 0))
        inside = crossings.sum(dim=1) % 2 == 1
        return torch.where(inside, -distance, distance)

    return field


# Operators


def union(*solids: Solid) -> Solid:
    """All of them; each point has the paint of the nearest."""

    def field(p: Tensor) -> Tensor:
        return torch.stack([solid.field(p) for solid in solids]).amin(dim=0)

    def paint(p: Tensor) -> Tensor:
        nearest = torch.stack([solid.field(p) for solid in solids]).argmin(dim=0)
        colours = torch.stack([solid.paint(p) for solid in solids])
        return colours[nearest, torch.arange(p.shape[0])]

    return Solid(field, paint)


def blend(first: Solid, second: Solid, width: float) -> Solid:
    """Union with a fillet of about ``width``; colours mix across it."""

    def mix(p: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        a, b = first.field(p), second.field(p)
        return a, b, (0.5 + 0.5 * (b - a) / width).clamp(0, 1)

    def field(p: Tensor) -> Tensor:
        a, b, share = mix(p)
        return torch.lerp(b, a, share) - width * share * (1 - share)

    def paint(p: Tensor) -> Tensor:
        _, _, share = mix(p)
        return torch.lerp(second.paint(p), first.paint(p), share[:, None])

    return Solid(field, paint)


def subtract(solid: Solid, *tools: Solid) -> Solid:
    """The solid without the tools; cut faces have the tool's paint."""
    tool = union(*tools)

    def paint(p: Tensor) -> Tensor:
        cut = (-tool.field(p) >= solid.field(p))[:, None]
        return torch.where(cut, tool.paint(p), solid.paint(p))

    return Solid(lambda p: torch.maximum(solid.field(p), -tool.field(p)), paint)


def intersect(solid: Solid, *others: Solid) -> Solid:
    """What lies in all of them, with the first one's paint."""

    def field(p: Tensor) -> Tensor:
        return torch.stack([part.field(p) for part in (solid, *others)]).amax(dim=0)

    return Solid(field, solid.paint)
