"""Pasting where something is, as floats and as bytes, and the threads that share it."""

import threading

import pytest
import torch

from invariance.data.pasting import paste, paste_content, paste_content_on_bytes, share_out, to_bytes
from invariance.data.transforms.frame import Frame

FRAME = Frame(8, 2, 6)


def picture(num: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Objects (num, 4, 4, 4) premultiplied and backgrounds (num, 3, 8, 8) whose colours are levels."""
    generator = torch.Generator().manual_seed(0)
    rgba = torch.rand(num, 4, 4, 4, generator=generator)
    rgba[:, :3] *= rgba[:, 3:]
    return rgba, torch.randint(256, (num, 3, 8, 8), generator=generator).to(torch.float32) / 255.0


def test_bytes_are_the_nearest_levels():
    levels = torch.arange(256)
    assert torch.equal(to_bytes(levels / 255.0), levels.to(torch.uint8))
    assert to_bytes(torch.tensor([0.4, 0.6, 254.4, 254.6]) / 255.0).tolist() == [0, 1, 254, 255]


def test_half_an_object_on_a_background_by_hand():
    rgba, background = torch.tensor([0.5, 0.0, 0.25, 0.5]), torch.tensor([0.2, 0.4, 1.0])
    found = paste(rgba.view(1, 4, 1, 1), background.view(1, 3, 1, 1))
    torch.testing.assert_close(found.flatten(), torch.tensor([0.6, 0.2, 0.75]))


def test_alpha_that_rounding_took_above_one_hides_the_background():
    rgba = torch.full((1, 4, 1, 1), 1.0 + 2.0**-23)
    assert torch.equal(paste(rgba, torch.zeros(1, 3, 1, 1)), paste(rgba, torch.ones(1, 3, 1, 1)))


def test_pasting_a_part_is_pasting_all():
    rgba, backgrounds = picture(5)
    before = backgrounds.clone()
    found = paste_content(rgba, FRAME, backgrounds)
    assert torch.equal(found, paste(FRAME.on_canvas(rgba), backgrounds)) and torch.equal(backgrounds, before)
    one = paste_content(rgba, FRAME, backgrounds[:1])
    assert torch.equal(one, paste(FRAME.on_canvas(rgba), backgrounds[:1]))


def test_pasting_on_bytes_gives_the_bytes_of_pasting():
    rgba, backgrounds = picture(500)
    images = to_bytes(backgrounds)
    paste_content_on_bytes(rgba, FRAME, images)
    assert torch.equal(images, to_bytes(paste_content(rgba, FRAME, backgrounds)))


@pytest.fixture
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("num", [0, 1, 9, 10, 11, 1000])
def test_every_sample_is_made_once(two_threads, num):
    made, lock = [], threading.Lock()

    def work(start: int, stop: int) -> None:
        assert 0 < stop - start <= 100 and start % 10 == 0
        with lock:
            made.extend(range(start, stop))

    share_out(num, work, unit=10, most=10)
    assert sorted(made) == list(range(num))


def test_threads_compute_alone_and_leave_the_setting(two_threads):
    meeting, seen = threading.Barrier(2, timeout=30), []

    def work(start: int, stop: int) -> None:
        meeting.wait()  # both are at work at the same time
        seen.append((threading.get_ident(), torch.get_num_threads()))

    share_out(20, work, unit=1, most=100)
    assert {num for _, num in seen} == {1} and len({thread for thread, _ in seen}) == 2
    assert torch.get_num_threads() == 2
    later: list[int] = []
    thread = threading.Thread(target=lambda: later.append(torch.get_num_threads()))
    thread.start()
    thread.join()
    assert later == [2], "a thread that comes later is not bound by what those set for themselves"


def test_few_samples_are_made_where_they_are_asked_for(two_threads):
    seen = []
    share_out(10, lambda start, stop: seen.append((start, stop, threading.get_ident())), unit=10, most=10)
    assert seen == [(0, 10, threading.get_ident())]


def test_what_fails_in_a_thread_is_raised(two_threads):
    def work(start: int, stop: int) -> None:
        raise ArithmeticError(f"at {start}")

    with pytest.raises(ArithmeticError, match="at "):
        share_out(100, work, unit=10, most=5)
    assert torch.get_num_threads() == 2
