"""`codef fit` on clips with titles, cuts, a lens, highlights; and FitCoDeF with the same."""

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from engine.colour.encoding import decode
from engine.fields.folder import load_field
from engine.io.picture import Picture, Window
from engine.io.read import read_picture
from engine.io.write import WriteOptions, write_picture
from tests.codef_nodes.cli.tinyclip import (
    FRAMES,
    HEIGHT,
    WIDTH,
    Codef,
    make_clip,
    read_png,
    texture,
    write_png,
)
from tests.engine.warp.lenses import Barrel, LensPan

TITLE = (slice(34, 44), slice(8, 56))


@pytest.fixture
def titled(tmp_path: Path) -> Path:
    """A pan with a title that stands still, and the folder `ignore` with its mask."""
    make_clip(tmp_path / "shot")
    (tmp_path / "ignore").mkdir()
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[TITLE] = 255
    for frame in FRAMES:
        path = tmp_path / "shot" / f"shot.{frame}.png"
        picture = read_png(path)
        picture[36:42, 10:54:4] = 255
        write_png(path, picture)
        write_png(tmp_path / "ignore" / f"title.{frame}.png", mask)
    return tmp_path


@pytest.fixture
def cut(tmp_path: Path) -> Path:
    """Six frames of one shot, then four of another: 1001-1006, 1007-1010."""
    (tmp_path / "cut").mkdir()
    one, two = texture(), 255 - np.roll(texture()[::-1], 70, axis=1) // 2
    for frame in range(1001, 1011):
        i, big = frame - 1001, one if frame < 1007 else two
        shot = big[30 + i : 30 + i + HEIGHT, 40 + 2 * i : 40 + 2 * i + WIDTH]
        write_png(tmp_path / "cut" / f"c.{frame}.png", shot)
    return tmp_path


def test_an_ignored_title_is_kept_under_an_edit(codef: Codef, titled: Path) -> None:
    field, still = titled / "F", titled / "still.png"
    answer = codef(
        "fit", titled / "shot", "--ignore", titled / "ignore", "--steps", 6, "-o", field, "--json"
    )
    assert answer.code == 0
    assert answer.last["ignored"] == pytest.approx(10 * 48 / (WIDTH * HEIGHT))
    assert codef("canonical", field, "-o", still).code == 0
    picture = read_png(still)
    picture[..., :3] = 65535 - picture[..., :3]
    write_png(titled / "edited.png", picture)
    out = titled / "out" / "o.%04d.png"
    assert codef("propagate", field, "--edit", titled / "edited.png", "-o", out).code == 0
    for frame in (1001, 1005):
        before = read_png(titled / "shot" / f"shot.{frame}.png")
        after = read_png(Path(str(out) % frame))
        assert np.array_equal(after[TITLE], before[TITLE])
        changed = (after != before).any(axis=2)
        changed[TITLE] = True
        assert changed.mean() > 0.95
    assert codef("check", field).code == 0


def test_ignore_masks_of_another_count_are_an_error(codef: Codef, titled: Path) -> None:
    (titled / "ignore" / "title.1001.png").unlink()
    shot, ignore = titled / "shot", titled / "ignore"
    answer = codef("fit", shot, "--ignore", ignore, "--steps", 1, "-o", titled / "F")
    assert answer.code == 3
    assert "7 masks for 8 frames" in answer.err


def test_a_cut_is_named_with_the_frames_of_both_shots(codef: Codef, cut: Path) -> None:
    answer = codef("fit", cut / "cut", "--steps", 3, "-o", cut / "F", "--json")
    assert answer.code == 0
    assert answer.last["cuts"] == [1007]
    assert answer.last["shots"] == [[1001, 1006], [1007, 1010]]
    assert "at frame 1007" in answer.err
    assert "1001-1006, 1007-1010" in answer.err
    alone = codef(
        "fit", cut / "cut", "--frames", "1007-1010", "--steps", 3, "-o", cut / "G", "--json"
    )
    assert alone.last["cuts"] == []
    assert "another shot" not in alone.err


