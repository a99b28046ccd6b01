"""What the operations do to a picture."""

import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from engine.colour.encoding import decode, encode
from engine.errors import Cancelled, InputError, UsageError
from engine.io.picture import Picture
from engine.operations.harmonic import harmonic_fill
from engine.operations.run import apply_operation
from engine.operations.stylise import stepped
from engine.progress import Task, silent

LUMA = np.array([0.2126, 0.7152, 0.0722])


def flat(*colour, size=(8, 8)):
    return Picture.of(np.broadcast_to(np.float32(colour), (*size, len(colour))).copy())


def test_grade_follows_the_formula_and_leaves_negatives_to_the_line():
    values = {
        "blackpoint": 0.1,
        "whitepoint": 0.9,
        "lift": 0.02,
        "gain": 1.5,
        "multiply": 1.2,
        "offset": 0.05,
        "gamma": 2.0,
    }
    result = apply_operation("grade", flat(0.5, 4.0, -1.0), values).pixels[0, 0]
    slope = 1.2 * (1.5 - 0.02) / 0.8
    line = slope * np.array([0.5, 4.0, -1.0]) + 0.05 + 0.02 - slope * 0.1
    np.testing.assert_allclose(result[:2], np.sqrt(line[:2]), rtol=1e-5)
    assert result[2] == pytest.approx(line[2], rel=1e-5)
    clamped = apply_operation(
        "grade", flat(0.5, 4.0, -1.0), {**values, "black_clamp": True, "white_clamp": True}
    )
    assert clamped.pixels.min() == 0 and clamped.pixels.max() == 1


def test_grade_works_on_unpremultiplied_colour():
    result = apply_operation("grade", flat(0.2, 0.2, 0.2, 0.5), {"offset": 0.1}).pixels[0, 0]
    np.testing.assert_allclose(result, [0.25, 0.25, 0.25, 0.5], rtol=1e-6)


def test_exposure_doubles_and_saturation_and_hue_keep_luminance():
    colour = np.array([3.0, 0.4, 0.1])
    np.testing.assert_allclose(
        apply_operation("exposure", flat(*colour), {"stops": 1}).pixels[0, 0], 2 * colour, rtol=1e-6
    )
    for name, values in (("saturation", {"saturation": 0.3}), ("hue", {"degrees": 77})):
        result = apply_operation(name, flat(*colour), values).pixels[0, 0]
        assert result @ LUMA == pytest.approx(colour @ LUMA, rel=1e-5)
        assert not np.allclose(result, colour)
    grey = apply_operation("saturation", flat(*colour), {"saturation": 0}).pixels[0, 0]
    np.testing.assert_allclose(grey, colour @ LUMA, rtol=1e-5)
    np.testing.assert_allclose(
        apply_operation("hue", flat(0.5, 0.5, 0.5), {"degrees": 120}).pixels, 0.5, rtol=1e-5
    )


@pytest.mark.parametrize("size", [1.5, 7.0, 40.0])
def test_blur_keeps_a_flat_colour_flat_across_holes(size):
    pixels = np.broadcast_to(np.float32([2.0, 0.5, 0.1, 1.0]), (60, 70, 4)).copy()
    pixels[20:30, 20:40] = 0
    pixels[:, 50:] *= 0.3
    result = apply_operation("blur", Picture.of(pixels), {"size": size}).pixels
    np.testing.assert_allclose(result, pixels, rtol=2e-3, atol=1e-5)
    soft = apply_operation("blur", Picture.of(pixels), {"size": size, "alpha": True}).pixels
    assert 0 < soft[25, 21, 3] < 1
    np.testing.assert_allclose(soft[25, 21, 0] / soft[25, 21, 3], 2.0, rtol=1e-2)


@pytest.mark.parametrize("size", [3.0, 20.0])
def test_blur_has_the_width_it_says(size):
    pixels = np.zeros((1, 401, 3), np.float32)
    pixels[:, 200] = 100
    result = apply_operation("blur", Picture.of(pixels), {"size": size}).pixels[0, :, 0]
    x = np.arange(401) - 200.0
    assert result.sum() == pytest.approx(100, rel=0.02)
    assert np.sqrt((result * x * x).sum() / result.sum()) == pytest.approx(size, rel=0.06)


def test_sharpen_raises_contrast_at_edges_only():
    pixels = np.full((20, 40, 3), 0.2, np.float32)
    pixels[:, 20:] = 0.6
    result = apply_operation("sharpen", Picture.of(pixels), {"amount": 1}).pixels
    assert result[10, 19, 0] < 0.19 and result[10, 20, 0] > 0.62
    np.testing.assert_allclose(result[:, :10], 0.2, rtol=1e-4)


