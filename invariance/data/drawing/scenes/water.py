"""Scenes of sky and water."""

from __future__ import annotations

import numpy as np

from invariance.data.drawing.scenes.canvas import (
    SIZE,
    Picture,
    X,
    Y,
    below,
    mix,
    noise,
    pick,
    rgb,
    ridge,
    scatter,
    sky,
    smoothstep,
    textured,
    trees,
)


def _waves(rng: np.random.Generator, horizon: float) -> np.ndarray:
    """Wave crests that grow towards the viewer: (SIZE, SIZE) in [0, 1]."""
    depth = np.clip(Y - horizon, 0, 1) / (1 - horizon)
    return noise(rng, 5, 40, octaves=4) * (1 - depth) + noise(rng, 4, 16, octaves=5) * depth


def clouds(rng: np.random.Generator) -> Picture:
    """Nothing but sky."""
    pairs = [("#2f74c8", "#bcdcf2"), ("#5a6f8c", "#c7ced8"), ("#3a64a8", "#f2d4c0"), ("#74b0e4", "#eaf5fb")]
    return sky(rng, *pairs[rng.integers(4)], horizon=1.0, clouds=rng.uniform(0.4, 1.0))


def sunset(rng: np.random.Generator) -> Picture:
    """A low sun over land in silhouette."""
    horizon = rng.uniform(0.55, 0.75)
    top, bottom = [("#2b2f6b", "#f59a4a"), ("#5a2a6b", "#f7c45e"), ("#27406e", "#f26b5b")][rng.integers(3)]
    picture = sky(rng, top, bottom, horizon=horizon, clouds=0.0)
    sun_x, sun_y = rng.uniform(0.2, 0.8), horizon - rng.uniform(0.02, 0.2)
    distance = np.hypot(X - sun_x, Y - sun_y)
    streaks = smoothstep(0.5, 0.8, noise(rng, 3, 14))
    picture = mix(picture, pick(rng, ["#f2566a", "#fbd08a", "#8a3b6b"]), streaks * 0.7)
    picture = mix(picture, rgb("#fff1b8"), np.exp(-((distance / 0.18) ** 2)) * 0.8)
    picture = mix(picture, rgb("#fffbe6"), smoothstep(0.06, 0.05, distance))
    land = mix(pick(rng, ["#1d1b2e", "#2a1c24"]), pick(rng, ["#4a3040", "#3a3350"]), noise(rng, 8, 20))
    line = ridge(rng, horizon, 0.08)
    return mix(picture, land, trees(rng, line, 14, 0.1, pointed=bool(rng.integers(2))))


