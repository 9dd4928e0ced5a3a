"""The glossary: what the words of this project mean, for pages and the documentation."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from invariance.vocabulary.attach import by_name

PAPER: Final = "arXiv 2407.04325"
"""The work that this project follows: how the invariance of a pretrained network decides its transfer."""


@dataclass(frozen=True)
class Term:
    """A word and what it means here.

    Attributes:
        name: the word, in small letters unless it is a name.
        definition: one or two plain sentences.
        source: where it comes from; empty for a word of everyday use.
    """

    name: str
    definition: str
    source: str = ""


TERMS: Final[dict[str, Term]] = by_name(
    "term",
    # Images and what varies in them.
    Term(
        "foreground",
        "The object that an image shows and that transformations change: a cut-out with an alpha channel, or a whole "
        "picture.",
    ),
    Term("background", "The picture, noise or colour that an object is pasted on. It is never transformed."),
    Term(
        "test images",
        "Images that decide an accuracy and that nothing was fitted to: their objects are those of training (the class "
        "is the object), their backgrounds and what was drawn for them are new. Of every eight backgrounds of a kind "
        "five are trained on, one is for validation and two for the test; fewer than ten are shared, as all are in the "
        "paper.",
        f"{PAPER}, section 3, but for the backgrounds",
    ),
    Term(
        "alpha",
        "How opaque a pixel is, from 0 to 1. Colours are multiplied by it (premultiplied) from the file to the "
        "paste, so that edges have no fringe.",
        "Porter and Duff, Compositing digital images, 1984",
    ),
    Term("sticker", "A small second object in front of the finished image: a feature that a task may need, or not."),
    Term("prototype", "One picture of a class of objects; the paper uses one for each class.", f"{PAPER}, section 3"),
    Term(
        "Transforms-2D",
        "The family of data sets here: objects that are transformed and pasted on backgrounds, D(O, T).",
        f"{PAPER}, section 3",
    ),
    Term(
        "transformation",
        "A change of the object that leaves its class as it is, such as a rotation or a shift of hue. How strongly it "
        "acts is drawn anew for every image.",
        f"{PAPER}, appendix B",
    ),
    Term("composition", "The transformations of a data set in the order in which they act."),
    Term("magnitude", "How strong a single transformation is, in its own unit: degrees, pixels, or a factor."),
    Term(
        "strength",
        "A number from 0 to 1 that scales the range of every transformation of a data set; 1 is the paper's.",
    ),
    Term("pose", "The view from which an object is seen: a transformation in three dimensions, beyond the paper's 18."),
    Term(
        "twins",
        "Two images that are the same but for one thing, above all another draw of one transformation. Their distance "
        "in a representation says how much of that thing the network feels.",
        f"{PAPER}, section 4",
    ),
    Term(
        "stream",
        "An address of random numbers: each thing that is drawn has its own, so that drawing one more changes no "
        "other.",
        "Salmon et al., Parallel random numbers: as easy as 1, 2, 3, 2011",
    ),
    Term(
        "seed",
        "The number that random draws start from. The same seed gives the same images, first weights and order.",
    ),
    # Networks and how they learn.
    Term(
        "representation",
        "The numbers that a network makes of an image before its last layer, f(x); what is passed on when a network is "
        "reused.",
        f"{PAPER}, section 2",
    ),
    Term(
        "logit", "The number that a network's last layer gives to a class, before a softmax makes probabilities of it."
    ),
    Term("head", "The last, linear layer: from the representation to a logit for each class."),
    Term("pretraining", "Training from random weights, on the data whose transformations are the question."),
    Term("transfer", "Reuse of a pretrained network for another task, the target."),
    Term(
        "linear probe",
        "Transfer in which only a new last layer is fitted, on representations that stay as they are.",
        "Alain and Bengio 2016, arXiv 1610.01644",
    ),
    Term("fine-tuning", "Transfer in which all weights are trained on, starting from the pretrained ones."),
    Term(
        "last block",
        "The last of a network's named blocks before the representation, such as the fourth convolution of the small "
        "network. Fine-tuned alone, it leaves all before it as it is, statistics of batch norm among it.",
        "Lee et al. 2022, Surgical fine-tuning, arXiv 2210.11466",
    ),
    Term(
        "matched",
        "Pretrained on the transformations that the target task varies and no others. A mismatched network was "
        "pretrained on a superset or subset of them, on overlapping or disjoint ones, or on none.",
        PAPER,
    ),
    Term(
        "repair",
        "Training a mismatched network further on images of the target task: the last block, or all weights.",
    ),
    Term(
        "share made good",
        "What repair adds to the mismatched network's accuracy, over how far the matched network, trained in the same "
        "way on the same images, is ahead of it as it is. Its interval is Fieller's; it is told of gaps above 0.1.",
    ),
    Term(
        "gain from matching",
        "Of two compositions P and Q, the mean of two differences of accuracy: on task P, of the network pretrained on "
        "P less that of Q; on task Q, of Q's less P's. What makes one network better on both tasks cancels in it, as "
        "what makes one task easier does.",
    ),
    Term(
        "objective",
        "What pretraining minimises: errors in naming classes, or something that needs no labels, such as the "
        "agreement of two views.",
    ),
    Term(
        "view",
        "One draw of the transformations of a sample; self-supervised objectives compare two.",
        "arXiv 2002.05709",
    ),
    Term("skill", "A score on a scale on which 0 is guessing and 1 is perfect; below 0 is worse than guessing."),
    # Invariance and how it is measured.
    Term(
        "invariance",
        "A representation is invariant to a transformation if it is the same for an image and its transformed one.",
    ),
    Term(
        "equivariance",
        "A representation is equivariant to a transformation if it changes in a way that can be foretold from what was "
        "done, so that nothing is lost. Invariance is the case in which it does not change.",
        "Lenc and Vedaldi 2015, arXiv 1411.5908",
    ),
    Term(
        "local equivariance error",
        "The norm of the Lie derivative: how far a representation moves in a small step of a transformation, over its "
        "spread over images. Here divided by the same of the pixels; 0 is locally invariant.",
        "Gruver et al. 2023, arXiv 2210.02984",
    ),
    Term(
        "sens-score",
        "Mean distance of twins in a representation, divided by the mean distance of random pairs of images. 0 is "
        "invariant; 1 moves the representation as far as another image would.",
        f"{PAPER}, section 4",
    ),
    Term(
        "conditional sens-score",
        "The sens-score of those twins that differ as images. A flip that is applied half of the time leaves half of "
        "the twins alike, which lowers the plain score.",
    ),
    Term(
        "random pair",
        "Two images of a data set that have nothing to do with each other; their mean distance is the unit of "
        "distance.",
    ),
    Term(
        "cosine",
        "The cosine of the angle between two representations from which the mean was subtracted: 1 for the same "
        "direction. As a measure, 1 - cosine of twins over the same of random pairs.",
    ),
    Term(
        "normalised variance",
        "Variance of a representation over draws of a transformation, divided by its variance over images.",
        "Quiroga et al. 2023, arXiv 2310.17404",
    ),
    Term(
        "CKA",
        "Centred kernel alignment: how alike two representations arrange the same images, up to a rotation and a "
        "scale; 1 is alike, 0 unrelated.",
        "Kornblith et al. 2019, arXiv 1905.00414",
    ),
    Term(
        "collapse",
        "A representation that is the same for all images. It is invariant to everything and worth nothing, so it "
        "has no scores.",
    ),
    Term(
        "layer profile",
        "The measures of invariance in each named layer of a network, from the pixels to the representation.",
    ),
    Term(
        "factor",
        "One thing that varies between images: the class, the background, or a parameter of a transformation. A probe "
        "says how well it can be read off a representation.",
    ),
    Term(
        "objects held out",
        "A probe is tested on objects of which it was fitted to no image. What it reads off there is said in one way "
        "for all objects; what it reads off known objects alone may be said of each in a way of its own.",
    ),
    Term(
        "permutation test",
        "How often shuffled labels are decoded as well as the true ones. It is exact where labels were drawn apart "
        "from all else.",
        "Fisher 1935, The Design of Experiments; Ojala and Garriga 2010, JMLR 11",
    ),
    Term(
        "thrown away",
        "Read off one network's representation and less, or no longer, off another's, on the same images and by more "
        "than chance gives. It is said of a linear probe: what a line cannot read may still be there.",
    ),
    Term(
        "false discovery rate",
        "The share of claims that are false among all that are made from a table of tests. P-values are adjusted so "
        "that it is 5 %.",
        "Benjamini and Hochberg 1995, Journal of the Royal Statistical Society B 57",
    ),
    Term(
        "control",
        "What nothing was learnt in: the pixels themselves, a network with its first weights, or a probe for shuffled "
        "labels.",
        "Hewitt and Liang 2019, arXiv 1909.03368",
    ),
    Term(
        "untrained twin",
        "The network that a training started from: the same architecture with the weights of the same seed.",
    ),
    Term(
        "interval",
        "A range made from data so that in 95 of 100 repetitions it holds the true value. What is repeated is said "
        "beside it: images, or whole trainings from other seeds.",
    ),
    Term(
        "bootstrap",
        "An interval from the data alone: the score is computed again on many samples drawn from them, and the middle "
        "95 % of the results are kept.",
        "Efron 1979, Annals of Statistics 7",
    ),
    # Attribution.
    Term("attribution", "Sharing out what a network says of an image among its pixels, or among its parts."),
    Term("relevance", "A pixel's share in an attribution: positive where it speaks for the class, negative against."),
    Term("baseline", 'The picture that stands for "nothing to see here": what an attribution compares an image with.'),
    Term(
        "integrated gradients",
        "The gradient's mean on the straight way from the baseline to the image, times that way. The shares add up "
        "to the change of the logit.",
        "Sundararajan et al. 2017, arXiv 1703.01365",
    ),
    Term(
        "completeness",
        "That the shares of an attribution add up to the change of the logit from the baseline to the image.",
    ),
    Term(
        "coalition",
        "Some of the parts of an image (object, background, sticker) without the others. The image is made again with "
        "them alone.",
    ),
    Term(
        "Shapley value",
        "A part's mean contribution over all orders in which the image could be put together. With three parts all "
        "eight coalitions are asked, so nothing is approximated.",
        "Shapley, A value for n-person games, 1953",
    ),
    Term(
        "randomisation test",
        "Whether a network's maps are less like those of networks with weights drawn anew than these are like one "
        "another. If not, nothing shows that the maps depend on what was learnt.",
        "Adebayo et al. 2018, arXiv 1810.03292",
    ),
    Term(
        "null",
        "What a score would be if nothing of what it asks for were there: of a map against an object, the same map "
        "against the objects of other images. A score says something only by how far it is from its null.",
    ),
    # How it is run.
    Term(
        "run",
        "One pretraining, transfer or measurement, identified by what was asked for: asked for twice, it runs once.",
    ),
    Term(
        "identity",
        "The first 16 hexadecimal digits of the SHA-256 of a run's canonical JSON: equal questions have equal names.",
    ),
    Term("store", "The database of runs and the folders of their files."),
    Term(
        "checkpoint",
        "What a training saves on its way, so that it can go on from there after it was stopped or killed.",
    ),
    Term("gallery", "The networks that come with the project, trained as ordinary runs."),
    Term("study", "A question to several runs: a grid of settings, a table of results, and findings with intervals."),
    Term(
        "finding",
        "A sentence made from a study's table, with its effect, its interval over seeds, and, where it is confirmatory,"
        " a verdict on what was published.",
    ),
    Term(
        "verdict",
        "What the rule makes of a finding: as published, same direction (smaller, larger, size undecided), opposite, "
        "no difference, or undecided; preliminary with fewer than six seeds.",
    ),
)
"""By name, in an order in which they can be read."""


def terms_in(text: str) -> list[Term]:
    """The terms that a text names, each once and in its order; of *conditional sens-score* that one alone.

    Args:
        text: such as a label; capitals and the plural make no difference.
    """
    found = (TERMS[_singular()[match.group(1).lower()]] for match in _pattern().finditer(text))
    return list(dict.fromkeys(found))


@cache
def _singular() -> dict[str, str]:
    """Spelling in small letters, with the plural's, to the name of a term."""
    plurals = {name: name[:-1] + "ies" if name.endswith("y") else name + "s" for name in TERMS}
    return {spelling.lower(): name for name, plural in plurals.items() for spelling in (name, plural)}


@cache
def _pattern() -> re.Pattern[str]:
    longest_first = sorted(map(re.escape, _singular()), key=len, reverse=True)
    return re.compile(rf"(?<![\w-])({'|'.join(longest_first)})(?![\w-])", re.IGNORECASE)
