"""What the table of factors says: its columns, who its rows are of, and the verdicts."""

from __future__ import annotations

from typing import Final

from invariance.vocabulary.columns import Column

KEPT, PARTLY, LOST, UNCLEAR = "kept", "partly", "lost", "unclear"
VERDICTS: Final[dict[str, str]] = {
    KEPT: "decoded at least two thirds as well as from the images or from the untrained network, whichever is better",
    PARTLY: "in between",
    LOST: "decoded at most one third as well, or not better than shuffled labels",
    UNCLEAR: "a line through the images or through the untrained network does not give it either",
}
"""What each verdict says; the rule is :func:`invariance.measures.factor_verdict.verdict_of`."""

PIXELS: Final = "pixels"
UNTRAINED: Final = "untrained"
NETWORK: Final = "network"

FACTOR_TABLE: Final = (
    Column(name="model", meaning="run, gallery name, or the control: pixels, or untrained and its architecture"),
    Column(
        name="role",
        meaning="network, or the controls pixels (512 principal components of the images) and untrained (random "
        "weights)",
    ),
    Column(name="factor", meaning="class, background, or <transformation>.<parameter>"),
    Column(name="title", meaning="the factor in words"),
    Column(
        name="kind",
        meaning="number, circle (an angle: cosine and sine are decoded together) or choice (one of several classes)",
    ),
    Column(name="score", meaning="on held-out images: R^2 of numbers and circles, balanced accuracy of choices"),
    Column(name="chance", meaning="the score of guessing: 0, or one over the number of classes"),
    Column(
        name="skill",
        meaning="(score - chance) / (1 - chance): 0 is guessing, 1 perfect, below 0 worse than guessing; empty if the "
        "factor does not vary",
    ),
    Column(name="low", meaning="lower end of the skill's 95 % interval, bootstrapped over images"),
    Column(name="high", meaning="its upper end"),
    Column(name="control", meaning="mean skill of eight probes for shuffled labels: what chance gives"),
    Column(name="control_high", meaning="the highest of the eight"),
    Column(
        name="angle_error_deg", meaning="of circles: mean distance of decoded from true, in degrees; 90 is guessing"
    ),
    Column(name="pixels", meaning="skill of the same probe on the images themselves"),
    Column(
        name="untrained", meaning="skill on the same architecture with random weights; empty for published networks"
    ),
    Column(name="verdict", meaning="kept, partly, lost or unclear, see below; empty for the controls"),
    Column(name="num_images", meaning="different images, all of them decoded once"),
    Column(name="penalty", meaning="of the ridge regression, per image (geometric mean over folds)"),
)
"""The columns in order."""

FACTOR_COLUMNS: Final = tuple(column.name for column in FACTOR_TABLE)