@pytest.mark.parametrize("method", ["best", "fast"])
def test_denoise_removes_noise_keeps_the_edge_and_the_highlight(method):
    random = np.random.default_rng(0)
    clean = np.full((60, 60, 3), 0.1, np.float32)
    clean[:, 30:] = 3.0
    encoded = encode(clean) + random.normal(0, 0.03, clean.shape)
    noisy = Picture.of(decode(encoded))
    result = encode(apply_operation("denoise", noisy, {"strength": 0.05, "method": method}).pixels)

    def error(picture):
        return np.abs(picture - encode(clean))[5:-5, 5:-5].mean()

    assert error(result) < 0.5 * error(encoded)
    assert abs(result[:, 33:].mean() - encode(np.float32(3.0))) < 0.02


def test_stylise_flattens_and_keeps_the_range(make_picture):
    picture = make_picture(80, 100, channels=3)
    result = apply_operation("stylise", picture, {"lines": 0.0}).pixels
    grain = np.abs(np.diff(picture.pixels[40:60, 60:90], axis=1)).mean()
    assert np.abs(np.diff(result[40:60, 60:90], axis=1)).mean() < grain
    assert result.max() < 1.3 * picture.pixels.max() and result.max() > 1.5


def test_steps_of_light_rise_and_stay_within_half_a_step():
    luma = np.linspace(-0.5, 4, 4000, dtype=np.float32)[None]
    for hardness in (0.0, 0.5, 1.0):
        result = stepped(luma, 8, hardness)
        assert (np.diff(result) > -1e-6).all()
        assert np.abs(result - luma).max() <= 0.5 / 8 + 1e-6
    np.testing.assert_array_equal(stepped(luma, 8, 0.0), luma)


@pytest.mark.parametrize("method", ["smooth", "telea", "navier-stokes"])
def test_inpaint_continues_a_ramp_through_the_mask_in_hdr(method):
    x = np.linspace(0.5, 4, 80, dtype=np.float32)
    pixels = np.ascontiguousarray(
        np.broadcast_to(decode(x)[None, :, None], (60, 80, 3)), np.float32
    )
    mask = np.zeros((60, 80), np.float32)
    mask[20:40, 30:45] = 1
    broken = pixels.copy()
    broken[mask > 0] = 50
    values = {"method": method}
    result = apply_operation("inpaint", Picture.of(broken), values, mask).pixels
    # Marching continues edges and makes steps of a ramp; the membrane is exact.
    limit = 0.02 if method == "smooth" else 0.35
    assert np.abs(encode(result) - x[None, :, None])[mask > 0].max() < limit
    np.testing.assert_array_equal(result[mask == 0], pixels[mask == 0])


def test_inpaint_fills_holes_of_the_coverage_and_needs_something_to_do(picture):
    result = apply_operation("inpaint", picture, {"fill": "alpha"}).pixels
    assert (result[30:38, 40:50, 3] == 1).all() and (result[30:38, 40:50, ::2] > 0.02).all()
    with pytest.raises(UsageError, match="mask"):
        apply_operation("inpaint", picture)
    with pytest.raises(UsageError, match="outside the hole"):
        apply_operation("inpaint", picture, {}, np.ones(picture.pixels.shape[:2], np.float32))


def test_harmonic_fill_solves_laplace_in_a_large_hole():
    y, x = np.mgrid[:90, :120].astype(np.float32) / 60
    truth = np.stack([x + 2 * y, x * x - y * y, np.exp(x) * np.cos(y)], 2).astype(np.float32)
    hole = np.zeros((90, 120), bool)
    hole[15:75, 20:100] = True
    broken = np.where(hole[..., None], np.float32(9), truth)
    filled = harmonic_fill(broken, hole, silent())
    assert np.abs(filled - truth).max() < 0.03
    np.testing.assert_array_equal(filled[~hole], truth[~hole])


def test_overlay_without_transform_lands_pixel_for_pixel_by_its_windows(picture, make_picture):
    own = Picture.of(make_picture(20, 30, channels=3).pixels)
    result = apply_operation("overlay", picture, inputs={"overlay": own})
    # This picture's data window starts at (-3, 2): canvas point (0, 0) is not in its rows.
    np.testing.assert_allclose(result.overlay[:18, 3:33, :3], own.pixels[2:], atol=2e-5)
    assert result.overlay[..., 3].sum() == pytest.approx(18 * 30, rel=1e-3)