def test_a_cut_stops_the_fit_when_asked(codef: Codef, cut: Path) -> None:
    answer = codef("fit", cut / "cut", "--cuts", "stop", "-o", cut / "F", "--json")
    assert answer.code == 2
    assert answer.last["error"]["frame"] == 1007
    assert not (cut / "F").exists()


@pytest.mark.parametrize("mode", ["over", "replace"])
def test_edits_do_not_reach_the_other_shot(codef: Codef, cut: Path, mode: str) -> None:
    assert codef("fit", cut / "cut", "--steps", 3, "-o", cut / "F").code == 0
    assert codef("canonical", cut / "F", "-o", cut / "still.png").code == 0
    picture = read_png(cut / "still.png")
    picture[..., 0] = 65535
    write_png(cut / "still.png", picture)
    out = cut / "out" / "o.%04d.png"
    edit = ("--edit", cut / "still.png", "--mode", mode)
    assert codef("propagate", cut / "F", *edit, "-o", out).code == 0
    for frame, same in ((1003, False), (1008, True)):
        before, after = read_png(cut / "cut" / f"c.{frame}.png"), read_png(Path(str(out) % frame))
        assert np.array_equal(before, after) == same


@pytest.fixture
def lens_clip(tmp_path: Path) -> Path:
    """A pan through a barrel lens, and its two maps."""
    pan = LensPan(Barrel(96, 72), count=5, step=(4.0, 1.0))
    (tmp_path / "shot").mkdir()
    for t in range(pan.count):
        codes = np.rint(np.clip(pan.frame(t), 0, 1) * 255).astype(np.uint8)
        write_png(tmp_path / "shot" / f"s.{t + 1}.png", np.ascontiguousarray(codes[..., ::-1]))
    pan.lens.write(tmp_path)
    return tmp_path


def test_a_lens_is_taken_out_and_put_back(codef: Codef, lens_clip: Path) -> None:
    field, maps = lens_clip / "F", (lens_clip / "undistort.exr", lens_clip / "redistort.exr")
    arguments = ["fit", lens_clip / "shot", "--steps", 4, "-o", field, "--json"]
    plain = codef(*arguments)
    answer = codef(*arguments, "--undistort", maps[0], "--redistort", maps[1])
    assert answer.code == 0
    assert answer.last["psnr_edit_path"] > plain.last["psnr_edit_path"]
    assert codef("check", field).code == 0
    # To the canonical image of the reference frame: the redistort map itself.
    st = lens_clip / "st.%04d.exr"
    reference = answer.last["reference"]
    assert codef("stmap", field, "--frames", reference, "-o", st).code == 0
    written = read_picture(Path(str(st) % reference), colour_space="raw").pixels[..., :2]
    given = read_picture(maps[1], colour_space="raw").pixels[..., :2]
    np.testing.assert_allclose(written, given, atol=0.02 / 72)


def test_half_a_lens_is_bad_usage(codef: Codef, lens_clip: Path) -> None:
    shot, undistort = lens_clip / "shot", lens_clip / "undistort.exr"
    answer = codef("fit", shot, "--undistort", undistort, "-o", lens_clip / "F")
    assert answer.code == 2
    assert "both maps" in answer.err


@pytest.mark.parametrize("bits", [16, 32])
def test_highlights_in_exr_files_come_back(codef: Codef, tmp_path: Path, bits: int) -> None:
    """Highlights of 20 to 80 that move over a pan, and values below 0."""
    (tmp_path / "hdr").mkdir()
    big = decode(texture().astype(np.float32) / 255) - 0.15
    y, x = np.mgrid[0:160, 0:220].astype(np.float32)
    truth = {}
    for frame in FRAMES:
        i = frame - 1001
        lit = big.copy()
        for n, peak in enumerate((20, 40, 80)):
            at = (60 + 25 * n + 0.5 * i, 55 - 8 * n)
            spot = np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 18)
            lit += (peak * spot)[..., None]
        truth[frame] = lit[30 + i : 30 + i + HEIGHT, 40 + 2 * i : 40 + 2 * i + WIDTH]
        path = tmp_path / "hdr" / f"h.{frame}.exr"
        write_picture(path, Picture.of(truth[frame]), WriteOptions(bits=bits))
    field, out = tmp_path / "F", tmp_path / "rec" / "r.%04d.exr"
    assert codef("fit", tmp_path / "hdr", "--steps", 16, "-o", field).code == 0
    assert codef("reconstruct", field, "--edit-path", "-o", out).code == 0
    errors = []
    for frame in FRAMES:
        drawn = read_picture(Path(str(out) % frame)).rgb
        bright = truth[frame] > 10
        errors.append((np.abs(drawn - truth[frame]) / truth[frame])[bright])
        below = truth[frame] < -0.02
        assert np.median(np.abs(drawn - truth[frame])[below]) < 0.005
    assert np.median(np.concatenate(errors)) < 0.02
    assert np.percentile(np.concatenate(errors), 90) < 0.08


