"""Window attention against sums over the pixels that may see each other, written out."""

import math

import numpy as np
import pytest
import torch

from engine.flow.gmflow.attention import merge, positions, shift_mask, split, window_attention


def band(place: int, size: int, splits: int, shifted: bool) -> int:
    """Which window of one axis a pixel is in; shifted windows do not wrap around."""
    window = size // splits
    return (place + window - window // 2) // window if shifted else place // window


def plain(q: np.ndarray, k: np.ndarray, v: np.ndarray, splits: int, shifted: bool) -> np.ndarray:
    """Attention of each pixel to those of its window, one pixel at a time."""
    height, width, channels = q.shape
    places = [(y, x) for y in range(height) for x in range(width)]
    where = {
        (y, x): (band(y, height, splits, shifted), band(x, width, splits, shifted))
        for y, x in places
    }
    out = np.zeros_like(v)
    for here in places:
        seen = [there for there in places if where[there] == where[here]]
        scores = np.array([q[here] @ k[there] for there in seen]) / math.sqrt(channels)
        shares = np.exp(scores - scores.max())
        out[here] = (shares / shares.sum()) @ np.array([v[there] for there in seen])
    return out


@pytest.mark.parametrize(("height", "width", "splits"), [(8, 12, 2), (12, 8, 4), (6, 10, 2)])
@pytest.mark.parametrize("shifted", [False, True])
def test_window_attention_is_the_plain_sum(height, width, splits, shifted):
    rng = np.random.default_rng(3)
    q, k, v = rng.normal(size=(3, 2, height, width, 5)).astype(np.float32)
    mask = shift_mask(height, width, splits) if shifted else None
    got = window_attention(*(torch.from_numpy(x) for x in (q, k, v)), splits, mask).numpy()
    for n in range(2):
        np.testing.assert_allclose(got[n], plain(q[n], k[n], v[n], splits, shifted), atol=1e-5)


def test_cut_windows_are_put_together_again():
    x = torch.arange(2 * 6 * 8 * 3.0).view(2, 6, 8, 3)
    windows = split(x, 2)
    assert windows.shape == (8, 3, 4, 3)
    assert torch.equal(windows[1], x[0, :3, 4:])
    assert torch.equal(merge(windows, 2), x)


def test_the_code_of_a_place_tells_rows_by_the_first_half_and_columns_by_the_second():
    code = positions(4, 6, 8)
    assert code.shape == (4, 6, 8)
    assert torch.equal(code[:, 0, :4], code[:, 5, :4])
    assert torch.equal(code[0, :, 4:], code[3, :, 4:])
    assert code[1, 0, 0] == pytest.approx(math.sin(2 * math.pi * 2 / 4), abs=1e-5)
    assert code[0, 1, 5] == pytest.approx(math.cos(2 * math.pi * 2 / 6), abs=1e-5)
    flat = code.flatten(0, 1)
    assert len({tuple(row.tolist()) for row in flat}) == 24
