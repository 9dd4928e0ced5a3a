"""The paper's settings, as they reach a run."""

from __future__ import annotations

import pytest

from invariance.__main__ import parser
from invariance.commands import running
from invariance.spec import PretrainSpec
from invariance.studies.presets import PAPER_PRESETS
from invariance.studies.registry import DESIGNS


class Asked(Exception):
    """Carries the spec that a command asked for."""


def asked(monkeypatch: pytest.MonkeyPatch, *words: str) -> PretrainSpec:
    def ask(spec: PretrainSpec, *rest: object) -> None:
        raise Asked(spec)

    monkeypatch.setattr(running, "execute_run", ask)
    monkeypatch.setattr(running, "prepare", lambda *_: ())
    args = parser().parse_args(["pretrain", *words])
    with pytest.raises(Asked) as caught:
        args.action(args)
    spec: PretrainSpec = caught.value.args[0]
    return spec


@pytest.mark.parametrize(
    ("study", "epochs", "batch_size"),
    [("paper-a", 50, 512), ("paper-b", 200, 512), ("paper-c", 50, 512), ("paper-d", 100, 256)],
)
def test_published_settings(monkeypatch: pytest.MonkeyPatch, study: str, epochs: int, batch_size: int) -> None:
    spec = asked(monkeypatch, "--preset", study, "--transforms", "rotate")
    assert (spec.model, spec.epochs, spec.batch_size, spec.learning_rate) == ("resnet18", epochs, batch_size, 1e-3)
    assert (spec.data.num_samples, spec.num_test_samples, spec.data.transforms) == (50_000, 10_000, ("rotate",))
    assert (spec.schedule, spec.weight_decay) == ("constant", 0.0)


def test_the_papers_settings_share_backgrounds_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    for preset in PAPER_PRESETS:
        assert asked(monkeypatch, "--preset", preset).data.shared_backgrounds
    assert not asked(monkeypatch, "--preset", "paper-a", "--no-shared-backgrounds").data.shared_backgrounds
    assert not asked(monkeypatch).data.shared_backgrounds
    assert asked(monkeypatch, "--shared-backgrounds").data.shared_backgrounds


def test_the_transformer_decays(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = asked(monkeypatch, "--preset", "paper-vit")
    assert (spec.model, spec.schedule, spec.weight_decay) == ("vit", "cosine", 5e-5)


def test_what_follows_changes_the_preset(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = asked(monkeypatch, "--preset", "paper-a", "--model", "densenet", "--num-samples", "1000")
    assert (spec.model, spec.data.num_samples, spec.epochs) == ("densenet", 1000, 50)
    assert set(PAPER_PRESETS) >= {"paper-a", "paper-b", "paper-c", "paper-d"}


def test_studies_at_the_papers_scale_train_as_their_presets_say() -> None:
    names = ("transforms-vs-other", "relevant-features", "invariance-transfer", "mismatch")
    for (preset, settings), name in zip(PAPER_PRESETS.items(), names, strict=False):
        budget = DESIGNS[name].scales["paper"].budget
        differing = {field for field, value in settings.items() if getattr(budget, field) != value}
        # CIFAR-10 has no more than 45,000 images when those for validation are taken away.
        assert differing == ({"num_samples"} if preset == "paper-b" else set())
