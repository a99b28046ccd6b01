"""``codef track`` beyond points: formats, keypoints, mattes."""

import json
import shutil
from pathlib import Path

import numpy as np

from engine.io.pointfiles import read_tracks
from engine.io.read import read_picture
from tests.codef_nodes.cli.tinyclip import FRAMES, HEIGHT, WIDTH, Codef, read_png, write_png


def test_tracks_are_written_for_nuke_by_their_ending(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    points = [{"frame": 1004, "x": 30.5, "y": 20.5, "name": "nose"}]
    (tmp_path / "p.json").write_text(json.dumps(points), encoding="utf-8")
    common = ("track", field, "--points", tmp_path / "p.json")
    answer = codef(*common, "-o", tmp_path / "t.nk", "--json")
    assert answer.code == 0, answer.err
    assert answer.last["format"] == "nuke" and answer.last["tracks"] == 1
    (nose,) = read_tracks(tmp_path / "t.nk", HEIGHT)
    assert nose.name == "nose"
    assert codef(*common, "-o", tmp_path / "t.json").code == 0
    (same,) = read_tracks(tmp_path / "t.json", HEIGHT)
    for frame, place in same.places.items():
        np.testing.assert_allclose(nose.places[frame], place, atol=1e-3)
    assert codef(*common, "-o", tmp_path / "t.abc").code == 2
    assert codef(*common, "--format", "corner-pin", "-o", tmp_path / "c.nk").code == 2
    assert not (tmp_path / "c.nk").exists()


def test_the_answer_says_whether_the_frames_were_looked_at(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    points = [{"frame": 1003, "x": 60.5, "y": 40.5}]
    (tmp_path / "p.json").write_text(json.dumps(points), encoding="utf-8")
    common = ("track", field, "--points", tmp_path / "p.json", "-o", tmp_path / "t.json", "--json")
    assert codef(*common).last["looked"] is True
    assert codef(*common, "--no-look").last["looked"] is False
    gone = tmp_path / "field"
    shutil.copytree(field, gone)
    said = json.loads((gone / "field.json").read_text("utf-8"))
    said["source"]["path"] = "nowhere"
    (gone / "field.json").write_text(json.dumps(said), encoding="utf-8")
    answer = codef("track", gone, *common[2:])
    assert answer.code == 0
    assert answer.last["looked"] is False
    assert "without looking" in answer.err


def test_keypoints_of_the_still_become_tracks(codef: Codef, field: Path, tmp_path: Path) -> None:
    out = tmp_path / "k.json"
    answer = codef("track", field, "--keypoints", "sift", "--count", "5", "-o", out, "--json")
    assert answer.code == 0, answer.err
    tracks = json.loads(out.read_text("utf-8"))["tracks"]
    assert 1 <= len(tracks) <= 5 and answer.last["tracks"] == len(tracks)
    # The clip is a pan: every point moves by it.
    for track in tracks:
        by_frame = {p["frame"]: p for p in track["points"] if p["visible"]}
        if {1002, 1003} <= by_frame.keys():
            moved = by_frame[1003]["x"] - by_frame[1002]["x"]
            assert abs(moved + 2) < 0.5
    assert codef("track", field, "--keypoints", "sift", "--layer", "7", "-o", out).code == 2


def test_a_mask_painted_on_a_frame_becomes_mattes(
    codef: Codef, field: Path, tmp_path: Path
) -> None:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[16:32, 24:40] = 255
    write_png(tmp_path / "mask.png", mask)
    flags = ("--mask", tmp_path / "mask.png", "--mask-frame", 1004, "--mix", 0.5)
    answer = codef("track", field, *flags, "-o", tmp_path / "m" / "m.%04d.exr", "--json")
    assert answer.code == 0, answer.err
    assert answer.last["frames"] == list(FRAMES)
    matte = read_picture(tmp_path / "m" / "m.1004.exr", colour_space="raw").pixels
    np.testing.assert_allclose(matte[..., 3], mask / 255 * 0.5, atol=1e-3)
    later = read_picture(tmp_path / "m" / "m.1006.exr", colour_space="raw").pixels[..., 3]
    # A file without premultiplied colours is grey, not white with an alpha.
    grey = codef("track", field, *flags, "--frames", "1004", "-o", tmp_path / "m" / "m.%04d.png")
    assert grey.code == 0, grey.err
    shown = read_png(tmp_path / "m" / "m.1004.png").reshape(HEIGHT, WIDTH, -1)
    assert shown.shape[2] in (1, 3)
    assert abs(int(shown.max()) - 65535 // 2) <= 1
    # Two frames on the pan has moved by 4 and 2 pixels.
    assert later[16:28, 22:34].min() > 0.45 and later[:, 40:].max() < 0.05
    assert codef("track", field, "--mix", 0.5, "--keypoints", "orb", "-o", "k.json").code == 2
    black = tmp_path / "black.png"
    write_png(black, mask * 0)
    assert codef("track", field, "--mask", black, "-o", tmp_path / "b.%04d.exr").code == 2


def test_a_mask_of_the_still_becomes_mattes(codef: Codef, field: Path, tmp_path: Path) -> None:
    still = tmp_path / "still.exr"
    assert codef("canonical", field, "-o", still).code == 0
    picture = read_picture(still)
    mask = np.zeros(picture.pixels.shape[:2], np.uint8)
    mask[20:30, 30:44] = 255
    write_png(tmp_path / "mask.png", mask)
    out = tmp_path / "m.%04d.png"
    answer = codef("track", field, "--mask", tmp_path / "mask.png", "-o", out, "--frames", "1003")
    assert answer.code == 0, answer.err
    matte = read_picture(tmp_path / "m.1003.png", colour_space="raw").pixels[..., 0]
    assert 100 < float((matte > 0.5).sum()) < 180


def test_a_drawn_shape_becomes_keyframed_roto(codef: Codef, field: Path, tmp_path: Path) -> None:
    corners = [[20.0, 15.0], [40.0, 15.0], [40.0, 30.0], [20.0, 30.0]]
    shapes = {"door": {"keys": {"1003": {"points": corners, "feather": 1.5}}}}
    (tmp_path / "s.json").write_text(json.dumps(shapes), encoding="utf-8")
    out = tmp_path / "roto.json"
    answer = codef("track", field, "--shapes", tmp_path / "s.json", "-o", out, "--json")
    assert answer.code == 0, answer.err
    made = json.loads(out.read_text("utf-8"))["door"]
    assert sorted(made["keys"]) == [str(frame) for frame in FRAMES]
    for frame in FRAMES:
        key = made["keys"][str(frame)]
        assert key["feather"] == 1.5
        steps = frame - 1003
        wanted = np.array(corners) - [2 * steps, steps]
        np.testing.assert_allclose(np.array(key["points"])[:, :2], wanted, atol=0.4)
    (tmp_path / "bad.json").write_text("[]", encoding="utf-8")
    assert codef("track", field, "--shapes", tmp_path / "bad.json", "-o", out).code == 2
    assert codef("track", field, "--shapes", tmp_path / "none.json", "-o", out).code == 3


def test_an_upscaled_still_gives_upscaled_frames(
    codef: Codef, layered: Path, tmp_path: Path
) -> None:
    still = tmp_path / "still.exr"
    assert codef("canonical", layered, "--scale", 2, "-o", still).code == 0
    out = tmp_path / "big.%04d.png"
    answer = codef(
        "reconstruct", layered, "--still", still, "-o", out, "--frames", "1003", "--json"
    )
    assert answer.code == 0, answer.err
    big = read_picture(tmp_path / "big.1003.png")
    assert big.pixels.shape[:2] == (2 * HEIGHT, 2 * WIDTH)
    assert (
        codef("reconstruct", layered, "--frames", "1003", "-o", tmp_path / "s.%04d.png").code == 0
    )
    small = read_picture(tmp_path / "s.1003.png").rgb
    halved = big.rgb.reshape(HEIGHT, 2, WIDTH, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small)[4:-4, 4:-4].mean() < 0.01
    # A PNG says by the small file beside it which layer it is the still of.
    assert codef("canonical", layered, "--scale", 2, "-o", tmp_path / "s.png").code == 0
    flags = ("--still", tmp_path / "s.1.png", "--frames", "1003", "-o", tmp_path / "t.%04d.png")
    beside = codef("reconstruct", layered, *flags)
    assert beside.code == 0, beside.err
    assert read_picture(tmp_path / "t.1003.png").pixels.shape[:2] == (2 * HEIGHT, 2 * WIDTH)
    assert codef("reconstruct", layered, "--scale", 2, "--edit-path", "-o", out).code == 2
    assert codef("reconstruct", layered, "--scale", 20, "-o", out).code == 2