def sea(rng: np.random.Generator) -> Picture:
    """Open water with glitter."""
    horizon = rng.uniform(0.3, 0.55)
    tops = [("#3a7cc4", "#d6e8f2"), ("#6d7f93", "#d3dade"), ("#4a5fa8", "#f4c9a8")][rng.integers(3)]
    picture = sky(rng, *tops, horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    waves = _waves(rng, horizon)
    deep, light = pick(rng, ["#0d4a6e", "#135a63", "#1f3f66"]), pick(rng, ["#3f9bb5", "#52b0a8", "#5f8fb8"])
    water = mix(deep, light, (waves - 0.35) * 2.4)
    water = mix(water, np.ones(3), smoothstep(0.68, 0.78, waves))
    return mix(picture, water, smoothstep(horizon - 0.004, horizon + 0.004, Y))


def beach(rng: np.random.Generator) -> Picture:
    """Sea, surf and sand."""
    horizon, shore = rng.uniform(0.25, 0.4), rng.uniform(0.55, 0.7)
    picture = sky(rng, "#4a96d8", "#e3f0f4", horizon=horizon, clouds=rng.uniform(0.1, 0.7))
    water = mix(pick(rng, ["#1f7fa3", "#1d9aa0"]), pick(rng, ["#7fd0cf", "#9edbd0"]), (Y - horizon) / (shore - horizon))
    water = mix(water, np.ones(3), smoothstep(0.62, 0.75, _waves(rng, horizon)) * 0.7)
    picture = mix(picture, water, smoothstep(horizon - 0.004, horizon + 0.004, Y))
    line = ridge(rng, shore, 0.05, cells=2) + 0.25 * (X[0] - 0.5) * rng.uniform(-1, 1)
    sand = textured(rng, pick(rng, ["#d9b884", "#cfae7c"]), pick(rng, ["#f5e3bd", "#efd9aa"]), 14, 24)
    picture = mix(picture, np.ones(3), below(line - 0.03, softness=0.02))
    picture = mix(picture, sand * 0.85, below(line))
    picture = mix(picture, sand, below(line + 0.05, softness=0.03))
    return scatter(rng, picture, 60, ["#b8946a", "#fff8e8", "#8d7a66"], top=shore + 0.1, radius=(0.003, 0.009))


def lake(rng: np.random.Generator) -> Picture:
    """Wooded hills and their reflection."""
    horizon = rng.uniform(0.45, 0.6)
    picture = sky(rng, "#4a86c6", "#dbe8ee", horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    far = mix(
        pick(rng, ["#6f8ba0", "#7d92a0"]), np.ones(3), smoothstep(0.55, 0.75, noise(rng, 8, 8, ridged=True)) * 0.5
    )
    picture = mix(picture, far, below(ridge(rng, horizon - 0.17, 0.14)))
    line = ridge(rng, horizon - 0.03, 0.04)
    wood = textured(rng, pick(rng, ["#1f3f2a", "#3a4a1f"]), pick(rng, ["#5d8242", "#b0702f", "#6f9a50"]), 25, 25)
    picture = mix(picture, wood, trees(rng, line, 60, 0.1, pointed=bool(rng.integers(2))))
    ripple = ((noise(rng, 4, 30) - 0.5) * 0.06 * SIZE).astype(int)
    rows = np.clip((2 * horizon * SIZE - np.arange(SIZE)[:, None]).astype(int) + ripple, 0, SIZE - 1)
    mirrored = picture[rows, np.arange(SIZE)[None, :]]
    water = mix(mirrored * 0.85, pick(rng, ["#3b6a86", "#2f5f6a"]), 0.25 + 0.3 * noise(rng, 4, 30))
    return mix(picture, water, smoothstep(horizon - 0.004, horizon + 0.004, Y))


def waterfall(rng: np.random.Generator) -> Picture:
    """White water over dark rock."""
    rock = textured(rng, pick(rng, ["#2b2f2c", "#3a332b"]), pick(rng, ["#7d7a6c", "#6f8a5a"]), 9, 14)
    picture = mix(rock, pick(rng, ["#3f6b2c", "#5a7f35"]), smoothstep(0.55, 0.7, noise(rng, 7)))
    centre = rng.uniform(0.35, 0.65) + (noise(rng, 1, 3)[:, :1] - 0.5) * 0.15
    width = rng.uniform(0.1, 0.2) * (0.6 + 0.8 * Y)
    fall = smoothstep(1.0, 0.75, np.abs(X - centre) / width + (noise(rng, 20, 3) - 0.5) * 0.4)
    threads = mix(pick(rng, ["#8fb3c7", "#9cc0c4"]), np.ones(3), noise(rng, 40, 3) * 1.2)
    picture = mix(picture, threads, fall)
    pool = mix(pick(rng, ["#1f5f6b", "#2a6f86"]), np.ones(3) * 0.95, smoothstep(0.45, 0.75, noise(rng, 5, 18)))
    picture = mix(picture, pool, below(ridge(rng, 0.83, 0.03)))
    spray = np.exp(-(((X - centre) / 0.25) ** 2) - ((Y - 0.82) / 0.08) ** 2)
    return mix(picture, np.ones(3), spray * 0.75)


def underwater(rng: np.random.Generator) -> Picture:
    """Light from above on sand, weed and coral."""
    picture = mix(pick(rng, ["#5fd0e0", "#4ab8d8"]), pick(rng, ["#04304f", "#0a3f4a"]), Y**0.8)
    rays = smoothstep(0.5, 0.9, noise(rng, 14, 1)[:1].repeat(SIZE, 0) * 1.1) * (1 - Y) * 0.5
    picture = mix(picture, rgb("#d8fbff"), np.roll(rays, int(rng.integers(SIZE)), axis=1))
    line = ridge(rng, rng.uniform(0.7, 0.85), 0.08)
    sand = textured(rng, pick(rng, ["#3f6f7a", "#57745f"]), pick(rng, ["#c8c08a", "#9fc0b0"]), 12, 30)
    picture = mix(picture, sand, below(line))
    corals = ["#e2574c", "#f2a03d", "#c85fb0", "#f4e04d", "#3fa37a"]
    picture = scatter(rng, picture, 60, corals, top=0.72, radius=(0.015, 0.045))
    return scatter(rng, picture, 40, ["#e8fbff", "#bdf0fa"], radius=(0.003, 0.012), grow=False)


SCENES = (clouds, sunset, sea, beach, lake, waterfall, underwater)
