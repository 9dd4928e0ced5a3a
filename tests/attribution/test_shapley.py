"""Shapley values: the axioms, games worked out by hand, and networks that are known to read one part."""

from __future__ import annotations

import itertools
import math
import weakref
from dataclasses import replace
from typing import Any

import pytest
import torch

from invariance.attribution.coalitions import Coalitions, coalition_name, members, players_of
from invariance.attribution.shapley import evidence, shapley_values
from invariance.data.engine import Engine
from invariance.models import create_model
from invariance.spec import DatasetSpec, SpecError
from tests.attribution.readers import CONFIDENCE, colour_coded, reader

NOISE = DatasetSpec(
    objects="noise",
    backgrounds="noise",
    classes=("noise-00", "noise-01", "noise-02"),
    transforms=("rotate", "hue"),
    stickers="noise",
    sticker_classes=("noise-10", "noise-11"),
    image_size=16,
)


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    return Engine(colour_coded(tmp_path_factory.mktemp("coded")))


def images_of(made: Coalitions) -> list[torch.Tensor]:
    """All that is made of each coalition, (R, B, 3, S, S)."""
    return [torch.stack(list(made.images(number))) for number in range(made.num)]


def random_games(num: int, players: int) -> torch.Tensor:
    return torch.rand(num, 2**players, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_coalitions_are_numbered_by_bits() -> None:
    assert members(2).tolist() == [[False, False], [True, False], [False, True], [True, True]]
    assert [coalition_name(("object", "background", "sticker"), number) for number in (0, 5, 7)] == [
        "nothing",
        "object + sticker",
        "object + background + sticker",
    ]


def test_the_glove_game() -> None:
    """Two own a left glove, one the right one, a pair is worth 1: 1/6, 1/6, 2/3 (Shapley and Shubik 1969)."""
    pairs = [float(bool(left) and bool(number & 4)) for number in range(8) for left in [number & 3]]
    torch.testing.assert_close(shapley_values(torch.tensor(pairs)), torch.tensor([1 / 6, 1 / 6, 2 / 3]).double())


def test_two_players_by_hand() -> None:
    """v = 1, 3, 4, 10: the first adds 2 or 6, the second 3 or 7."""
    assert shapley_values(torch.tensor([1.0, 3.0, 4.0, 10.0])).tolist() == [4.0, 5.0]


@pytest.mark.parametrize("players", [1, 2, 3, 4])
def test_values_are_the_mean_over_all_orders(players: int) -> None:
    """The definition itself: each part's contribution when parts come one after another, in every order."""
    games = random_games(20, players)
    expected = torch.zeros(20, players, dtype=torch.float64)
    for order in itertools.permutations(range(players)):
        number = 0
        for player in order:
            expected[:, player] += games[:, number | 1 << player] - games[:, number]
            number |= 1 << player
    torch.testing.assert_close(shapley_values(games), expected / math.factorial(players))


def test_axioms() -> None:
    games = random_games(50, 3)
    values = shapley_values(games)
    torch.testing.assert_close(values.sum(dim=1), games[:, 7] - games[:, 0])  # efficiency
    other = random_games(50, 3).flip(0)
    torch.testing.assert_close(shapley_values(2 * games + other), 2 * values + shapley_values(other))  # additivity
    dummy = games.clone()
    dummy[:, 4:] = dummy[:, :4]  # the third part never matters
    assert shapley_values(dummy)[:, 2].abs().max() < 1e-12
    equal = games.clone()
    equal[:, 2], equal[:, 6] = equal[:, 1], equal[:, 5]  # the first two are interchangeable
    torch.testing.assert_close(shapley_values(equal)[:, 0], shapley_values(equal)[:, 1])


def test_every_coalition_shows_its_parts_and_no_other() -> None:
    engine = Engine(NOISE)
    indices = engine.indices("test", 24)
    own = engine.batch(indices)
    made = Coalitions(engine, indices, num_references=3)
    shown = images_of(made)
    assert made.players == players_of(engine) == ("object", "background", "sticker")
    assert [len(images) for images in shown] == [3, 3, 1, 1, 3, 3, 1, 1]
    assert torch.equal(shown[7][0], own.images) and torch.equal(made.labels, own.labels)
    nothing, object_alone, background, sticker = (shown[number] for number in (0, 1, 2, 4))
    clear = ((own.masks == 0) & (own.sticker_masks == 0))[:, None].expand_as(own.images)
    assert torch.equal(background[0][clear], own.images[clear])
    assert torch.equal(background[0], engine.draw_backgrounds(indices)[1])
    inside = (own.sticker_masks == 1)[:, None].expand_as(own.images)
    for one in range(3):
        assert torch.equal(sticker[one][inside], own.images[inside])
        assert torch.equal(sticker[one][~inside], nothing[one][~inside])
        solid = (own.masks == 1)[:, None].expand_as(own.images)
        assert torch.equal(object_alone[one][solid], own.images[solid])
        assert (nothing[one] - background[0]).abs().mean() > 0.1, "absent backgrounds are not the samples' own"
    assert (nothing[0] - nothing[1]).abs().mean() > 0.1


def test_references_are_others_or_their_mean_colour(coded: Engine) -> None:
    mean = images_of(Coalitions(coded, coded.indices("test", 6), reference="mean"))[0]
    assert mean.shape == (1, 6, 3, 32, 32)
    assert (mean[:, :, 1] - 130 / 255).abs().max() < 0.1 and not bool(mean[:, :, (0, 2)].any())
    uniform = Engine(replace(NOISE, backgrounds="#336699"))
    assert len(images_of(Coalitions(uniform, torch.arange(2)))[0]) == 1, "there is no other background"


@pytest.mark.parametrize("worth", ["logit", "log-probability"])
def test_values_add_up_to_what_the_image_is_worth_beyond_nothing(worth: str) -> None:
    """Against logits computed apart, on an ordinary network."""
    engine = Engine(NOISE)
    model = create_model("small", 3, seed=1).eval()
    model.class_names = NOISE.classes
    found = evidence([model], engine, num=40, explain="true", worth=worth, num_references=2)[0]
    indices = engine.indices("test", 40)
    made = images_of(Coalitions(engine, indices, num_references=2))
    with torch.no_grad():
        whole, nothing = (model(images.flatten(0, 1)).unflatten(0, (-1, 40)) for images in (made[7], made[0]))
        if worth == "log-probability":
            whole, nothing = whole.log_softmax(dim=2), nothing.log_softmax(dim=2)
    change = (whole.mean(dim=0) - nothing.mean(dim=0)).gather(1, engine.labels(indices)[:, None])[:, 0]
    torch.testing.assert_close(found.values.sum(dim=1), change.double(), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.shares.sum(dim=1), torch.ones(40).double())
    again = evidence([model], engine, num=40, explain="true", worth=worth, num_references=2, batch_size=7)[0]
    torch.testing.assert_close(again.worth, found.worth, atol=1e-5, rtol=0)


@pytest.mark.parametrize("part", ["object", "background", "sticker"])
def test_a_reader_of_one_part_gives_all_evidence_to_it(coded: Engine, part: str) -> None:
    (found,) = evidence([reader(part)], coded, num=30)
    player = found.players.index(part)
    values = found.values
    others = [position for position in range(3) if position != player]
    assert values[:, others].abs().max() < 1e-5, "parts that it does not see are dummies"
    torch.testing.assert_close(values[:, player], found.worth[:, 7] - found.worth[:, 0])
    torch.testing.assert_close(found.worth[:, 7], torch.full((30,), CONFIDENCE).double(), atol=0.05, rtol=0)
    assert (found.shares[values[:, player].abs() > 1e-3][:, player] > 0.999).all()
    if part != "background":  # without its part it sees black: all ramps are off, all logits 0
        torch.testing.assert_close(values[:, player], torch.full((30,), CONFIDENCE).double(), atol=0.05, rtol=0)


def test_a_reader_of_two_parts_divides_the_evidence_by_hand(coded: Engine) -> None:
    """It sees the mean shade of object and sticker; without one of them half a shade, without both black."""
    model = reader("object", "sticker", weights=(0.5, 0.5))
    (found,) = evidence([model], coded, num=60, explain="light")

    @torch.no_grad()
    def worth(shade: float) -> float:
        return float(model.head((torch.tensor([shade, shade - 0.35, shade - 0.65])).clamp_min(0))[2])

    batch = coded.batch(coded.indices("test", 60))
    shades = torch.tensor([60, 130, 200]) / 255
    for row in range(60):
        first, second = (float(shades[int(one[row])]) / 2 for one in (batch.objects, batch.stickers))
        both, one, other = worth(first + second), worth(first), worth(second)
        expected = [((both - other) + one) / 2, 0.0, ((both - one) + other) / 2]
        assert found.values[row].tolist() == pytest.approx(expected, abs=0.05)


def test_without_stickers_there_are_two_players(coded: Engine) -> None:
    bare = Engine(replace(coded.spec, stickers="", sticker_classes=()))
    (found,) = evidence([reader("object")], bare, num=5)
    assert found.players == ("object", "background") and found.worth.shape == (5, 4)


def test_what_images_share_and_which_are_right_come_with_the_values(coded: Engine) -> None:
    (found,) = evidence([reader("object")], coded, num=40)
    assert bool(found.correct.all()) and torch.equal(found.parts.objects, found.labels)
    assert torch.equal(found.parts.backgrounds, coded.background_numbers(coded.indices("test", 40)))
    (other,) = evidence([reader("sticker")], coded, num=40)
    assert torch.equal(other.correct, other.predicted == other.labels) and not bool(other.correct.all())


def test_a_class_that_a_network_does_not_know_is_told(coded: Engine) -> None:
    strange, known = reader("sticker"), reader("object")
    strange.class_names = ("a", "b", "c")
    found, right = evidence([strange, known], coded, num=10, explain="true")
    assert not bool(found.asked.any()) and torch.equal(found.explained, found.predicted)
    assert bool(right.asked.all()) and torch.equal(right.explained, right.labels)
    (one,) = evidence([known], coded, num=4, start=6, explain="true")
    torch.testing.assert_close(one.worth, right.worth[6:])


def test_many_references_are_never_in_memory_together() -> None:
    engine = Engine(replace(NOISE, stickers="", sticker_classes=()))
    model, num_alive, most = create_model("small", 3, seed=1).eval(), weakref.WeakSet[torch.Tensor](), 0
    model.class_names = NOISE.classes
    made = type(engine).batch

    def watched(*args: Any, **kwargs: Any) -> Any:
        nonlocal most
        batch = made(*args, **kwargs)
        num_alive.add(batch.images)
        most = max(most, len(num_alive))
        return batch

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "batch", watched)
        options = {"num": 2, "num_references": 100}
        found = evidence([model], engine, batch_size=16, **options)[0]  # type: ignore[arg-type]
    assert most <= 16, "two a reference: eight wait for a batch"
    torch.testing.assert_close(found.worth, evidence([model], engine, **options)[0].worth)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"num": 0}, "num = 0"),
        ({"start": -1}, "start = -1"),
        ({"worth": "money"}, "worth = 'money': expected logit or log-probability"),
        ({"reference": "void"}, "reference = 'void': expected others or mean"),
        ({"num_references": 0}, "num_references = 0"),
        ({"explain": "dog"}, "class 'dog': no model knows it"),
    ],
)
def test_bad_requests_are_refused(coded: Engine, options: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        evidence([reader("object")], coded, **{"num": 2, **options})  # type: ignore[arg-type]
