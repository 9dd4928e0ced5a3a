import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from invariance.models import Classifier, create_model, empty_model
from invariance.models.registry import BUILDERS
from invariance.spec import MODEL_NAMES, SpecError
from invariance.vocabulary.architectures import ARCHITECTURES


@pytest.fixture(scope="module", params=MODEL_NAMES)
def model(request: pytest.FixtureRequest) -> Classifier:
    """A network of each architecture, made once; what is random in it does not come from the global generator."""
    before = torch.get_rng_state()
    made = create_model(request.param, 4, seed=0)
    assert torch.equal(torch.get_rng_state(), before)
    return made


def num_parameters(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_every_declared_architecture_has_its_builder() -> None:
    assert tuple(BUILDERS) == tuple(ARCHITECTURES) == tuple(MODEL_NAMES)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_declared_cost_is_the_networks_own(name: str) -> None:
    model = empty_model(name, 10).train()  # in eval mode torch may take a transformer through one kernel, uncounted
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model.representation(torch.zeros(2, 3, 32, 32, device="meta"))
    counted = counter.get_total_flops() / 2 / 2 / 1e9  # of two images, and a multiplication comes with an addition
    declared = ARCHITECTURES[name]
    assert declared.giga_macs == pytest.approx(counted, rel=0.01), f"declare giga_macs={counted:.3g}"
    million = num_parameters(model.backbone) / 1e6
    assert declared.million_parameters == pytest.approx(million, rel=0.01), f"declare million_parameters={million:.3g}"


def test_a_sentence_about_a_network_tells_its_declared_size() -> None:
    assert (
        ARCHITECTURES["small"].summary == "Four convolutions, 0.26 million parameters: trains in seconds on a laptop."
    )
    assert "11 million parameters: wants a GPU." in ARCHITECTURES["resnet18"].summary


def test_resnet18_has_the_known_size_of_its_cifar_form() -> None:
    # 11,689,512 of torchvision's form for 1000 classes, with a 3 x 3 stem (-7,680) and 10 classes (-507,870).
    assert num_parameters(empty_model("resnet18", 10)) == 11_173_962


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # torchvision's 25,557,032 with a 3 x 3 stem (-7,680) and 10 classes (-2,028,510).
        ("resnet50", 23_520_842),
        # Worked out layer by layer; published for this form with 10 classes as "1.0 M".
        ("densenet", 1_000_618),
        # Convolutions with biases 9,220,480, batch norms 5,504, head 5,130.
        ("vgg11_bn", 9_231_114),
        # 7 layers of 1,774,464, patches 18,816, class token and positions 25,344, last norm 768, head 3,850.
        ("vit", 12_470_026),
        # Stem 864 + 64; blocks 18,432 + 36,864 + 2,048 + 384 and 73,728 + 147,456 + 8,192 + 768; head 1,290.
        ("small_resnet", 290_090),
        # Convolutions 432 + 6,912 + 41,472 + 138,240, batch norms 640, head 1,610.
        ("small_vgg", 189_306),
        # 3 layers of 74,784, patches 18,528, class token and positions 1,728, last norm 192, head 970.
        ("small_vit", 245_770),
    ],
)
def test_architectures_have_the_known_sizes_of_their_cifar_forms(name: str, expected: int) -> None:
    assert num_parameters(empty_model(name, 10)) == expected


def test_small_is_small_enough_for_the_gallery() -> None:
    assert num_parameters(empty_model("small", 30)) == 259_870


def test_representation_has_the_announced_length_at_any_image_size_from_the_smallest_on(
    model: Classifier, request: pytest.FixtureRequest
) -> None:
    model.eval()
    smallest = ARCHITECTURES[model.name].smallest_image_px
    for image_size in (smallest, 32, 45):
        with torch.inference_mode():
            features = model.representation(torch.rand(2, 3, image_size, image_size))
        assert features.shape == (2, model.num_features)
        assert bool((features >= 0).all()) or model.name in ("vit", "small_vit")
    if smallest > 8:  # which is the smallest that a data set may have
        with torch.inference_mode(), pytest.raises(RuntimeError):
            model.representation(torch.rand(2, 3, smallest - 1, smallest - 1))
    assert model.name == request.node.callspec.params["model"]
    assert model.num_classes == 4


def test_every_weight_takes_part(model: Classifier) -> None:
    model.train()(torch.rand(4, 3, 32, 32)).square().sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())


def test_weights_are_a_function_of_the_seed_and_of_nothing_else() -> None:
    torch.manual_seed(1)
    first = create_model("small", 5, seed=3).state_dict()
    torch.manual_seed(2)
    again = create_model("small", 5, seed=3).state_dict()
    other = create_model("small", 5, seed=4).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["head.weight"], other["head.weight"])


def test_an_unknown_name_is_answered_with_the_choice() -> None:
    with pytest.raises(SpecError, match="'vgg': choose from small, resnet18, resnet50, densenet, vgg11_bn, vit"):
        create_model("vgg", 5, seed=0)


def test_first_representations_differ_between_images_and_stay_in_a_sound_range(model: Classifier) -> None:
    model.train()  # batch norm works on the batch
    with torch.no_grad():
        features = model.representation(torch.rand(8, 3, 32, 32, generator=torch.Generator().manual_seed(0)))
    assert 0.005 < float(features.std(dim=0).mean()) < 10
    assert float(features.abs().max()) < 100


def test_a_transformer_sees_larger_images_reduced_to_its_own_size() -> None:
    model = create_model("vit", 2, seed=0).eval()
    images = torch.rand(2, 3, 64, 64)
    small = torch.nn.functional.interpolate(images, size=(32, 32), mode="bilinear", antialias=True)
    with torch.inference_mode():
        torch.testing.assert_close(model.representation(images), model.representation(small), atol=1e-5, rtol=1e-4)
