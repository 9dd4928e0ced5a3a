"""A network has one short name and one colour, also after its transfer."""

from __future__ import annotations

from invariance.figures.networks import network_colours
from invariance.spec import DatasetSpec, PretrainSpec, TransferSpec
from invariance.vocabulary.measures import starting_network_name
from invariance.vocabulary.objectives import OBJECTIVES
from pages.shared.cache import KnownModel
from pages.shared.cells import colour_of, colours_of


def test_a_transfer_is_called_and_coloured_by_its_pretraining() -> None:
    task = DatasetSpec(transforms=("rotate",))
    models = []
    for name in ("hue", "blur"):
        pretraining = PretrainSpec(data=DatasetSpec(transforms=(name,)))
        transfer = TransferSpec(source=pretraining.run_id, data=task)
        models.append(KnownModel("abcdef", "long", transfer, None, "", {}, source=pretraining))
    assert [model.short_title for model in models] == ["hue, transferred (abcd)", "blur, transferred (abcd)"]
    assert colours_of(models) == network_colours([("hue",), ("blur",)]), "and not by the task, which they share"


def test_a_network_of_others_keeps_its_name_and_an_untrained_one_is_grey() -> None:
    published = KnownModel("published:resnet18", "published: resnet18", None, None, "", {})
    assert published.short_title == "published: resnet18"
    untrained = KnownModel("a", "a", PretrainSpec(data=DatasetSpec()), None, "", {}, is_untrained=True)
    assert (untrained.short_title, colour_of(untrained)) == ("untrained", network_colours([None])[0])


def test_a_network_of_any_objective_has_an_untrained_one() -> None:
    """Views that differ in transformations need one; what has not been trained yet has none."""
    for objective in OBJECTIVES:
        spec = PretrainSpec(data=DatasetSpec(transforms=("hue",)), objective=objective, seed=3)
        untrained = KnownModel("abcdef", "long", spec, None, "", {}).untrained
        assert untrained is not None and untrained.reference == starting_network_name("small", 3) == untrained.label
        assert untrained.spec == PretrainSpec(data=DatasetSpec(), seed=3)
