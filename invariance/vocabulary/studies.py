"""The studies that there are, and what each asks, in words for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from invariance.vocabulary.attach import by_name


@dataclass(frozen=True, kw_only=True)
class About:
    """A study in words.

    Attributes:
        name: on the command line, in links and of its folder of results.
        title: a few words.
        question: what it asks.
        method: how the runs answer it.
        columns: what the columns of its table mean.
    """

    name: str
    title: str
    question: str
    method: str
    columns: str


ABOUT: Final[dict[str, About]] = by_name(
    "study",
    About(
        name="transforms-vs-other",
        title="Transformations against other factors",
        question="Does it matter more for transfer which transformations pretraining varied, or how large and how "
        "related its data was, and with which network?",
        method="Two compositions of transformations, P and Q, one of each category and sharing none, are sources and "
        "targets in turn. The gap is the mean of two effects: on target P of pretraining on P instead of Q, and on "
        "target Q of pretraining on Q instead of P; a source that learns better, or a target that is easier, moves one "
        "up and the other down. Each factor is varied alone, and the gap is compared with what every pair of its "
        "values moves. At the usual setting a network without transformations stands beside. Over six seeds every "
        "transformation is once in P and once in Q. Beyond the paper, at larger scales or when asked for: the "
        "objective; a target with pose and occlude; and, where they were downloaded (`python -m invariance download "
        "torchvision:resnet18`, and so on), networks published for ImageNet.",
        columns="factor and value: what was varied; source and target: P or Q, or none and published as sources; "
        "relation: same (PP, QQ), disjoint (PQ, QP), none or published; accuracies on test images (objects as in "
        "training, backgrounds new unless they are shared), means over classes; sens: mean sens-score to the target's "
        "transformations (0 = invariant); num_test_samples: images that an accuracy rests on.",
    ),
    About(
        name="relevant-features",
        title="Relevant and irrelevant features",
        question="Does a network keep features that its task does not need?",
        method="Pictures (C: CIFAR-10 where its files are here, else a large object in its scene) with a small object "
        "(O) pasted on: networks that learnt to name one or the other are probed on all four tasks, and their "
        "sensitivity to each feature is measured. Beyond the paper, whose experiment never set the correlation that it "
        "names, O is made to correlate with C, or to be there less often.",
        columns="trained_on and probed_on: c pictures, o small objects, co_c and co_o both with the label of one; "
        "sens_c and sens_o: sens-score to changing only the picture or only the small object (0 = invariant).",
    ),
    About(
        name="invariance-transfer",
        title="Transfer of invariance under distribution shift",
        question="Does invariance that was learnt on some images hold on others?",
        method="One network for each transformation, and one with none; the sens-score of every network for every "
        "transformation, on data ever further from what it was trained on. How much of an invariance is kept there is "
        "how much lower the score is than with none, over the same on the data of pretraining. The first weights of "
        "all networks are measured too. The paper's rows of CIFAR are measured where its files are here.",
        columns="model: what was pretrained on, none, or untrained for the first weights; transform: what was "
        "measured; data: on which images; sens: 0 = invariant, 1 = moves the representation as much as another image; "
        "sens_conditional: twins that differ alone.",
    ),
    About(
        name="mismatch",
        title="Sub- and supersets of transformations",
        question="What if pretraining has fewer, or more, transformations than the target task?",
        method="Eight transformations in random order: networks pretrained on the first 1, 2, … of them are probed on"
        " tasks with the first 1, 2, … of them. Accuracies are told as they are and over those of exact pretraining, "
        "which itself may fall as tasks grow.",
        columns="num_pretraining_transforms and num_transfer_transforms: how many of the eight; accuracy on the test "
        "split of the target task (objects as in training, backgrounds new unless they are shared).",
    ),
    About(
        name="repair",
        title="Repair of a mismatched network",
        question="What comes back when a mismatched network is trained on images of its target?",
        method="Not in the paper: a question of our own, for which nothing is published. Two compositions, P and Q, as "
        "in the first study. A network pretrained on P (matched), one on Q (mismatched) and one with its first weights "
        "(untrained) are trained on 10 to 5,000 images of a task that varies P: the last block or all weights, equally "
        "many steps, at the learning rate that does best on the task's validation split. The share made good is what "
        "that adds to the mismatched network's linear probe on these images, over how far the matched network, trained "
        "alike, is ahead of it; it is told where that gap exceeds 0.1 with its interval. Stated before there were "
        "results, as the positive side of every finding: repair helps, on the most images and on the fewest; it makes "
        "good more than half of the gap, with all weights and with the last block; all weights beat the last block; "
        "what is left of the gap shrinks with more images; the mismatched network stays ahead of the untrained one on "
        "every number of images; its sens-score to the target's transformations falls. *Same direction* means as "
        "stated.",
        columns="source: matched, mismatched or untrained; trained: what was trained on target images, nothing for a "
        "linear probe of the network as it is; num_images: how many; accuracy on the test split of the task; sens: "
        "mean sens-score to the target's transformations (0 = invariant); skill: how well their values are decoded, "
        "mean (0 = guessing); learning_rate: that the validation split chose.",
    ),
)
"""By name, in the order in which they are offered."""

STUDY_NAMES: Final = tuple(ABOUT)
