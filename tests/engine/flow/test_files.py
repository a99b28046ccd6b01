"""Flow files: Middlebury, the published .npy with its padding, EXR vectors; damage is named."""

import numpy as np
import OpenImageIO as oiio
import pytest

from engine.errors import InputError, UsageError, WriteError
from engine.flow.confidence import known_flow
from engine.flow.files import (
    names_both_directions,
    read_exr_flow,
    read_flo,
    read_flow,
    read_npy_confidence,
    read_npy_flow,
    unpad,
    write_flo,
)


def some_flow(height=17, width=33):
    return np.random.default_rng(5).normal(0, 4, (height, width, 2)).astype(np.float32)


def write_exr(path, pixels, names, x=0, y=0, full=None):
    height, width, channels = pixels.shape
    spec = oiio.ImageSpec(width, height, channels, oiio.FLOAT)
    spec.channelnames = names
    spec.x, spec.y = x, y
    spec.full_width, spec.full_height = full or (width, height)
    out = oiio.ImageOutput.create(str(path))
    assert out.open(str(path), spec) and out.write_image(np.ascontiguousarray(pixels))
    out.close()


def test_flo_round_trip_keeps_values_and_marks_unknown(tmp_path):
    flow = some_flow()
    flow[3, 4] = np.nan
    path = tmp_path / "é flow.flo"
    write_flo(path, flow)
    np.testing.assert_array_equal(read_flo(path, (17, 33)), flow)
    assert [item.name for item in tmp_path.iterdir()] == ["é flow.flo"]
    assert path.read_bytes()[:12] == b"PIEH" + bytes([33, 0, 0, 0, 17, 0, 0, 0])


@pytest.mark.parametrize("damage", ["empty", "cut", "magic", "sizes"])
def test_damaged_flo_is_named(tmp_path, damage):
    path = tmp_path / "a.flo"
    write_flo(path, some_flow())
    data = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "cut": data[:-1],
            "magic": b"JUNK" + data[4:],
            "sizes": data[:4] + b"\xff" * 8 + data[12:],
        }[damage]
    )
    with pytest.raises(InputError) as caught:
        read_flo(path)
    assert caught.value.file == str(path)


def test_another_size_names_both_sizes(tmp_path):
    path = tmp_path / "a.flo"
    write_flo(path, some_flow())
    with pytest.raises(InputError, match=r"33x17.*64x48"):
        read_flow(path, (48, 64))


def test_write_where_no_folder_can_be_is_a_write_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WriteError):
        write_flo(tmp_path / "file" / "a.flo", some_flow())


@pytest.mark.parametrize(("height", "width"), [(540, 540), (480, 854), (16, 24), (17, 33)])
def test_published_npy_is_unpadded_by_half_on_each_side(tmp_path, height, width):
    y, x = np.mgrid[:height, :width].astype(np.float32)
    flow = np.stack([x, y])
    up, left = -height % 8, -width % 8
    sides = ((up // 2, up - up // 2), (left // 2, left - left // 2))
    padded = np.pad(flow, ((0, 0), *sides), mode="edge")[None]
    np.save(tmp_path / "000000.npy", padded)
    np.save(tmp_path / "000000_c.npy", padded[:, :1] / 1000)
    found = read_npy_flow(tmp_path / "000000.npy", (height, width))
    np.testing.assert_array_equal(found, np.moveaxis(flow, 0, -1))
    confidence = read_npy_confidence(tmp_path / "000000_c.npy", (height, width))
    np.testing.assert_allclose(confidence, x / 1000)


def test_masked_flow_of_the_published_layout_is_unknown(tmp_path):
    flow = np.zeros((1, 2, 16, 16), np.float32)
    flow[0, :, 2, 3] = 10000
    np.save(tmp_path / "a.npy", flow)
    found = read_flow(tmp_path / "a.npy", (16, 16))
    assert np.isnan(found[2, 3]).all() and np.isfinite(found).sum() == 2 * 255


def test_npy_of_another_size_names_all_sizes(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((1, 2, 48, 64), np.float32))
    with pytest.raises(InputError, match=r"64x48.*33x17.*40x24"):
        read_npy_flow(tmp_path / "a.npy", (17, 33))
    with pytest.raises(InputError, match="33x17"):
        unpad(np.zeros((18, 34, 2)), (17, 33))


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((2, 8, 8), np.float32),
        np.zeros((1, 3, 8, 8), np.float32),
        np.zeros((1, 2, 8, 8), np.complex64),
        np.array([{"a": 1}], object),
    ],
)
def test_npy_of_another_kind_is_refused_and_never_unpickled(tmp_path, array):
    np.save(tmp_path / "a.npy", array, allow_pickle=True)
    with pytest.raises(InputError):
        read_npy_flow(tmp_path / "a.npy", (8, 8))


