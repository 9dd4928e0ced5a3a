"""What the table of factors says: its columns, who its rows are of, and the verdicts with the rule they follow."""

from __future__ import annotations

from typing import Final

from invariance.vocabulary.columns import Column

KNOWN, HELD_OUT = "known", "held_out"
OBJECTS: Final[dict[str, str]] = {
    KNOWN: "the probe is tested on other images of the objects that it was fitted to; class before backgrounds that it "
    "was not fitted to",
    HELD_OUT: "k-fold over objects: the probe is tested on objects of which it was fitted to no image",
}
"""What a probe is asked: whether something can be read off an object that it knows, or off any object."""

FALSE_DISCOVERY_RATE: Final = 0.05
"""Of the p-values that are adjusted over a table (Benjamini and Hochberg): below it something is there."""
NO_DIFFERENCE: Final = 0.05
"""Of a difference of skills that counts as none, to both sides."""

KEPT, LOWER, LOST, HIGHER, UNDECIDED = "kept", "lower", "lost", "higher", "undecided"
DECODABLE, NOT_DECODABLE = "decodable", "not decodable"
VERDICTS: Final[dict[str, str]] = {
    KEPT: f"the whole interval of the change lies within ±{NO_DIFFERENCE}",
    LOWER: "decoded worse than from the network trained on no transformation",
    LOST: "decoded worse than from that network, and not told from guessing any more",
    HIGHER: "decoded better than from that network",
    UNDECIDED: "the interval of the change holds 0 and is wider than that",
    DECODABLE: "told from guessing; there is no network trained on no transformation to compare with",
    NOT_DECODABLE: "not told from guessing, and nothing that could be told has got worse",
}
"""What each verdict says; the rule is :func:`invariance.measures.factor_verdict.verdict_of`."""

PIXELS: Final = "pixels"
UNTRAINED: Final = "untrained"
NETWORK: Final = "network"

_CHANGE: Final = "95 % interval of change"
_LEARNT: Final = "95 % interval of learnt"

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
    Column(
        name="objects",
        meaning="known: tested on other images of the objects that the probe was fitted to; held_out: on objects that "
        "it was not fitted to. class has only the first; background only the second, unless there are too few objects",
    ),
    Column(name="score", meaning="on held-out images: R^2 of numbers and circles, balanced accuracy of choices"),
    Column(name="chance", meaning="the score of guessing: 0, or one over the number of classes"),
    Column(
        name="skill",
        meaning="(score - chance) / (1 - chance): 0 is guessing, 1 perfect, below 0 worse than guessing; empty if the "
        "factor does not vary",
    ),
    Column(name="low", meaning="lower end of the skill's 95 % interval, over units"),
    Column(name="high", meaning="its upper end"),
    Column(name="control", meaning="mean skill of 199 probes for labels shuffled within the folds: what chance gives"),
    Column(name="control_high", meaning="the skill that 5 % of them exceed"),
    Column(name="p", meaning="permutation test: share of shuffled labels, and of the true ones, decoded as well"),
    Column(name="p_adjusted", meaning="the same over the table (Benjamini and Hochberg)"),
    Column(
        name="angle_error_deg", meaning="of circles: mean distance of decoded from true, in degrees; 90 is guessing"
    ),
    Column(name="pixels", meaning="skill of the same probe on the images themselves"),
    Column(
        name="untrained", meaning="skill on the same architecture with random weights; empty for published networks"
    ),
    Column(name="learnt", meaning="skill - untrained, on the same images: what training has added, below 0 taken"),
    Column(name="learnt_low", meaning=_LEARNT),
    Column(name="learnt_high", meaning=_LEARNT),
    Column(name="learnt_p", meaning="two-sided p-value that learnt is 0"),
    Column(name="learnt_p_adjusted", meaning="the same over the table"),
    Column(
        name="reference",
        meaning="model of the table that was trained on no transformation, if possible from a spec that is the same in "
        "all else; empty if there is none of the architecture",
    ),
    Column(name="change", meaning="skill - that of the reference, on the same images"),
    Column(name="change_low", meaning=_CHANGE),
    Column(name="change_high", meaning=_CHANGE),
    Column(name="change_p", meaning="two-sided p-value that change is 0"),
    Column(name="change_p_adjusted", meaning="the same over the table"),
    Column(
        name="verdict",
        meaning="kept, lower, lost, higher or undecided against the reference, else decodable or not decodable, see "
        "below",
    ),
    Column(name="num_images", meaning="different images, all of them decoded once"),
    Column(
        name="num_units",
        meaning="what the probe was not fitted to, independent of each other: pictures (object, view and background), "
        "for class backgrounds, for held_out objects",
    ),
    Column(name="penalty", meaning="of the ridge regression, per image (geometric mean over folds)"),
)
"""The columns in order."""

FACTOR_COLUMNS: Final = tuple(column.name for column in FACTOR_TABLE)
