"""Learned matchers: what is made of their flow, pictures of any size, cancel, what is absent."""

import sys

import numpy as np
import pytest
import torch

from engine.errors import Cancelled, DeviceError, InputError
from engine.flow.confidence import confidence_of
from engine.flow.dis import colour8, dis_flow, grey8
from engine.flow.gmflow.matcher import GmflowMatcher, working_size
from engine.flow.gmflow.network import Gmflow, Size
from engine.flow.gmflow.weights import convert
from engine.flow.learned import KEPT, learned_link, no_check
from engine.flow.raft import FILES, RaftMatcher, weights_file

HEIGHT, WIDTH = 160, 240


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """A tiny network with random weights."""
    folder = tmp_path_factory.mktemp("weights")
    torch.manual_seed(4)
    size = Size((4, 6, 8), 2, 10)
    torch.save(Gmflow(size).state_dict(), folder / "net.pkl")
    convert(folder / "net.pkl", folder / "net.safetensors", {}, size)
    return folder / "net.safetensors"


def noise(height: int, width: int) -> np.ndarray:
    """Fine texture without any landmark larger than a few pixels, uint8 [height, width]."""
    import cv2

    raw = np.random.default_rng(8).random((height, width)).astype(np.float32)
    soft = cv2.GaussianBlur(raw, (0, 0), 1.2)
    return np.uint8(255 * (soft - soft.min()) / (soft.max() - soft.min()))


def shifted(dx: int, dy: int) -> tuple[np.ndarray, np.ndarray]:
    whole = noise(HEIGHT + 200, WIDTH + 200)
    first = whole[100 : 100 + HEIGHT, 100 : 100 + WIDTH]
    second = whole[100 - dy : 100 - dy + HEIGHT, 100 - dx : 100 - dx + WIDTH]
    return np.ascontiguousarray(first), np.ascontiguousarray(second)


def constant(dx: float, dy: float) -> np.ndarray:
    return np.tile(np.float32([dx, dy]), (HEIGHT, WIDTH, 1))


def colours(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def test_from_a_rough_start_dis_becomes_exact_where_alone_it_is_lost():
    first, second = shifted(60, -30)
    inner = np.s_[40:-40, 20:-80]
    alone = np.linalg.norm(dis_flow(first, second)[inner] - [60, -30], axis=2)
    start = constant(57.5, -27.5)
    before = start.copy()
    helped = np.linalg.norm(dis_flow(first, second, start=start)[inner] - [60, -30], axis=2)
    assert np.median(alone) > 10
    assert np.median(helped) < 0.1 and np.percentile(helped, 95) < 0.5
    assert np.array_equal(start, before)


@pytest.mark.parametrize("size", [(5, 9), (40, 200), (64, 64)])
def test_small_pictures_can_have_a_start_too(size):
    picture = noise(*size)
    flow = dis_flow(picture, picture, start=np.full((*size, 2), 0.5, np.float32))
    assert flow.shape == (*size, 2)
    assert np.median(np.abs(flow)) < 0.2


def test_a_start_of_another_size_is_refused_naming_both():
    picture = noise(20, 30)
    with pytest.raises(InputError, match=r"\[20, 30\].*\[10, 30, 2\]"):
        dis_flow(picture, picture, start=np.zeros((10, 30, 2), np.float32))


def test_a_link_refines_what_the_matcher_found():
    first, second = shifted(60, -30)

    def rough(a, b, check):
        return constant(58, -28), constant(-58, 28)

    there, sure, back, sure_back = learned_link(rough, colours(first), colours(second))
    inner = np.s_[40:-40, 20:-80]
    assert np.median(np.linalg.norm(there[inner] - [60, -30], axis=2)) < 0.1
    assert np.median(sure[inner]) > 0.99
    assert np.median(np.linalg.norm(back[40:-40, 80:-20] + [60, -30], axis=2)) < 0.1
    assert there.dtype == sure.dtype == back.dtype == sure_back.dtype == np.float32
    assert not sure[:20].any() and not sure[:, -50:].any()  # leaves the frame


def test_where_refining_breaks_it_the_matchers_flow_stays_half_trusted():
    first, second = noise(HEIGHT, WIDTH), noise(WIDTH, HEIGHT).T  # nothing in common to refine by

    def sure_of_itself(a, b, check):
        return constant(10, 0), constant(-10, 0)

    there, sure, _, _ = learned_link(
        sure_of_itself, colours(first), colours(np.ascontiguousarray(second))
    )
    own = (there == [10, 0]).all(axis=2)
    assert own.mean() > 0.3
    assert sure[own].max() <= KEPT
    assert (sure[own & (confidence_of(constant(10, 0), constant(-10, 0)) > 0)] > 0).any()


def test_pictures_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="one size"):
        learned_link(
            lambda a, b, check: (a, b), np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5, 3), np.uint8)
        )
    with pytest.raises(InputError, match="colour"):
        learned_link(
            lambda a, b, check: (a, b), np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.uint8)
        )


