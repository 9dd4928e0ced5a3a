"""The streams and the laws decide what every data set ever named shows: neither may change."""

import pytest
import torch

from invariance.data.transforms import TRANSFORMS, get_transform, sample_composition
from invariance.vocabulary.streams import STREAMS, distinct
from invariance.vocabulary.transforms import KNOWN_TRANSFORMS

NUMBERS = {
    "object": 0,
    "prototype": 1,
    "background": 2,
    "background_noise": 3,
    "object_noise": 4,
    "order": 5,
    "choice": 6,
    "pairing": 7,
    "availability": 8,
    "attribution": 9,
    "bootstrap": 10,
    "sticker": 11,
    "sticker_place": 12,
    "sticker_pairing": 13,
    "sticker_availability": 14,
    "translate": 16,
    "rotate": 17,
    "scale": 18,
    "v_flip": 19,
    "h_flip": 20,
    "shear": 21,
    "hue": 22,
    "brightness": 23,
    "grayscale": 24,
    "posterize": 25,
    "invert": 26,
    "sharpen": 27,
    "blur": 28,
    "noise": 29,
    "pixelate": 30,
    "elastic": 31,
    "erasing": 32,
    "contrast": 33,
    "pose": 34,
    "occlude": 35,
}

DRAWN = {
    "translate": {"x": [0.8909444212913513, 0.9522402286529541], "y": [0.5425859093666077, 0.7660136818885803]},
    "rotate": {"angle_deg": [337.9206237792969, 240.74179077148438]},
    "scale": {"factor": [0.7858123779296875, 0.5813561677932739]},
    "v_flip": {"applied": [False, True]},
    "h_flip": {"applied": [False, False]},
    "shear": {"x_deg": [-29.006284713745117, 32.634971618652344], "y_deg": [14.922684669494629, 16.107040405273438]},
    "hue": {"shift": [0.2684231400489807, 0.4208862781524658]},
    "brightness": {"factor": [0.857986569404602, 1.697618007659912]},
    "grayscale": {"applied": [True, True], "amount": [1.0, 1.0]},
    "posterize": {"applied": [False, False], "amount": [1.0, 1.0]},
    "invert": {"applied": [True, True], "amount": [1.0, 1.0]},
    "sharpen": {"applied": [True, False], "factor": [7.0, 7.0]},
    "blur": {"sigma_px": [1.4897388219833374, 0.5017499327659607]},
    "noise": {"field": [6423382877746129577, 2578144395459190383], "applied": [True, False], "std": [1.0, 1.0]},
    "pixelate": {"applied": [True, True], "side": [0.28125, 0.28125]},
    "elastic": {"field": [6482271595726313244, 8572329682412857351], "applied": [False, True], "alpha": [150.0, 150.0]},
    "erasing": {
        "x": [0.7494068741798401, 0.14277911186218262],
        "y": [0.856240451335907, 0.9799131751060486],
        "applied": [True, False],
        "side_px": [14.0, 14.0],
    },
    "contrast": {"factor": [1.8605854511260986, 1.6685166358947754]},
    "pose": {"view": [0.0494350790977478, 0.009299039840698242]},
    "occlude": {
        "applied": [True, False],
        "other": [0.9423941969871521, 0.5140957832336426],
        "x": [0.8630331158638, 0.1567276120185852],
        "y": [0.02532196044921875, 0.08636540174484253],
        "scale": [0.6000000238418579, 0.6000000238418579],
    },
}
"""Of the samples 0 and 1 at seed 0."""


def test_no_stream_was_renumbered() -> None:
    """A new one may be added at the end, here as well; a line above is never changed."""
    assert STREAMS == NUMBERS


@pytest.mark.parametrize("name", DRAWN)
def test_the_first_drawn_values_are_those_of_every_stored_run(name: str) -> None:
    (params,) = sample_composition([get_transform(name)], torch.arange(2), seed=0)
    assert {key: value.tolist() for key, value in params.items()} == DRAWN[name]


def test_every_transformation_is_pinned() -> None:
    assert tuple(DRAWN) == tuple(KNOWN_TRANSFORMS) == tuple(TRANSFORMS)


@pytest.mark.parametrize(
    ("streams", "said"),
    [
        ([("a", 3), ("b", 9), ("c", 3)], "stream 3: both a and c; numbers up from 10 are free"),
        ([("a", 3), ("a", 4)], "stream a: declared twice"),
    ],
)
def test_equal_streams_end_the_program(streams: list[tuple[str, int]], said: str) -> None:
    with pytest.raises(ImportError, match=said):
        distinct(streams)
