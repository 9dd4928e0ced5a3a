"""Runs in words; the command that is shown really asks for the same run."""

from __future__ import annotations

import shlex
from dataclasses import replace

import pytest

from invariance.__main__ import parser
from invariance.commands import running
from invariance.runs import locate
from invariance.runs.describe import command, title, transforms_title
from invariance.runs.store import Store
from invariance.spec import TRANSFORM_NAMES, DatasetSpec, FactorSpec, MeasureSpec, PretrainSpec, RunSpec, TransferSpec
from invariance.studies.what_if import TARGET_SEED_OFFSET, published_transfer, what_if
from tests.runs.tiny import tiny_pretrain, tiny_transfer

STUDY = what_if(("rotate", "hue"), ("blur",), seed=3, objects="noise", backgrounds="#0a0b0c", num_classes=3)


REPAIRED = replace(STUDY.mismatched, method="fine-tune", trainable="last-block", learning_rates=(3e-4, 1e-3))


class Asked(Exception):
    """Carries the spec that a command asked for."""


@pytest.mark.parametrize(
    "spec",
    [
        tiny_pretrain(seed=0),
        STUDY.matched_pretraining,
        STUDY.mismatched,
        PretrainSpec(data=DatasetSpec(seed=5, strength=0.5, num_prototypes=2, resampling="nearest"), seed=5),
        PretrainSpec(
            data=DatasetSpec(
                backgrounds="cifar10",
                fg_bg_correlation=0.5,
                fg_availability=0.75,
                label="background",
                transforms=("hue",),
            ),
            objective="vicreg",
            schedule="cosine",
            weight_decay=5e-5,
        ),
        PretrainSpec(data=DatasetSpec(num_samples=None), optimizer="muon", learning_rate=0.02),
        PretrainSpec(
            data=DatasetSpec(
                stickers="noise", sticker_classes=("noise-01", "noise-02"), sticker_seed=3, label="sticker"
            )
        ),
        MeasureSpec(
            sources=("a" * 16,),
            measure="features",
            data=DatasetSpec(stickers="noise", transforms=("hue",), num_samples=50),
            num_pairs=50,
        ),
        replace(STUDY.matched, regularisation="validation"),
        REPAIRED,
        published_transfer(STUDY.matched, "torchvision:resnet18"),
        published_transfer(replace(STUDY.matched, method="fine-tune"), "torchvision:vit_b_16"),
        MeasureSpec(sources=("a" * 16,), transforms=("hue", "blur"), data=DatasetSpec(num_samples=50), num_pairs=50),
        FactorSpec(sources=("a" * 16,), data=DatasetSpec(num_samples=2000)),
        FactorSpec(
            sources=("a" * 16, "b" * 16),
            factors=("class", "translate.x", "hue"),
            data=DatasetSpec(num_samples=80, classes=("a", "b"), seed=4, num_prototypes=3),
            vary="together",
            num_images=80,
            num_folds=3,
        ),
    ],
    ids=lambda spec: spec.kind,
)
def test_the_command_asks_for_the_same_run(spec: RunSpec, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask(asked: RunSpec, *rest: object) -> None:
        raise Asked(asked)

    monkeypatch.setattr(running, "execute_run", ask)
    monkeypatch.setattr(running, "prepare", lambda *_: (store, "cpu"))
    monkeypatch.setattr(locate, "run_id_of", lambda reference, store, **options: reference)
    line = command(spec)
    assert line is not None
    words = shlex.split(line)
    assert words[:3] == ["python", "-m", "invariance"]
    args = parser().parse_args([*words[3:], "--runs", str(store.root)])
    with pytest.raises(Asked) as caught:
        args.action(args)
    assert caught.value.args[0] == spec


def test_what_the_command_line_cannot_say_has_no_command() -> None:
    spec = tiny_pretrain()
    assert command(replace(spec, seed=1)) is None
    assert command(replace(spec, data=replace(spec.data, transform_seed=1))) is None
    assert command(tiny_transfer("a" * 16)) is None
    assert TARGET_SEED_OFFSET > 0


def test_titles() -> None:
    assert transforms_title(()) == "none"
    assert transforms_title(TRANSFORM_NAMES) == transforms_title(TRANSFORM_NAMES[::-1]) == "all 18"
    others = (*TRANSFORM_NAMES[:16], "pose", "occlude")
    assert len(others) == 18 and transforms_title(others) == ", ".join(others).replace("_", " ")
    assert title(STUDY.matched_pretraining) == "rotate, hue · small"
    assert title(STUDY.mismatched, STUDY.mismatched_pretraining) == "blur → rotate, hue · linear-probe"
    assert title(replace(STUDY.matched_pretraining, epochs=0)) == "untrained · small"
    untrained = replace(STUDY.mismatched_pretraining, epochs=0)
    assert title(STUDY.mismatched, untrained) == "untrained → rotate, hue · linear-probe"
    assert title(REPAIRED, STUDY.mismatched_pretraining) == "blur → rotate, hue · fine-tune of the last block"
    assert title(TransferSpec(source="0123456789", data=DatasetSpec())) == "01234567 → none · linear-probe"
    assert title(published_transfer(STUDY.matched, "torchvision:vgg11_bn")) == "vgg11_bn → rotate, hue · linear-probe"
    assert title(MeasureSpec(sources=("a",))) == "sens: 1 model x 18 transformations"
    assert title(FactorSpec(sources=("a", "b"))) == "factors: 2 models"
    assert title(FactorSpec(sources=("a",), vary="together")) == "factors together: 1 model"
