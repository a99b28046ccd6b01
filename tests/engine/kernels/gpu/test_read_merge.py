"""Placing, reading with footprints and merging: Triton against plain torch and numba."""

import numpy as np
import pytest
import torch

from engine.edit.kinds import merged, purity
from engine.kernels import lattice as loops
from engine.kernels.backends import compiled, plain
from engine.kernels.device.pyramid import Pyramid

WAYS = {
    # What a step to the right and one down cover, in picture pixels.
    "as it is": (1.0, 0.0, 0.0, 1.0),
    "enlarged": (0.4, 0.1, -0.1, 0.4),
    "a little smaller": (1.15, 0.0, 0.1, 1.1),
    "half, askew": (1.9, 0.7, -0.6, 2.2),
    "a sixth": (6.3, 0.0, 0.0, 5.8),
    "long and thin": (9.0, 3.0, 0.1, 0.4),
}


def points(way: str, rows: int = 9, columns: int = 14) -> torch.Tensor:
    """Positions over and beyond a picture of 34 x 41 pixels, bent a little; some are no numbers."""
    xx, xy, yx, yy = WAYS[way]
    i, j = np.mgrid[:rows, :columns].astype(np.float32)
    x, y = (
        xx * (j - columns / 2) + yx * (i - rows / 2),
        xy * (j - columns / 2) + yy * (i - rows / 2),
    )
    found = np.stack([x + 0.1 * np.sin(y) + 19, y + 0.1 * np.cos(x) + 15], -1)
    found[0, 0], found[1, 2], found[2, 1] = np.nan, np.inf, -1e30
    return torch.from_numpy(found.astype(np.float32))


@pytest.mark.parametrize("filter", ["bilinear", "cubic"])
@pytest.mark.parametrize("way", WAYS)
def test_stills_are_read_as_by_the_loops_of_the_processor(device, way, filter):
    from engine.kernels.gpu.read import read

    made = torch.Generator().manual_seed(3)
    picture = torch.rand(34, 41, 4, generator=made)
    how = {"origin": (-2.0, 1.5), "scale": (1.0, 1.0), "filter": filter, "footprint": True}
    results = [
        function(
            Pyramid.of(picture.to(where)), points(way).to(where), matte=filter == "cubic", **how
        ).cpu()
        for function, where in ((read, device), (plain.read, "cpu"), (compiled.read, "cpu"))
    ]
    assert float(results[2].abs().sum()) > 10
    assert not results[2][0, 0].any() and not results[2][2, 1].any()
    torch.testing.assert_close(results[1], results[2], rtol=1e-4, atol=3e-5)
    torch.testing.assert_close(results[0], results[2], rtol=1e-4, atol=3e-5)


@pytest.mark.parametrize("channels", [2, 3])
def test_planes_of_any_number_are_read_without_footprints_too(device, channels):
    from engine.kernels.gpu.read import read

    picture = torch.rand(34, 41, channels, generator=torch.Generator().manual_seed(3))
    how = {"origin": (0.0, 0.0), "scale": (1.7, 1.3), "filter": "bilinear"}
    results = [
        function(
            Pyramid.of(picture.to(where)),
            points("half, askew").to(where),
            footprint=False,
            matte=False,
            **how,
        ).cpu()
        for function, where in ((read, device), (plain.read, "cpu"), (compiled.read, "cpu"))
    ]
    assert float(results[2].abs().sum()) > 10
    torch.testing.assert_close(results[1], results[2], rtol=1e-4, atol=3e-5)
    torch.testing.assert_close(results[0], results[2], rtol=1e-4, atol=3e-5)


@pytest.mark.parametrize(("spacing", "part"), [(4.0, (0, 0, 30, 45)), (5.5, (7, 11, 9, 20))])
def test_pixels_lie_where_the_loops_of_the_processor_say(device, spacing, part):
    from engine.kernels.gpu.read import place

    made = torch.Generator().manual_seed(2)
    matrix = torch.eye(3, dtype=torch.float64) + torch.rand(3, 3, generator=made) * 1e-3
    matrix[0, 2] = -31.7
    lattice = torch.randn(*loops.grid_shape(30, 45, spacing), 2, generator=made) * 3
    results = [
        function(matrix.to(where), lattice.to(where), spacing, part).cpu()
        for function, where in ((place, device), (plain.place, "cpu"), (compiled.place, "cpu"))
    ]
    assert results[0].shape == (*part[2:], 2)
    torch.testing.assert_close(results[1], results[2], rtol=0, atol=2e-5)
    torch.testing.assert_close(results[0], results[2], rtol=0, atol=2e-5)


def layer(made: torch.Generator, height: int, width: int) -> dict[str, torch.Tensor]:
    """A change, what it was made on, and the frame; edges, holes and unknown places are in them."""
    alpha = (torch.rand(height, width, 1, generator=made) * 3 - 1).clamp(0, 1)
    known = (torch.rand(height, width, 1, generator=made) * 3 - 1).clamp(0, 1)
    colour = torch.rand(height, width, 6, generator=made)
    return {
        "paint": torch.cat([colour[..., :3] * alpha, alpha], -1),
        "below": torch.cat([colour[..., 3:] * known, known], -1),
        "plate": torch.rand(height, width, 3, generator=made) * 1.2 - 0.1,
        "share": (torch.rand(height, width, generator=made) * 2 - 0.4).clamp(0, 1),
        "strength": torch.rand(height, width, generator=made),
        "gain": torch.rand(height, width, 3, generator=made) + 0.4,
        "grade": torch.rand(height, width, generator=made),
    }


@pytest.mark.parametrize("kind", ["over", "difference", "ratio", "auto"])
@pytest.mark.parametrize("bare", [False, True])
def test_changes_meet_the_frame_as_the_merge_kinds_say(device, kind, bare):
    from engine.kernels.gpu.merge import merge

    given = layer(torch.Generator().manual_seed(9), 11, 23)
    if bare:
        given |= dict.fromkeys(("share", "strength", "gain", "grade"))
    results = []
    for function, where in ((merge, device), (plain.merge, "cpu")):
        there = {name: None if each is None else each.to(where) for name, each in given.items()}
        result, covered = there["plate"].clone(), torch.zeros(11, 23, device=where)
        function(result, covered, *there.values(), kind=kind, mix=0.8, lit=(True, not bare))
        results.append((result.cpu(), covered.cpu()))
    arrays = {name: None if each is None else each.numpy() for name, each in given.items()}
    one = np.ones((11, 23), np.float32)
    share = one if bare else arrays["share"]
    light = one[..., None] if bare else arrays["gain"]
    alpha, known = arrays["paint"][..., 3:], arrays["below"][..., 3]
    wanted = merged(
        kind,
        np.concatenate([arrays["paint"][..., :3] * light, alpha], -1),
        arrays["below"][..., :3] / np.maximum(known, 1 / 256)[..., None] * light,
        known,
        arrays["plate"],
        share * np.float32(0.8) * (1 if bare else arrays["strength"]),
        purity(share, None),
        np.zeros_like(one) if bare else arrays["grade"],
    )
    shown = arrays["plate"] + (wanted.own - 1) * arrays["plate"] + wanted.added
    assert np.abs(shown - arrays["plate"]).max() > 0.3
    for result, covered in results:
        np.testing.assert_allclose(result.numpy(), shown, rtol=1e-4, atol=2e-5)
        np.testing.assert_allclose(covered.numpy(), wanted.alpha, rtol=1e-5, atol=1e-6)
