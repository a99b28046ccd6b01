"""The commands that read a field."""

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from codef_nodes.cli.reconstruct import TERMS
from engine.arrays import F32
from engine.colour.encoding import decode, encode
from engine.fields.folder import load_field, save_field
from engine.fields.residual import Residual, grid_shapes
from engine.io.read import read_parts, read_picture
from engine.warp import render
from tests.codef_nodes.cli.tinyclip import FRAMES, HEIGHT, WIDTH, Codef, read_png, write_png


def test_the_canonical_images_are_parts_of_one_file(
    codef: Codef, layered: Path, tmp_path: Path
) -> None:
    answer = codef("canonical", layered, "-o", tmp_path / "c.exr", "--json")
    assert answer.code == 0
    parts = read_parts(tmp_path / "c.exr")
    assert [name for name, _ in parts] == ["actor", "background"]
    for _, picture in parts:
        assert (picture.display.width, picture.display.height) == (WIDTH, HEIGHT)
        assert picture.pixels.shape[2] == 4
    assert [layer["name"] for layer in answer.last["layers"]] == ["actor", "background"]


def test_other_formats_get_a_file_and_a_sidecar_for_each_layer(
    codef: Codef, layered: Path, tmp_path: Path
) -> None:
    assert codef("canonical", layered, "-o", tmp_path / "c.png").code == 0
    names = sorted(entry.name for entry in tmp_path.iterdir())
    assert names == ["c.0.codef.json", "c.0.png", "c.1.codef.json", "c.1.png"]
    assert codef("canonical", layered, "--layer", 1, "-o", tmp_path / "one.png").code == 0
    assert read_png(tmp_path / "one.png").dtype == np.uint16
    assert np.array_equal(read_png(tmp_path / "one.png"), read_png(tmp_path / "c.1.png"))


def test_scale_makes_the_canonical_finer(codef: Codef, field: Path, tmp_path: Path) -> None:
    assert codef("canonical", field, "--scale", 2, "-o", tmp_path / "c.exr").code == 0
    display = read_picture(tmp_path / "c.exr").display
    assert (display.width, display.height) == (2 * WIDTH, 2 * HEIGHT)