@pytest.mark.parametrize("size", [(1, 1), (30, 50), (75, 211)])
def test_the_network_takes_pictures_of_any_size(weights, size):
    matcher = GmflowMatcher(weights)
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 255, (2, *size, 3), np.uint8)
    there, back = matcher(first, second, no_check)
    assert there.shape == back.shape == (*size, 2) and there.dtype == np.float32
    assert np.isfinite(there).all() and np.isfinite(back).all()


def test_vectors_are_in_pixels_of_the_picture_not_of_the_network(weights, monkeypatch):
    matcher = GmflowMatcher(weights)
    rng = np.random.default_rng(1)
    small = rng.integers(0, 255, (2, 320, 320, 3), np.uint8)
    large = small.repeat(2, 1).repeat(3, 2)
    assert working_size(320, 320) == (320, 320) and working_size(640, 960)[1] == 480
    matcher_flow = matcher(*small, no_check)[0]
    # The same picture, larger, squeezed to the same working size.
    monkeypatch.setattr("engine.flow.gmflow.matcher.working_size", lambda *_: (320, 320))
    stretched = matcher(*large, no_check)[0]
    ratio = stretched[1::2, 1::3] / np.where(np.abs(matcher_flow) > 1, matcher_flow, np.nan)
    assert np.nanmedian(ratio[..., 0]) == pytest.approx(3, rel=0.02)
    assert np.nanmedian(ratio[..., 1]) == pytest.approx(2, rel=0.02)


def test_the_working_size_is_half_within_limits():
    assert working_size(480, 854) == (256, 416)
    assert working_size(1080, 1920) == (352, 640)
    assert working_size(240, 320) == (256, 320)
    assert working_size(9, 5000) == (64, 640)


def test_work_stops_soon_when_it_is_cancelled(weights):
    calls = []

    def check():
        calls.append(1)
        if len(calls) == 4:
            raise Cancelled

    picture = np.zeros((64, 64, 3), np.uint8)
    matcher = GmflowMatcher(weights)
    with pytest.raises(Cancelled):
        matcher(picture, picture, check)
    assert len(calls) == 4
    matcher(picture, picture, no_check)  # and works again
    assert len(calls) == 4


def test_colours_for_matching_agree_with_the_luma_for_dis():
    ramp = np.linspace(-0.5, 40, 300, dtype=np.float32).reshape(10, 30, 1)
    grey = np.repeat(ramp, 3, axis=2)
    assert np.array_equal(colour8(grey)[..., 1], grey8(ramp))
    assert np.array_equal(colour8(ramp), colour8(grey))
    odd = np.full((2, 2, 4), np.nan, np.float32)
    assert not colour8(odd).any()


def test_raft_without_weights_says_where_it_looked(tmp_path):
    with pytest.raises(InputError, match="raft_large"):
        weights_file((tmp_path, tmp_path / "none"))
    small = list(FILES)[1]
    (tmp_path / small).write_bytes(b"")
    assert weights_file((tmp_path / "none", tmp_path)) == tmp_path / small


def test_raft_without_torchvision_is_a_device_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    monkeypatch.delitem(sys.modules, "torchvision.models.optical_flow", raising=False)
    with pytest.raises(DeviceError, match="torchvision"):
        RaftMatcher(tmp_path / next(iter(FILES)))
