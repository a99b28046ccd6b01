"""The deformation made of networks: coordinates, storage, drawing the canonical picture."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from engine.arrays import F32
from engine.errors import FieldError, UsageError
from engine.fields.field import Field, Layer, Masks
from engine.fields.folder import load_field, save_field
from engine.fields.networkfield import NetworkDeformation, render_canonical
from engine.fit.finish import covered_canonical
from engine.io.picture import Window
from engine.kernels.frequency_network import FrequencyShape
from engine.kernels.hashgrid_network import NetworkShape
from engine.warp.render import composite

WINDOW = Window(3, -2, 43, 28)


def _layer(
    still: bool = False, window: Window = WINDOW, encoding: str = "hash"
) -> NetworkDeformation:
    shapes = {
        "deformation": NetworkShape(3, 4, 8, 4, 1.5, 2, 16, 2),
        "canonical": NetworkShape(2, 4, 8, 4, 1.5, 1, 16, 3),
    }
    if encoding == "pe":
        shapes = {
            "deformation": FrequencyShape(4, 3, 16, 2, 2, frames=5),
            "canonical": FrequencyShape(6, 3, 16, 2, 3, extra=True, sigmoid=True),
        }
    generator = torch.Generator().manual_seed(2)
    parameters: dict[str, F32] = {}
    for name, shape in shapes.items():
        for part, vector in shape.initial(generator).vectors.items():
            loud = 1e4 if part == "encoder" else 3.0 if encoding == "pe" else 1.0
            silent = still and name == "deformation" and part == "decoder"
            parameters[f"{name}.{part}"] = (vector * (0 if silent else loud)).numpy()
    return NetworkDeformation(
        window=window,
        count=5,
        weights=np.array([1, 1, 0.5, 0], np.float32),
        parameters=parameters,
        shapes={name: shape.numbers() for name, shape in shapes.items()},
        extent=(float(window.width), float(window.height)),
    )


def test_positions_are_the_canonical_points_of_pixel_centres() -> None:
    layer = _layer()
    positions = layer.positions(2)
    assert positions.shape == (30, 40, 2) and positions.dtype == np.float32
    points = np.array([[3.5, -1.5], [10.5, 4.5]], np.float32)
    np.testing.assert_allclose(layer.at(2, points), [positions[0, 0], positions[6, 7]], atol=1e-4)
    assert not np.allclose(layer.positions(0), positions, atol=1e-3)


def test_displacement_runs_along_rows_and_columns_of_the_extent() -> None:
    layer = _layer()
    point = np.array([[20.0, 11.0]], np.float32)
    share = [(11 + 2) / 30, (20 - 3) / 40, 3 / 5]
    network = layer._networks[0]
    with torch.no_grad():
        down, right = network(torch.tensor([share]), layer.weights)[0].tolist()
    expected = [20 + right / 5 * 40, 11 + down / 5 * 30]
    np.testing.assert_allclose(layer.at(2, point)[0], expected, rtol=1e-4)


def test_without_displacement_points_stay() -> None:
    points = np.array([[-40.0, 7.25], [3.0, 90.0]], np.float32)
    np.testing.assert_allclose(_layer(still=True).at(0, points), points, atol=1e-4)


def test_level_weights_count() -> None:
    layer = _layer()
    bare = replace(layer, weights=np.zeros(4, np.float32))
    assert np.abs(layer.positions(1) - bare.positions(1)).max() > 1e-2


@pytest.mark.parametrize("encoding", ["hash", "pe"])
def test_storage_round_trip_is_exact_and_json_able(encoding: str) -> None:
    import json

    layer = _layer(encoding=encoding)
    numbers = json.loads(json.dumps(layer.numbers()))
    again = NetworkDeformation.from_tensors(layer.tensors(), numbers)
    np.testing.assert_array_equal(again.positions(3), layer.positions(3))
    points = np.array([[3.5, 9.0], [20.0, 11.0]], np.float32)
    np.testing.assert_array_equal(again.colours(points), layer.colours(points))
    assert again.numbers() == layer.numbers()
    assert again.kind == layer.kind == {"hash": "hash", "pe": "network"}[encoding]


def test_damaged_storage_is_named() -> None:
    layer = _layer()
    tensors, numbers = layer.tensors(), layer.numbers()
    with pytest.raises(FieldError, match="damaged"):
        NetworkDeformation.from_tensors({}, numbers)
    with pytest.raises(FieldError, match="damaged"):
        NetworkDeformation.from_tensors(tensors, {**numbers, "shapes": {}})
    with pytest.raises(FieldError, match="canonical network"):
        short = {**tensors, "canonical.encoder": tensors["canonical.encoder"][:-2]}
        NetworkDeformation.from_tensors(short, numbers)
    with pytest.raises(FieldError, match="level weights"):
        NetworkDeformation.from_tensors({**tensors, "deformation.weights": np.ones(3)}, numbers)


def test_a_field_of_sines_and_cosines_renders_the_same_from_its_folder(tmp_path: Path) -> None:
    layer = _layer(encoding="pe", window=Window(0, 0, 40, 30))
    plate = render_canonical(layer)
    canonical = covered_canonical(plate.pixels, plate.coverage > 0, plate.window)
    frames, size = (1, 2, 3, 4, 5), Window(0, 0, 40, 30)
    field = Field(
        frames, size, size, [Layer("clip", layer, canonical)], Masks(30, 40, []), 1, "paper"
    )
    save_field(field, tmp_path / "field")
    again = load_field(tmp_path / "field")
    for index in (0, 4):
        np.testing.assert_array_equal(composite(again, index), composite(field, index))
    assert np.abs(composite(again, 0) - composite(again, 4)).max() > 1e-3


def test_each_frame_of_sines_and_cosines_has_its_own_code() -> None:
    layer = _layer(encoding="pe")
    codes = layer.parameters["deformation.codes"].copy()
    codes.reshape(5, 8)[3] = 0
    other = replace(layer, parameters={**layer.parameters, "deformation.codes": codes})
    for index in range(5):
        same = np.array_equal(layer.positions(index), other.positions(index))
        assert same == (index != 3)


def test_a_frame_outside_the_field_is_refused() -> None:
    with pytest.raises(UsageError, match="outside"):
        _layer().positions(5)


def test_a_still_layer_is_drawn_on_its_frame_with_a_rim() -> None:
    layer = _layer(still=True)
    plate = render_canonical(layer)
    assert plate.window == Window(2, -3, 44, 29)
    assert plate.coverage.shape == plate.pixels.shape[:2] == (32, 42)
    assert (plate.coverage == 1).all()
    colour = layer.colours(np.array([[3.5, -1.5]], np.float32))
    np.testing.assert_allclose(plate.pixels[1, 1], colour[0], atol=1e-5)


def test_coverage_is_where_the_group_looks() -> None:
    layer = _layer(still=True)
    mask = np.zeros((30, 40), np.uint8)
    mask[10:20, 5:15] = 200
    plate = render_canonical(layer, mask=lambda index: mask)
    assert plate.window == Window(7, 7, 19, 19)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_every_place_that_a_frame_reads_is_covered_at_any_scale(scale: float) -> None:
    layer = _layer()
    plate = render_canonical(layer, scale=scale)
    limits = [2.51 - 0.29 * 40, -2 - 0.29 * 30, 3 + 1.29 * 40, -2 + 1.29 * 30]
    for index in range(layer.count):
        points = layer.positions(index).reshape(-1, 2)
        held = (points > limits[:2]).all(1) & (points < limits[2:]).all(1)
        assert held.mean() > 0.3
        low = np.floor(points[held] * scale - [plate.window.x0 + 0.5, plate.window.y0 + 0.5])
        column, row = low.astype(int).T
        for dy in (0, 1):
            for dx in (0, 1):
                assert (plate.coverage[row + dy, column + dx] == 1).all()


def test_the_canvas_never_leaves_what_the_grid_holds() -> None:
    layer = _layer()
    far = np.full((30, 40, 2), 1e9, np.float32)
    far[0, 0] = np.nan
    far[0, 1] = (5, 5)  # a corner of four pixels
    plate = render_canonical(layer, positions=lambda index: far)
    assert plate.window.x0 >= 3 - 12 and plate.window.x1 <= 43 + 12
    assert plate.coverage.sum() == 16  # between four pixels, and a rim
