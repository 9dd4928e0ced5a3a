"""Lines that a careless user types: each is refused in one line with exit code 2, and leaves nothing behind."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from invariance.__main__ import main
from invariance.commands import capacity
from invariance.commands.capacity import available_memory, check_export_memory, check_memory
from invariance.runs.gallery import entries
from invariance.spec import DatasetSpec, FactorSpec, PretrainSpec, SpecError, TransferSpec

LINES = """
render
render --out x.txt
render --out no/x.npz
render --out .
render --out x.npz --num 0
render --out x.npz --num 99999999999
render --out x.npz --num-images many
render --out x.npz --split all
render --out x.npz --transforms rotate,rotate
render --out x.npz --transforms rotate,,hue
render --out x.npz --transforms ,hue
render --out x.npz --image-size 4
render --out x.npz --strength nan
render --out x.npz --seed -1
render --out x.npz --objects nowhere
render --out x.npz --objects=
render --out x.npz --backgrounds #12345
render --out x.npz --backgrounds nowhere
render --out x.npz --classes apple
render --out x.npz --classes apple,nothing
render --out x.npz --num-classes 1
render --out x.npz --num-classes 9999
render --out x.npz --classes apple,acorn --num-classes 2
render --out x.npz --sticker-seed 3
render --out x.npz --label sticker
render --out x.npz --device gpu
render --out x.npz --device cuda:99
pretrain --wobble 3
pretrain --epochs -1
pretrain --epochs 1e3
pretrain --batch-size 1
pretrain --learning-rate inf
pretrain --model vgg99
pretrain --model vgg11_bn --image-size 16
pretrain --objective simclr
pretrain --num-samples 1
pretrain --num-samples none
pretrain --num-samples 99999999999
pretrain --seeds
pretrain --seeds 0,0
pretrain --seeds 0,x
pretrain --seeds 1 --seed 2
pretrain --together
pretrain --preset paper-z
pretrain --classes apple,nothing
pretrain --objects nowhere --seeds 0,1
pretrain --objects cifar10 --fg-bg-correlation 0.5
pretrain --device tpu
transfer
transfer --from nothing
transfer --from ,
transfer --from matched,disjoint
transfer --from matched --num-samples endless
transfer --from matched --method guess
transfer --from matched --classes apple,nothing
transfer --from torchvision:nothing
transfer --from matched --seeds 0,1 --seed 3
measure --out x.txt
measure --models nothing --out x.csv
measure --models matched,,none --out x.csv
measure --models hue,none,hue --out x.csv
measure --models matched --out no/x.csv
measure --models matched --out x.csv --num-pairs 1
measure --models matched --out x.csv --transforms wobble
measure --models matched --out x.csv --shift sideways
measure --models matched --out x.csv --shift new-noise --label object
measure --models matched --out x.csv --measure all
factors --out x.json
factors --models nothing --out x.csv
factors --models hue,hue --out x.csv
factors --models matched --out x.csv --factors wobble
factors --models matched --out x.csv --factors ,
factors --models matched --out x.csv --transforms hue
factors --models matched --out x.csv --num-folds 1
factors --models matched --out x.csv --num-images 1
thrown-away none
thrown-away none nothing
thrown-away none hue --objects new
thrown-away none hue --factors wobble
thrown-away none hue --num-images 1
what-if
what-if --target hue --mismatch hue
what-if --target hue --mismatch rotate --seed 1 --seeds 1,2
what-if --target hue --mismatch rotate --seeds 1,1
what-if --target hue --mismatch rotate --num-classes 1
what-if --target hue --mismatch rotate --epochs 0
what-if --target hue --mismatch rotate --objects nowhere
what-if --target hue --mismatch rotate --num-transfer-samples 0
what-if --target hue, --mismatch ,rotate
what-if --target hue
what-if --target hue --mismatch rotate --sources hue --targets blur
what-if --target hue --mismatch rotate --model small,small_vit
what-if --target hue --mismatch rotate --num-images 50,500
what-if --target hue --mismatch rotate --dry-run
what-if --sources hue;none
what-if --sources hue;;none --targets blur
what-if --sources hue;hue --targets blur
what-if --sources blurr --targets blur
what-if --sources hue --targets none
what-if --sources hue --targets bluur
what-if --sources hue --targets blur --seeds 0,x
what-if --sources hue --targets blur --method tune
what-if --sources hue --targets blur --num-images 0
what-if --sources torchvision:resnet18 --targets blur --objects nowhere
what-if --sources hue --targets blur --gpus 1
attribute --models matched
attribute --models nothing --out m
attribute --models matched,matched --out m
attribute --models matched --out m --method magic
attribute --models matched --out m --index -1
attribute --models matched --out m --parameters steps
attribute --models matched --out m --baseline green
attribute --models matched --out m --explain nothing
attribute --models matched --out m --num 0
attribute --models matched --out m --question why
attribute --models matched --out m --transform hue
attribute --models matched --out m --question distance --magnitude x
attribute --models matched --out m --question distance --transform none
shapley --models matched --out x.txt
shapley --models nothing --out x.csv
shapley --models matched,matched --out x.csv
shapley --models matched --out x.csv --num 0
shapley --models matched --out x.csv --worth money
shapley --models matched --out x.csv --reference nobody
shapley --models matched --out x.csv --num-references 0
runs list --out x.txt
runs export none
runs export nothing --out m
runs export none --out m --format onnx
runs export none --out m --format tensorboard
push
push small --from none
push ada/small
study
study nothing --out m
study mismatch
study mismatch --out m --scale huge
study mismatch --out m --seeds 0,0
study mismatch --out m --num-workers 0
study mismatch --out m --address auto
study mismatch --out m --gpus 1
study mismatch --out m --executor ray --together
study mismatch --out m --factors objective
study transforms-vs-other --out m --factors wobble
study mismatch --out m --device tpu
gallery
gallery list --folder nowhere
gallery build --out m --epochs 0
gallery build --out m --objects nowhere
gallery build --out m --transforms wobble
gallery build --out m --num-pairs 1
gallery build --out m --device tpu
runs
runs list
runs list --state wobbling
runs show 123456
runs resume 123456
runs delete 123456
runs prune
bench data --num-rounds 0
bench data --transforms wobble
bench train --seconds 3
download
download mnist
app --port 0
nothing
""".strip().splitlines()


@pytest.mark.skipif(not entries(), reason="no gallery: run python -m invariance gallery build")
@pytest.mark.parametrize("line", LINES)
def test_a_refused_line_leaves_nothing_behind(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("INVARIANCE_RUNS", raising=False)
    try:
        code = main(line.split())
    except SystemExit as ended:
        code = int(ended.code or 0)
    out, err = capsys.readouterr()
    assert (code, out) == (2, ""), err
    assert err.startswith("python -m invariance") and err.count("\n") == 1 and "Traceback" not in err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not entries(), reason="no gallery: run python -m invariance gallery build")
@pytest.mark.parametrize("line", ["measure --out x.csv", "factors --out x.csv"])
def test_two_names_of_one_network_are_refused(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INVARIANCE_DATA", str(tmp_path / "data"))
    (hue,) = (one for one in entries() if one.name == "hue")
    copies = [shutil.copy(hue.path, f"{name}.safetensors") for name in ("first", "second")]
    for names in (("hue", hue.run_id), copies, (hue.run_id[:8], "none", "hue")):
        assert main([*line.split(), "--models", ",".join(names)]) == 2
        assert f"models: {names[0]} and {names[-1]} are the same network; name it once" in capsys.readouterr().err
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize("line", ["render --transforms hue --num 4 --out x.npz", "pretrain --transforms hue"])
def test_a_number_of_threads_that_is_none_is_refused_before_anything_is_made(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INVARIANCE_THREADS", "abc")
    assert main(line.split()) == 2
    assert "INVARIANCE_THREADS = 'abc': expected a whole number from 1" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_images_that_do_not_fit_in_memory_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "available_memory", lambda: 10**6)
    small = DatasetSpec(num_samples=300, image_size=32)  # 300 x (3 x 32 x 32 + 8) bytes = 0.92 MB
    large = DatasetSpec(num_samples=400, image_size=32, transforms=("hue",))
    check_memory(PretrainSpec(data=small))
    check_memory(PretrainSpec(data=large, objective="simclr"))
    check_memory(PretrainSpec(data=DatasetSpec(num_samples=None)))
    message = r"num_samples = 400: 0.00123 GB for images of 32 px, and 0.001 GB of memory are free; ask for at most 324"
    for spec in (PretrainSpec(data=large), TransferSpec(source="a", data=large)):
        with pytest.raises(SpecError, match=message):
            check_memory(spec)
    with pytest.raises(SpecError, match="num_images = 400"):
        check_memory(FactorSpec(sources=("a",), num_images=400))
    check_export_memory("num_images", 25_000, large)
    with pytest.raises(SpecError, match=r"num_images = 30000: .* ask for at most 25000"):
        check_export_memory("num_images", 30_000, large)
    monkeypatch.setattr(capacity, "available_memory", lambda: None)
    check_memory(PretrainSpec(data=DatasetSpec(num_samples=2**40)))


def test_memory_is_less_than_any_machine_has() -> None:
    free = available_memory()
    assert free is None or 10**6 < free < 10**14