def node(kind: str, inputs: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "inputs": inputs or {}, "knobs": knobs}


def rendered(codef: Codef, folder: Path, nodes: dict[str, Any]) -> Any:
    document = folder / "shot.codef"
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    document.write_text(json.dumps(tree), encoding="utf-8")
    return codef("render", document, "--json")


def field_in(folder: Path) -> Any:
    found = sorted(path.parent for path in folder.rglob("field.json"))
    assert len(found) == 1
    return load_field(found[0])


def test_the_node_leaves_out_what_its_input_ignores(codef: Codef, titled: Path) -> None:
    nodes = {
        "Clip": node("LoadSequence", file="shot"),
        "Title": node("LoadSequence", file="ignore", colour_space="raw"),
        "Fit": node("FitCoDeF", {"clip": "Clip", "ignore": "Title"}, steps=2),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Write": node("WriteSequence", {"image": "Still"}, file="still.exr"),
    }
    answer = rendered(codef, titled, nodes)
    assert answer.code == 0, answer.err
    kept = field_in(titled).kept(0)
    assert not kept[TITLE].any()
    assert kept.sum() == WIDTH * HEIGHT - 480


def test_the_node_stops_at_a_cut_and_names_itself(codef: Codef, cut: Path) -> None:
    nodes = {
        "Clip": node("LoadSequence", file="cut"),
        "Fit": node("FitCoDeF", {"clip": "Clip"}, steps=2, cuts="stop"),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Write": node("WriteSequence", {"image": "Still"}, file="still.exr"),
    }
    answer = rendered(codef, cut, nodes)
    assert answer.code == 2
    assert "Fit" in answer.err
    assert "at frame 1007" in answer.err


def test_the_node_looks_through_a_lens(codef: Codef, lens_clip: Path) -> None:
    nodes = {
        "Clip": node("LoadSequence", file="shot"),
        "Fit": node(
            "FitCoDeF",
            {"clip": "Clip"},
            steps=2,
            undistort="undistort.exr",
            redistort="redistort.exr",
        ),
        "Still": node("CanonicalView", {"field": "Fit"}),
        "Write": node("WriteSequence", {"image": "Still"}, file="still.exr"),
    }
    answer = rendered(codef, lens_clip, nodes)
    assert answer.code == 0, answer.err
    field = field_in(lens_clip)
    assert field.layers[0].deformation.kind == "lens"
    assert field.data == Window.of_size(96, 72)


def test_a_still_camera_and_one_colour_end_well(codef: Codef, tmp_path: Path) -> None:
    for name, picture in (
        ("still", texture()[:HEIGHT, :WIDTH]),
        ("black", np.zeros((HEIGHT, WIDTH, 3), np.uint8)),
        ("speck", cv2.resize(texture(), (1, 1))),
    ):
        (tmp_path / name).mkdir()
        for frame in (1, 2, 3):
            write_png(tmp_path / name / f"{name}.{frame}.png", picture)
        answer = codef("fit", tmp_path / name, "--steps", 2, "-o", tmp_path / "F", "--json")
        assert answer.code == 0, answer.err
        assert answer.last["psnr"] == 100.0
        # The one thing worth saying is that frames repeat.
        assert all("stands still" in sentence for sentence in answer.last.get("warnings", []))