def test_reconstruct_agrees_with_the_figure_of_the_fit(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    report = json.loads((field / "field.json").read_text(encoding="utf-8"))["report"]
    answer = codef("reconstruct", field, "--edit-path", "-o", tmp_path / "r" / "r.%04d.png")
    assert answer.code == 0
    scores = []
    for frame in FRAMES:
        made = read_png(tmp_path / "r" / f"r.{frame}.png")
        assert made.dtype == np.uint8
        error = np.square(made / 255 - read_png(clip / f"shot.{frame}.png") / 255).mean()
        scores.append(100.0 if error == 0 else -10 * np.log10(error))
    assert np.mean(scores) == pytest.approx(report["psnr_edit_path"], abs=0.2)


def test_each_term_of_a_reconstruction_can_be_left_out(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    known = load_field(field)
    count = len(known.frames)
    known.layers[0].lighting = np.full((count, 2, 2, 3), 0.5, np.float32)
    known.layers[0].exposure = np.tile(np.float32([[0.5], [0.0]]), (count, 1, 3))
    known.residual = Residual.empty(known.height, known.width, 4, count)
    luma, chroma = grid_shapes(known.height, known.width, 4)
    fine, tint = np.ones(luma, np.int8), np.zeros((*chroma, 2), np.int8)
    for index in range(count):
        known.residual.put(index, fine, tint, 0.2)
    save_field(known, tmp_path / "F")

    def drawn(name: str, *terms: str) -> F32:
        flags = [word for term in terms for word in ("--without", term)]
        out = tmp_path / f"{name}.exr"
        words = ("reconstruct", tmp_path / "F", "--frames", 1003, *flags, "-o", out, "--json")
        answer = codef(*words)
        assert answer.code == 0
        assert answer.last["without"] == list(terms)
        return read_picture(out).rgb

    plain = drawn("none", "exposure", "lighting", "residual")
    close = {"rtol": 5e-3, "atol": 2e-3}
    np.testing.assert_allclose(drawn("a", "residual"), plain / 4, **close)
    np.testing.assert_allclose(drawn("b", "residual", "lighting"), plain / 2, **close)
    brighter = decode(encode(plain) + 0.2)
    np.testing.assert_allclose(drawn("c", "lighting", "exposure"), brighter, **close)
    np.testing.assert_allclose(drawn("d"), decode(encode(plain / 4) + 0.2), **close)
    out = tmp_path / "edit.exr"
    words = ("reconstruct", tmp_path / "F", "--edit-path", "--frames", 1003, "-o", out)
    assert codef(*words).code == 0
    np.testing.assert_array_equal(read_picture(out).rgb, plain)
    bad = codef("reconstruct", field, "--without", "colour", "-o", tmp_path / "o.%04d.png")
    assert bad.code == 2
    assert "exposure" in bad.err


def test_the_terms_of_the_command_are_those_of_the_engine() -> None:
    assert TERMS == render.TERMS


def test_an_unedited_clip_comes_back_bit_for_bit(
    codef: Codef, clip: Path, layered: Path, tmp_path: Path
) -> None:
    assert codef("canonical", layered, "-o", tmp_path / "c.exr").code == 0
    out = tmp_path / "o.%04d.png"
    answer = codef("propagate", layered, "--edit", tmp_path / "c.exr", "-o", out, "--json")
    assert answer.code == 0
    assert answer.last["frames"] == list(FRAMES)
    assert "changes nothing" in answer.err
    for frame in FRAMES:
        made, source = tmp_path / f"o.{frame}.png", clip / f"shot.{frame}.png"
        assert np.array_equal(read_png(made), read_png(source))


def painted(field: Path, codef: Codef, path: Path) -> Path:
    """The canonical image with a red square on the place that frame 1005 has at (32, 24)."""
    assert codef("canonical", field, "-o", path).code == 0
    note = json.loads(path.with_name(f"{path.stem}.codef.json").read_text(encoding="utf-8"))
    x, y = 32 - note["data"][0], 24 - note["data"][1]
    codes = read_png(path)
    codes[y - 4 : y + 4, x - 4 : x + 4] = (0, 0, 65535, 65535)
    write_png(path, codes)
    return path


def test_an_edit_moves_with_the_shot_and_leaves_the_rest_alone(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    assert codef("propagate", field, "--edit", edit, "-o", tmp_path / "o.%04d.png").code == 0
    places = []
    for frame in FRAMES:
        before, after = read_png(clip / f"shot.{frame}.png"), read_png(tmp_path / f"o.{frame}.png")
        touched = (before != after).any(axis=2)
        assert 0 < touched.sum() < 160
        red = (after[..., 2] > 240) & (after[..., 1] < 20)
        assert red.sum() >= 40
        places.append(np.argwhere(red).mean(axis=0))
    steps = np.diff(places, axis=0)
    assert np.allclose(steps, (-1, -2), atol=0.35)  # the texture pans by (2, 1) a frame


def test_replace_draws_the_whole_frame(codef: Codef, field: Path, tmp_path: Path) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    out = tmp_path / "o.%04d.exr"
    arguments = ("--mode", "replace", "--frames", "1003", "-o", out, "--json")
    answer = codef("propagate", field, "--edit", edit, *arguments)
    assert answer.code == 0
    assert [Path(path).name for path in answer.last["written"]] == ["o.1003.exr"]
    assert (read_picture(tmp_path / "o.1003.exr").rgb[..., 0] > 0.9).sum() > 30


def test_files_have_the_depth_of_the_source_although_every_pixel_was_computed(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    edit = painted(field, codef, tmp_path / "e.png")
    for name, dtype in (
        ("o.%04d.png", "uint8"),
        ("o.%04d.tif", "uint8"),
        ("o.%04d.exr", "float16"),
    ):
        arguments = ("--mode", "replace", "--frames", "1003", "-o", tmp_path / name)
        assert codef("propagate", field, "--edit", edit, *arguments).code == 0
        native = read_picture(tmp_path / name.replace("%04d", "1003")).native
        assert native is not None
        assert native.codes.dtype == dtype


def test_a_painted_frame_is_itself_and_reaches_the_others(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    frame = read_png(clip / "shot.1004.png")
    frame[20:28, 30:38] = (255, 0, 0)
    write_png(tmp_path / "painted.png", frame)
    edit = f"1004={tmp_path / 'painted.png'}"
    out = tmp_path / "o.%04d.png"
    assert codef("propagate", field, "--edit-frame", edit, "-o", out).code == 0
    assert np.array_equal(read_png(tmp_path / "o.1004.png"), frame)
    for other in (1003, 1006):
        blue = read_png(tmp_path / f"o.{other}.png")
        assert ((blue[..., 0] > 240) & (blue[..., 1] < 30)).sum() >= 40


def test_edits_that_cannot_be_used_are_2(
    codef: Codef, field: Path, layered: Path, tmp_path: Path
) -> None:
    assert codef("canonical", layered, "--layer", 0, "-o", tmp_path / "c.png").code == 0
    (tmp_path / "c.codef.json").unlink()
    out = ("-o", tmp_path / "o.%04d.png", "--json")
    unnamed = tmp_path / "unnamed.png"
    write_png(unnamed, read_png(tmp_path / "c.png"))
    strange = tmp_path / "strange.png"
    write_png(strange, np.zeros((31, 211, 3), np.uint8))
    lossy = tmp_path / "lossy.jpg"
    lossy.write_bytes(cv2.imencode(".jpg", np.zeros((HEIGHT, WIDTH, 3), np.uint8))[1].tobytes())
    garbage = tmp_path / "garbage.png"
    garbage.write_bytes(b"no picture at all")
    cases = {
        "--layer": (layered, "--edit", unnamed),
        "211x31": (field, "--edit", strange),
        "JPEG": (field, "--edit", lossy),
        "garbage.png": (field, "--edit", garbage),
        "no layer": (layered, "--edit", unnamed, "--layer", 7),
        "nothing to propagate": (field,),
        "not both": (field, "--edit", unnamed, "--edit-frame", f"1001={unnamed}"),
        "once for each": (field, "--edit", unnamed, "--layer", 0, "--layer", 0),
    }
    for words, arguments in cases.items():
        answer = codef("propagate", *arguments, *out)
        assert answer.code == 2, words
        assert words in answer.last["error"]["message"]
    assert not list(tmp_path.glob("o.*"))


def test_things_that_are_absent_are_3(codef: Codef, field: Path, tmp_path: Path) -> None:
    out = ("-o", tmp_path / "o.%04d.png", "--json")
    edit = ("--edit", tmp_path / "none.png")
    assert codef("propagate", field, *edit, *out).code == 3
    assert codef("propagate", tmp_path / "nofield", *edit, *out).code == 3
    assert codef("reconstruct", field, "--frames", "2000", *out).code == 3
    assert codef("reconstruct", field, "--source", tmp_path / "gone", *out).code == 3
    assert codef("track", field, "--points", tmp_path / "p.json", "-o", tmp_path / "t").code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_no_field_is_2(
    codef: Codef, clip: Path, field: Path, tmp_path: Path
) -> None:
    assert codef("canonical", clip, "-o", tmp_path / "c.exr").code == 2
    broken = tmp_path / "broken"
    shutil.copytree(field, broken)
    path = broken / "layer_0.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    answer = codef("canonical", broken, "-o", tmp_path / "c.exr", "--json")
    assert answer.code == 2
    assert "layer_0" in answer.last["error"]["message"]


def test_several_frames_need_a_place_for_their_number(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    for command in ("reconstruct", "stmap"):
        answer = codef(command, field, "-o", tmp_path / "o.exr", "--json")
        assert answer.code == 2
        assert "o.%04d.exr" in answer.last["error"]["message"]
    one = codef("reconstruct", field, "--frames", "1002", "-o", tmp_path / "o.exr")
    assert one.code == 0 and (tmp_path / "o.exr").is_file()


def test_the_clip_itself_is_never_written_over(codef: Codef, tmp_path: Path) -> None:
    from tests.codef_nodes.cli.tinyclip import make_clip

    clip = make_clip(tmp_path / "clip")
    assert codef("fit", clip, "--steps", 1, "-o", tmp_path / "F").code == 0
    before = {path.name: path.read_bytes() for path in clip.iterdir()}
    answer = codef("reconstruct", tmp_path / "F", "-o", clip / "shot.%04d.png", "--json")
    assert answer.code == 3
    assert "clip that is being read" in answer.last["error"]["message"]
    assert {path.name: path.read_bytes() for path in clip.iterdir()} == before


def test_st_maps_are_lossless_floats_with_a_part_for_each_layer(
    codef: Codef, layered: Path, tmp_path: Path
) -> None:
    for direction in ("to-canonical", "to-frame"):
        out = tmp_path / f"{direction}.%04d.exr"
        arguments = ("--direction", direction, "--frames", "1003", "-o", out, "--json")
        assert codef("stmap", layered, *arguments).code == 0
        parts = read_parts(tmp_path / f"{direction}.1003.exr", colour_space="raw")
        assert [name for name, _ in parts] == ["actor", "background"]
        for _, picture in parts:
            assert picture.native is not None
            assert picture.native.codes.dtype == np.float32
            assert picture.native.metadata["codef/stmap"] == direction


def test_st_maps_as_tiff_are_one_float_file_for_each_layer(
    codef: Codef, layered: Path, tmp_path: Path
) -> None:
    import OpenImageIO as oiio

    assert codef("stmap", layered, "--frames", "1003", "-o", tmp_path / "s.%04d.tif").code == 0
    assert codef("stmap", layered, "--frames", "1003", "-o", tmp_path / "s.exr").code == 0
    assert sorted(p.name for p in tmp_path.glob("*.tif")) == ["s.1003.0.tif", "s.1003.1.tif"]
    for k, (_, exr) in enumerate(read_parts(tmp_path / "s.exr", colour_space="raw")):
        file = oiio.ImageInput.open(str(tmp_path / f"s.1003.{k}.tif"))
        codes = np.asarray(file.read_image("float"))
        assert str(file.spec().format) == "float"
        file.close()
        valid = exr.pixels[..., 3] > 0
        assert np.array_equal(codes[valid], exr.pixels[valid])
    answer = codef("stmap", layered, "--frames", "1003", "-o", tmp_path / "s.png", "--json")
    assert answer.code == 2 and "32-bit" in answer.last["error"]["message"]


def test_an_st_map_warps_the_canonical_image_into_the_frame_in_another_program(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    import cv2

    assert codef("canonical", field, "-o", tmp_path / "c.exr").code == 0
    for display in ("format", "canvas"):
        arguments = ("--frames", "1007", "--display", display)
        assert codef("stmap", field, *arguments, "-o", tmp_path / "s.exr").code == 0
        st = read_picture(tmp_path / "s.exr", colour_space="raw").pixels
        still = read_picture(tmp_path / "c.exr")
        span = still.data if display == "canvas" else still.display
        x = st[..., 0] * span.width + span.x0 - still.data.x0 - 0.5
        y = (1 - st[..., 1]) * span.height + span.y0 - still.data.y0 - 0.5
        warped = cv2.remap(still.pixels, x.astype("f4"), y.astype("f4"), cv2.INTER_LINEAR)
        out = tmp_path / "r.exr"
        again = codef("reconstruct", field, "--edit-path", "--frames", "1007", "-o", out)
        assert again.code == 0
        inner = (slice(4, -4), slice(4, -4))
        error = np.abs(warped[..., :3] - read_picture(out).rgb)[inner]
        assert np.median(error) < 0.01
        shifted = np.abs(np.roll(warped, 1, 1)[..., :3] - read_picture(out).rgb)[inner]
        assert np.median(error) < np.median(shifted) / 3


def test_an_st_map_of_the_reference_frame_is_the_identity(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    reference = json.loads((field / "field.json").read_text(encoding="utf-8"))["reference"]
    out = tmp_path / "s.exr"
    assert codef("stmap", field, "--frames", reference, "-o", out).code == 0
    pixels = read_picture(out, colour_space="raw").pixels
    x = (np.arange(WIDTH) + 0.5) / WIDTH
    y = 1 - (np.arange(HEIGHT) + 0.5) / HEIGHT
    assert np.allclose(pixels[..., 0], x[None, :], atol=0.02)
    assert np.allclose(pixels[..., 1], y[:, None], atol=0.02)


def test_tracks_follow_the_pan(codef: Codef, field: Path, tmp_path: Path) -> None:
    points = [{"frame": 1003, "x": 30.5, "y": 20.5, "note": "eye"}, {"frame": 1001, "x": 9, "y": 9}]
    (tmp_path / "p.json").write_text(json.dumps(points), encoding="utf-8")
    out = tmp_path / "t" / "tracks.json"
    answer = codef("track", field, "--points", tmp_path / "p.json", "-o", out, "--json")
    assert answer.code == 0
    tracks = json.loads(out.read_text(encoding="utf-8"))["tracks"]
    assert len(tracks) == 2
    first = tracks[0]["points"]
    assert [point["frame"] for point in first] == list(FRAMES)
    assert set(first[0]) == {"frame", "x", "y", "visible", "confidence"}
    for point in first:
        assert point["x"] == pytest.approx(30.5 - 2 * (point["frame"] - 1003), abs=0.3)
        assert point["y"] == pytest.approx(20.5 - (point["frame"] - 1003), abs=0.3)


@pytest.mark.parametrize("text", ["{}", "[1]", "nonsense", '[{"frame": 1001, "x": null, "y": 2}]'])
def test_points_that_are_no_points_are_2(
    codef: Codef, field: Path, tmp_path: Path, text: str
) -> None:
    (tmp_path / "p.json").write_text(text, encoding="utf-8")
    arguments = ("--points", tmp_path / "p.json", "-o", tmp_path / "t.json", "--json")
    answer = codef("track", field, *arguments)
    assert answer.code == 2
    assert "p.json" in answer.last["error"]["message"]


def test_check_passes_on_a_good_field(codef: Codef, layered: Path) -> None:
    answer = codef("check", layered, "--json")
    assert answer.code == 0
    assert answer.last["ok"] is True
    assert answer.last["bit_exact"] is True
    assert answer.last["difference_db"] <= 0.1


def test_a_field_whose_clip_moved_asks_for_it(codef: Codef, tmp_path: Path) -> None:
    from tests.codef_nodes.cli.tinyclip import make_clip

    clip = make_clip(tmp_path / "clip")
    assert codef("fit", clip, "--steps", 1, "-o", tmp_path / "F").code == 0
    clip.rename(tmp_path / "moved")
    answer = codef("check", tmp_path / "F", "--json")
    assert answer.code == 3
    assert "--source" in answer.last["error"]["message"]
    assert codef("check", tmp_path / "F", "--source", tmp_path / "moved").code == 0


def test_a_field_and_its_clip_may_move_together(codef: Codef, tmp_path: Path) -> None:
    from tests.codef_nodes.cli.tinyclip import make_clip

    clip = make_clip(tmp_path / "job" / "clip")
    assert codef("fit", clip, "--steps", 1, "-o", tmp_path / "job" / "F").code == 0
    (tmp_path / "job").rename(tmp_path / "archive")
    assert codef("check", tmp_path / "archive" / "F").code == 0
