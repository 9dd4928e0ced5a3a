"""Scenes of sky and water."""

from __future__ import annotations

import numpy as np

from tools.catalogue.scenes.canvas import (
    SIZE,
    Picture,
    X,
    Y,
    below,
    daylight,
    lit,
    mix,
    noise,
    pick,
    relief,
    rgb,
    ridge,
    sky,
    smoothstep,
    textured,
)
from tools.catalogue.scenes.plants import scatter, trees


def _waves(rng: np.random.Generator, horizon: float) -> np.ndarray:
    """Wave crests that grow towards the viewer: (SIZE, SIZE) in [0, 1]."""
    depth = np.clip(Y - horizon, 0, 1) / (1 - horizon)
    return noise(rng, 5, 40, octaves=4) * (1 - depth) + noise(rng, 4, 16, octaves=5) * depth


def clouds(rng: np.random.Generator) -> Picture:
    """Nothing but sky."""
    pairs = [("#2f74c8", "#bcdcf2"), ("#5a6f8c", "#c7ced8"), ("#3a64a8", "#f2d4c0"), ("#2b2f4a", "#6f7388")]
    top, bottom = [*pairs, ("#74b0e4", "#eaf5fb"), ("#5a3f6b", "#f29a7a")][rng.integers(6)]
    picture = sky(rng, top, bottom, horizon=1.0, clouds=rng.uniform(0.0, 0.5))
    heap = noise(rng, rng.uniform(2, 4), rng.uniform(3, 6), octaves=6)
    puffs = lit(mix(rgb(bottom), np.ones(3), 0.6) + np.zeros((SIZE, SIZE, 3)), relief(heap, strength=0.6), 0.22)
    return mix(picture, puffs, smoothstep(0.5, 0.62, heap) * rng.uniform(0.5, 1.0))


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
    """Open water; towards a low sun it glitters."""
    horizon = rng.uniform(0.2, 0.6)
    top, bottom = daylight(rng)
    picture = sky(rng, top, bottom, horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    waves = _waves(rng, horizon)
    deep = pick(rng, ["#0d4a6e", "#135a63", "#1f3f66", "#33474f", "#1f6f7a"])
    light = mix(pick(rng, ["#3f9bb5", "#52b0a8", "#5f8fb8", "#8fa3a8"]), rgb(bottom), 0.3)
    water = lit(mix(deep, light, (waves - 0.35) * 2.4), relief(waves, strength=0.6), 0.35)
    water = mix(water, np.ones(3), smoothstep(0.66, 0.76, waves) * rng.uniform(0, 1))
    if rng.random() < 0.5:
        path = np.exp(-(((X - rng.uniform(0.2, 0.8)) / (0.05 + 0.25 * np.clip(Y - horizon, 0, 1))) ** 2))
        water = mix(water, mix(np.ones(3), rgb(bottom), 0.4), path * smoothstep(0.48, 0.6, waves))
    return mix(picture, water, smoothstep(horizon - 0.004, horizon + 0.004, Y))


def beach(rng: np.random.Generator) -> Picture:
    """Sea, surf and sand."""
    horizon, shore = rng.uniform(0.15, 0.4), rng.uniform(0.5, 0.8)
    picture = sky(rng, *daylight(rng), horizon=horizon, clouds=rng.uniform(0.1, 0.7))
    deep, shallow = pick(rng, ["#1f7fa3", "#1d9aa0", "#2f6f8c"]), pick(rng, ["#7fd0cf", "#9edbd0", "#a8c4c0"])
    water = mix(deep, shallow, (Y - horizon) / (shore - horizon))
    waves = _waves(rng, horizon)
    water = mix(lit(water, relief(waves, strength=0.5), 0.2), np.ones(3), smoothstep(0.62, 0.75, waves) * 0.7)
    picture = mix(picture, water, smoothstep(horizon - 0.004, horizon + 0.004, Y))
    line = np.maximum(ridge(rng, shore, 0.08, cells=2) + (X[0] - 0.5) * rng.uniform(-0.6, 0.6), horizon + 0.03)
    sand = textured(
        rng, pick(rng, ["#d9b884", "#cfae7c", "#a89a84"]), pick(rng, ["#f5e3bd", "#efd9aa", "#d8ccb4"]), 40, 60
    )
    sand = lit(sand, relief(noise(rng, 7, 18)), 0.2)
    wash = (noise(rng, 6, 6, octaves=4)[SIZE // 3] - 0.5) * 0.06
    picture = mix(picture, np.ones(3), below(line - 0.04 + wash, softness=0.02))
    picture = mix(picture, sand * 0.75, below(line))
    picture = mix(picture, sand, below(line + 0.06, softness=0.04))
    return scatter(rng, picture, 60, ["#b8946a", "#fff8e8", "#8d7a66"], top=shore + 0.1, radius=(0.003, 0.009))


def lake(rng: np.random.Generator) -> Picture:
    """A wooded shore, mountains, and their reflection."""
    horizon = rng.uniform(0.4, 0.65)
    top, bottom = daylight(rng)
    picture = sky(rng, top, bottom, horizon=horizon, clouds=rng.uniform(0.2, 0.8))
    for haze in (0.55, 0.25):
        slopes = noise(rng, 7, 6, octaves=6, ridged=True)
        colour = mix(pick(rng, ["#5d6f80", "#4a6a5a", "#7a6a60", "#55607f"]), rgb(bottom), haze)
        rise = lit(colour + np.zeros((SIZE, SIZE, 3)), relief(slopes), 0.4)
        picture = mix(picture, rise, below(ridge(rng, horizon - 0.35 * haze, 0.22, cells=2.5)))
    line = ridge(rng, horizon - 0.02, 0.06)
    wood = textured(rng, pick(rng, ["#1f3f2a", "#3a4a1f"]), pick(rng, ["#5d8242", "#b0702f", "#6f9a50"]), 25, 25)
    num, tall = int(rng.integers(10, 60)), rng.uniform(0.05, 0.18)
    picture = mix(picture, wood, trees(rng, line, num, tall, pointed=bool(rng.integers(2))))
    ripple = ((noise(rng, 4, 30) - 0.5) * 0.06 * SIZE).astype(int)
    rows = np.clip((2 * horizon * SIZE - np.arange(SIZE)[:, None]).astype(int) + ripple, 0, SIZE - 1)
    mirrored = picture[rows, np.arange(SIZE)[None, :]]
    tint = pick(rng, ["#3b6a86", "#2f5f6a", "#3f5a4a"])
    water = mix(mirrored * 0.85, tint, 0.15 + 0.3 * noise(rng, 4, 30) + 0.3 * (Y - horizon))
    return mix(picture, water, smoothstep(horizon - 0.004, horizon + 0.004, Y))


def waterfall(rng: np.random.Generator) -> Picture:
    """White water over rock between ferns."""
    face = noise(rng, 6, 8, octaves=6, ridged=True)
    rock = mix(pick(rng, ["#2b2f2c", "#3a332b", "#46464c"]), pick(rng, ["#8d8a7c", "#7f8a6a", "#9a8f86"]), face)
    rock = lit(rock, relief(face, strength=1.3), 0.5)
    ferns = textured(rng, pick(rng, ["#23401c", "#2f4a24"]), pick(rng, ["#6f9a45", "#8fae4a"]), 34, 34)
    picture = mix(rock, ferns, smoothstep(0.5, 0.6, noise(rng, 5, 5, octaves=6)))
    brink, foot = rng.uniform(-0.1, 0.3), rng.uniform(0.72, 0.92)
    picture = mix(sky(rng, *daylight(rng), horizon=0.4), picture, below(ridge(rng, brink, 0.05)))
    spray = np.zeros((SIZE, SIZE))
    for _ in range(int(rng.integers(1, 4))):
        middle = rng.uniform(0.15, 0.85)
        centre = middle + (noise(rng, 1, 3)[:, :1] - 0.5) * 0.2
        width = rng.uniform(0.05, 0.2) * (0.6 + 0.7 * Y)
        fall = smoothstep(1.0, 0.75, np.abs(X - centre) / width + (noise(rng, 24, 3) - 0.5) * 0.5)
        threads = mix(pick(rng, ["#7fa3b7", "#8cb0b4"]), np.ones(3), noise(rng, 36, 3) * 1.9 - 0.3)
        picture = mix(picture, threads, fall * smoothstep(brink, brink + 0.02, Y))
        spray += np.exp(-(((X - middle) / 0.2) ** 2) - ((Y - foot) / 0.07) ** 2)
    shine = smoothstep(0.5, 0.78, noise(rng, 5, 22))
    pool = mix(pick(rng, ["#1f5f6b", "#2a6f86", "#2f4f4a"]), rgb("#dcebec"), shine * 0.8)
    picture = mix(picture, pool, below(ridge(rng, foot, 0.03)))
    return mix(picture, np.ones(3), np.clip(spray, 0, 1) * 0.7)


def underwater(rng: np.random.Generator) -> Picture:
    """Light from above on sand, weed and coral."""
    tops, depths = ["#5fd0e0", "#4ab8d8", "#7fd8b8", "#3f8fd0"], ["#04304f", "#0a3f4a", "#0f3f35", "#0a1f4a"]
    picture = mix(pick(rng, tops), pick(rng, depths), Y ** rng.uniform(0.5, 1.1))
    slant = np.clip(((X + rng.uniform(-0.6, 0.6) * Y + 0.6) / 2.2 * SIZE).astype(int), 0, SIZE - 1)
    rays = smoothstep(0.45, 0.8, noise(rng, 30, 1, octaves=3)[0][slant]) * (1 - Y) ** 1.5 * 0.6
    picture = mix(picture, rgb("#d8fbff"), rays)
    water = pick(rng, depths)
    for layer in range(2):
        line = ridge(rng, rng.uniform(0.55, 0.75) + 0.18 * layer, 0.25 - 0.1 * layer, cells=3)
        ground = noise(rng, 12, 24, octaves=5)
        reef = textured(rng, pick(rng, ["#3f6f7a", "#57745f", "#6a5f70"]), pick(rng, ["#c8c08a", "#9fc0b0"]), 14, 24)
        reef = mix(lit(reef, relief(ground), 0.4), water, 0.65 * (1 - layer))
        picture = mix(picture, reef, below(line))
    weed = [pick(rng, ["#3f8a5a", "#7a9a3f", "#8a4a5f"]) for _ in range(int(rng.integers(0, 14)))]
    for colour in weed:
        x, tall = rng.uniform(0, 1), rng.uniform(0.15, 0.5)
        sway = x + 0.03 * np.sin(Y * rng.uniform(8, 16) + rng.uniform(0, 6)) + (Y - 1) * rng.normal(0, 0.1)
        frond = smoothstep(0.02, 0.012, np.abs(X - sway) + 0.006 * np.sin(Y * 90)) * (1 - tall < Y)
        picture = mix(picture, colour * 0.8, frond)
    corals = ["#e2574c", "#f2a03d", "#c85fb0", "#e8d070", "#3fa37a", "#d8a0a8"]
    kinds = corals[: rng.integers(2, 7)]
    picture = scatter(rng, picture, int(rng.integers(0, 70)), kinds, top=0.76, radius=(0.01, 0.035))
    return scatter(rng, picture, 40, ["#e8fbff", "#bdf0fa"], radius=(0.003, 0.01), grow=False)


SCENES = (clouds, sunset, sea, beach, lake, waterfall, underwater)
