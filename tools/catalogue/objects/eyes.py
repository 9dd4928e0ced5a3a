"""Eyes, shared by the animals and toys that have them."""

from __future__ import annotations

from tools.catalogue.sdf import Solid, sphere, union


def eyes(forward: str, at: tuple[float, float, float], radius: float, *, iris: str = "#f4f1e8") -> Solid:
    """Two balls with pupils looking along ``forward`` (``x`` or ``z``), at ``at`` and mirrored."""
    x, y, z = at
    ball = sphere(radius, iris).move(x, y, z)
    if forward == "x":
        pupil = sphere(radius * 0.62, "#14131a").move(x + radius * 0.42, y, z + radius * 0.42)
        return union(ball, pupil).mirror_copy("z")
    return union(ball, sphere(radius * 0.62, "#14131a").move(x, y, z + radius * 0.56)).mirror_copy("x")