@pytest.mark.parametrize("data", [b"", b"\x93NUMPY\x01", b"not an array at all"])
def test_garbage_npy_is_an_input_error(tmp_path, data):
    (tmp_path / "a.npy").write_bytes(data)
    with pytest.raises(InputError):
        read_npy_flow(tmp_path / "a.npy", (8, 8))


def test_nuke_vectors_are_turned_to_y_down(tmp_path):
    flow = some_flow()
    channels = np.concatenate([np.zeros((17, 33, 3), np.float32), flow, -2 * flow], axis=2)
    names = ("R", "G", "B", "forward.u", "forward.v", "backward.u", "backward.v")
    write_exr(tmp_path / "v.exr", channels, names)
    # OpenEXR sorts channels by name; the reader must go by name.
    np.testing.assert_allclose(read_flow(tmp_path / "v.exr", (17, 33)), flow * [1, -1], rtol=1e-6)
    backward = read_flow(tmp_path / "v.exr", (17, 33), "backward", y_up=False)
    np.testing.assert_allclose(backward, -2 * flow, rtol=1e-6)


def test_plain_rg_with_scale_and_sign(tmp_path):
    flow = some_flow()
    pixels = np.concatenate([flow, 3 * flow], axis=2)
    write_exr(tmp_path / "v.exr", pixels, ("R", "G", "B", "A"))
    found = read_exr_flow(tmp_path / "v.exr", y_up=False, scale=0.5, negate=True)
    np.testing.assert_allclose(found, -0.5 * flow, rtol=1e-6)
    found = read_exr_flow(tmp_path / "v.exr", "backward", y_up=True)
    np.testing.assert_allclose(found, 3 * flow * [1, -1], rtol=1e-6)


def test_only_named_channels_say_that_a_file_holds_both_directions(tmp_path):
    pixels = np.zeros((4, 5, 4), np.float32)
    write_exr(tmp_path / "both.exr", pixels, ("forward.u", "forward.v", "backward.u", "backward.v"))
    # B and A of a render pass are depth and coverage, no motion.
    write_exr(tmp_path / "rgba.exr", pixels, ("R", "G", "B", "A"))
    write_flo(tmp_path / "a.flo", pixels[..., :2])
    found = [names_both_directions(tmp_path / n) for n in ("both.exr", "rgba.exr", "a.flo", "no")]
    assert found == [True, False, False, False]


def test_vectors_outside_the_data_window_are_unknown(tmp_path):
    write_exr(tmp_path / "v.exr", some_flow(4, 5), ("R", "G"), x=2, y=1, full=(10, 8))
    found = read_exr_flow(tmp_path / "v.exr", y_up=False)
    assert found.shape == (8, 10, 2)
    np.testing.assert_array_equal(found[1:5, 2:7], some_flow(4, 5))
    assert np.isnan(found).sum() == 2 * (80 - 20)


def test_missing_channels_and_files_are_named(tmp_path):
    write_exr(tmp_path / "v.exr", some_flow(), ("depth.Z", "mask.Y"))
    with pytest.raises(InputError, match=r"forward\.u.*depth\.Z"):
        read_exr_flow(tmp_path / "v.exr")
    with pytest.raises(InputError, match=r"gone\.exr"):
        read_exr_flow(tmp_path / "gone.exr")
    with pytest.raises(UsageError, match="sideways"):
        read_exr_flow(tmp_path / "v.exr", "sideways")


def test_truncated_exr_is_an_input_error(tmp_path):
    path = tmp_path / "v.exr"
    write_exr(path, some_flow(64, 64), ("R", "G"))
    data = path.read_bytes()
    for keep in (0, 30, len(data) // 2):
        path.write_bytes(data[:keep])
        with pytest.raises(InputError) as caught:
            read_exr_flow(path)
        assert caught.value.file == str(path)


def test_unknown_flow_becomes_zero_without_confidence():
    flow = some_flow()
    flow[3, 4, 1] = np.nan
    clean, confidence = known_flow(flow)
    assert np.isfinite(clean).all() and not clean[3, 4].any()
    assert confidence[3, 4] == 0 and confidence.sum() == confidence.size - 1
    np.testing.assert_array_equal(clean[:3], flow[:3])
    assert known_flow(flow, confidence / 2)[1].max() == 0.5