def test_overlay_moves_up_and_turns_anticlockwise_as_artists_count():
    base = flat(0.0, 0.0, 0.0, size=(101, 101))
    dot = np.zeros((101, 101, 4), np.float32)
    dot[47:54, 72:79] = 1
    above = {"overlay": Picture.of(dot)}

    def centre(values):
        alpha = apply_operation("overlay", base, values, inputs=above).overlay[..., 3]
        y, x = np.mgrid[:101, :101]
        return (alpha * x).sum() / alpha.sum(), (alpha * y).sum() / alpha.sum()

    assert centre({}) == pytest.approx((75, 50), abs=0.01)
    assert centre({"translate": [3, 10]}) == pytest.approx((78, 40), abs=0.01)
    assert centre({"rotate": 90}) == pytest.approx((50, 25), abs=0.05)
    assert centre({"scale": 0.5}) == pytest.approx((62.5, 50), abs=0.1)
    assert centre({"scale": 1.6}) == pytest.approx((90, 50), abs=0.1)
    half = apply_operation("overlay", base, {"opacity": 0.5}, inputs=above).overlay
    assert half.max() == pytest.approx(0.5, abs=1e-3)


def test_upscale_keeps_the_picture_and_makes_no_halos():
    pixels = np.full((20, 30, 3), 0.2, np.float32)
    pixels[:, 15:] = 5.0
    fine = apply_operation("upscale", Picture.of(pixels), {"factor": 3, "sharpen": 2}).pixels
    assert fine.shape == (60, 90, 3)
    assert fine.min() >= 0.2 - 1e-4 and fine.max() <= 5 + 1e-3
    np.testing.assert_allclose(fine[:, 3:36], 0.2, rtol=1e-3)
    np.testing.assert_allclose(fine[:, 54:87], 5.0, rtol=1e-3)


PROGRAM = """
import sys, numpy as np, OpenImageIO as oiio
source = oiio.ImageBuf(sys.argv[1])
pixels = source.get_pixels(oiio.FLOAT)
spec = oiio.ImageSpec(pixels.shape[1], pixels.shape[0], 4, oiio.FLOAT)
spec.channelnames = ("R", "G", "B", "A")
out = oiio.ImageOutput.create(sys.argv[2])
out.open(sys.argv[2], spec)
pixels[..., :3] *= float(sys.argv[3])
out.write_image(np.ascontiguousarray(pixels))
out.close()
"""


def leftovers():
    return set(Path(tempfile.gettempdir()).glob("codef_*"))


def command(code, *rest):
    return [sys.executable, "-c", code, "{input}", "{output}", *rest]


def test_an_external_command_reads_and_writes_float_exr(picture):
    before = leftovers()
    result = apply_operation("external", picture, {"command": command(PROGRAM, "2")})
    expected = picture.pixels * [2, 2, 2, 1]
    np.testing.assert_array_equal(result.pixels, expected.astype(np.float32))
    assert result.data == picture.data
    assert leftovers() <= before


def test_a_failing_command_shows_its_status_and_last_words(picture):
    before = leftovers()
    code = "import sys; sys.stderr.write('no licence today'); sys.exit(7)"
    with pytest.raises(InputError, match=r"status 7.*no licence today"):
        apply_operation("external", picture, {"command": command(code)})
    with pytest.raises(InputError, match=r"no \{output\}"):
        apply_operation("external", picture, {"command": command("pass")})
    with pytest.raises(InputError, match="cannot be read"):
        apply_operation(
            "external",
            picture,
            {"command": command("import sys; open(sys.argv[2], 'wb').write(b'junk')")},
        )
    with pytest.raises(InputError, match="cannot be started"):
        apply_operation("external", picture, {"command": ["/no/such", "{input}", "{output}"]})
    with pytest.raises(UsageError, match=r"\{output\}"):
        apply_operation("external", picture, {"command": ["prog", "{input}"]})
    assert leftovers() <= before


SLEEPER = """
import subprocess, sys, time, pathlib
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
pathlib.Path(sys.argv[3]).write_text(str(child.pid))
time.sleep(60)
"""


def running(pid):
    status = Path(f"/proc/{pid}/status")
    return status.exists() and "State:\tZ" not in status.read_text()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="looks into /proc")
def test_cancel_and_timeout_end_the_command_and_its_children(picture, tmp_path):
    before, stop, note = leftovers(), threading.Event(), tmp_path / "pid"

    def cancel_when_started():
        while not (note.exists() and note.read_text()):
            time.sleep(0.01)
        stop.set()

    watcher = threading.Thread(target=cancel_when_started)
    watcher.start()
    values = {"command": command(SLEEPER, str(note))}
    with pytest.raises(Cancelled):
        apply_operation("external", picture, values, task=Task(cancelled=stop))
    watcher.join()
    child = int(note.read_text())
    for _ in range(200):
        if not running(child):
            break
        time.sleep(0.01)
    assert not running(child)
    with pytest.raises(InputError, match="did not end"):
        apply_operation("external", picture, {**values, "timeout": 0.3})
    assert leftovers() <= before
