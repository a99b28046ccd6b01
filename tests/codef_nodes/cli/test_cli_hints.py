"""A fit that starts from tracks, corner pins and ST maps, from the outside."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from codef_nodes.work.hinting import HintFiles, split
from engine.errors import InputError, UsageError
from engine.io.picture import Picture, Window
from engine.io.write import WriteOptions, write_picture
from tests.codef_nodes.cli.tinyclip import Codef, write_png

WIDTH, HEIGHT, PERIOD = 128, 64, 16
FRAMES = tuple(range(1001, 1006))
MIDDLE = 1003


@pytest.fixture
def stripes(tmp_path: Path) -> Path:
    """Stripes that move by a whole period a frame: to the eye they stand still."""
    folder = tmp_path / "stripes"
    folder.mkdir()
    x = np.arange(WIDTH) + 0.5
    row = np.rint(127 + 100 * np.sin(2 * np.pi * x / PERIOD)).astype(np.uint8)
    shot = np.repeat(np.tile(row, (HEIGHT, 1))[..., None], 3, axis=2)
    for frame in FRAMES:
        write_png(folder / f"s.{frame}.png", shot)
    return folder


def step(frame: int) -> int:
    return PERIOD * (frame - MIDDLE)


def tracks(tmp_path: Path) -> Path:
    """A Nuke-like track of the point (64, 30) from the top of the reference frame."""
    lines = [f"{f} {64 + step(f)} {HEIGHT - 30}" for f in FRAMES]
    path = tmp_path / "tracks.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def pin(tmp_path: Path) -> Path:
    path = tmp_path / "pin.csv"
    quad = np.array([[36, 8], [92, 8], [92, 56], [36, 56]])
    rows = [[f, *(quad + np.array([step(f), 0])).ravel()] for f in FRAMES]
    path.write_text("\n".join(",".join(map(str, row)) for row in rows), encoding="utf-8")
    return path


def maps(tmp_path: Path) -> Path:
    folder = tmp_path / "st"
    folder.mkdir()
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH] + 0.5
    for frame in FRAMES:
        st = np.zeros((HEIGHT, WIDTH, 4), np.float32)
        st[..., 0], st[..., 1] = (x - step(frame)) / WIDTH, 1 - y / HEIGHT
        st[..., 3] = 1
        options = WriteOptions(bits=32, colour_space="raw")
        write_picture(folder / f"st.{frame}.exr", Picture.of(st), options)
    return folder


def vectors(tmp_path: Path) -> Path:
    """Motion vectors as Nuke's VectorGenerator writes them: both ways in one file, y up."""
    import OpenImageIO as oiio

    folder = tmp_path / "vectors"
    folder.mkdir()
    for frame in FRAMES:
        spec = oiio.ImageSpec(WIDTH, HEIGHT, 7, "float")
        layers = ("forward.u", "forward.v", "backward.u", "backward.v")
        spec.channelnames = ("R", "G", "B", *layers)
        out = oiio.ImageOutput.create(str(folder / f"v.{frame}.exr"))
        values = [0, 0, 0, PERIOD, 0, -PERIOD, 0]
        assert out.open(str(folder / f"v.{frame}.exr"), spec)
        out.write_image(np.full((HEIGHT, WIDTH, 7), values, np.float32))
        out.close()
    return folder


@pytest.mark.parametrize(
    ("flag", "make"),
    [("--tracks", tracks), ("--corner-pin", pin), ("--stmaps", maps), ("--flow", vectors)],
)
def test_a_hint_decides_what_flow_cannot(
    codef: Codef, stripes: Path, tmp_path: Path, flag: str, make: Any
) -> None:
    field, points, out = tmp_path / "F", tmp_path / "p.json", tmp_path / "t.json"
    answer = codef("fit", stripes, "--steps", 2, flag, make(tmp_path), "-o", field, "--json")
    assert answer.code == 0, answer.err
    assert answer.last["reference"] == MIDDLE
    points.write_text(json.dumps([{"frame": MIDDLE, "x": 64.0, "y": 30.0}]), encoding="utf-8")
    assert codef("track", field, "--points", points, "-o", out).code == 0
    (track,) = json.loads(out.read_text(encoding="utf-8"))["tracks"]
    found = [(p["x"], p["y"]) for p in track["points"]]
    np.testing.assert_allclose(found, [(64 + step(f), 30) for f in FRAMES], atol=0.5)


def test_without_hints_the_stripes_seem_to_stand_still(
    codef: Codef, stripes: Path, tmp_path: Path
) -> None:
    field, points, out = tmp_path / "F", tmp_path / "p.json", tmp_path / "t.json"
    assert codef("fit", stripes, "--steps", 2, "-o", field).code == 0
    points.write_text(json.dumps([{"frame": MIDDLE, "x": 64.0, "y": 30.0}]), encoding="utf-8")
    assert codef("track", field, "--points", points, "-o", out).code == 0
    (track,) = json.loads(out.read_text(encoding="utf-8"))["tracks"]
    assert all(abs(p["x"] - 64) < 4 for p in track["points"])


def test_wrong_hints_stop_the_fit_before_any_work(
    codef: Codef, stripes: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text("1001 2 3\n1002 4\n", encoding="utf-8")
    field = tmp_path / "F"
    answer = codef("fit", stripes, "--steps", 1, "--tracks", bad, "-o", field, "--json")
    assert answer.code == 2
    assert "bad.txt, line 2" in answer.last["error"]["message"]
    answer = codef("fit", stripes, "--steps", 1, "--tracks", tmp_path / "no", "-o", field, "--json")
    assert answer.code == 3
    named = f"sign={tracks(tmp_path)}"
    answer = codef("fit", stripes, "--steps", 1, "--tracks", named, "-o", field, "--json")
    assert answer.code == 2
    assert "'sign', but the groups are clip" in answer.last["error"]["message"]
    answer = codef(
        "fit", stripes, "--recipe", "paper", "--tracks", tracks(tmp_path), "-o", field, "--json"
    )
    assert answer.code == 2
    assert "recipe seeded" in answer.last["error"]["message"]
    assert not field.exists()


def test_the_reference_frame_is_the_one_that_st_maps_lead_to(
    codef: Codef, stripes: Path, tmp_path: Path
) -> None:
    folder = maps(tmp_path)
    (folder / "st.1001.exr").unlink()
    for frame in FRAMES[1:]:  # maps to frame 1003 say that they lead to the frame after
        (folder / f"st.{frame}.exr").rename(folder / f"to.{frame + 1}.exr")
    field = tmp_path / "F"
    answer = codef("fit", stripes, "--steps", 1, "--stmaps", folder, "-o", field, "--json")
    assert answer.last["reference"] == MIDDLE + 1
    answer = codef(
        *("fit", stripes, "--steps", 1, "--stmaps", folder, "--reference", 1003),
        *("-o", tmp_path / "G", "--json"),
    )
    assert answer.code == 2
    assert "frame 1003, the reference frame, moves it by 16.0 px" in answer.last["error"]["message"]


def test_a_fit_node_starts_from_tracks_beside_its_document(stripes: Path, tmp_path: Path) -> None:
    tracks(tmp_path)

    def document() -> Evaluator:
        knobs = {"steps": 1, "tracks": ["tracks.txt"]}
        tree = {
            "codef": {"schema": 1},
            "settings": {},
            "nodes": {
                "Clip": {
                    "type": "LoadSequence",
                    "version": 1,
                    "knobs": {"file": "stripes"},
                    "inputs": {},
                },
                "Fit": {
                    "type": "FitCoDeF",
                    "version": 1,
                    "knobs": knobs,
                    "inputs": {"clip": "Clip"},
                },
            },
        }
        return Evaluator(from_tree(tree), Cache(), folder=tmp_path)

    evaluator = document()
    field = evaluator.value("Fit", None)
    assert field.report["seeds"][0].endswith("+ tracks")
    there = field.layers[0].deformation.at(4, np.array([[96.0, 30.0]], np.float32))
    np.testing.assert_allclose(there, [[64, 30]], atol=0.5)
    key = evaluator.key("Fit", None)
    (tmp_path / "tracks.txt").write_text("1001 5 5\n1003 6 6\n", encoding="utf-8")
    assert document().key("Fit", None) != key


def test_files_may_name_their_group(tmp_path: Path) -> None:
    assert split("screen=a/b.txt") == ("screen", Path("a/b.txt"))
    assert split("a/b.txt", tmp_path) == (None, tmp_path / "a/b.txt")
    odd = tmp_path / "x=1.txt"
    odd.write_text("1 2 3\n", encoding="utf-8")
    assert split(str(odd)) == (None, odd)
    assert split("x=1.txt", tmp_path) == (None, odd)
    assert split(f"left={odd}") == ("left", odd)


def test_a_pin_belongs_to_the_group_that_its_node_is_named_after(tmp_path: Path) -> None:
    curve = "{{curve x1 %d x2 %d} %d}"
    corners = [(0, 0), (9, 0), (9, 9), (0, 9)]
    knobs = [f" to{n} {curve % (x, x + 1, y)}" for n, (x, y) in enumerate(corners, 1)]
    node = "CornerPin2D {{\n" + "\n".join(knobs).replace("{", "{{").replace("}", "}}")
    node += "\n name {}\n}}\n"
    path = tmp_path / "pins.nk"
    path.write_text(node.format("screen") + node.format("CornerPin2D7"), encoding="utf-8")
    first = Picture.of(np.zeros((20, 30, 3), np.float32))
    hints = HintFiles(corner_pin=(str(path),)).read(first, ["screen", "wall"])
    assert [pin.group for pin in hints.pins] == ["screen", None]
    np.testing.assert_allclose(hints.pins[0].corners[2][0], [1, 20])


def test_parts_of_st_maps_go_to_the_groups_of_their_names(
    codef: Codef, clip: Path, tmp_path: Path
) -> None:
    """What ``codef stmap`` writes of a fit leads a second fit, layer by layer."""
    from tests.codef_nodes.cli.tinyclip import make_masks

    masks = make_masks(tmp_path / "square")
    field, pattern = tmp_path / "F", tmp_path / "st" / "st.%04d.exr"
    assert codef("fit", clip, "--masks", masks, "--steps", 2, "-o", field).code == 0
    assert codef("stmap", field, "-o", pattern).code == 0
    first = Picture.of(np.zeros((48, 64, 3), np.float32))
    hints = HintFiles(stmaps=(str(pattern),)).read(first, ["square"])
    assert [m.group for m in hints.maps] == ["square", "background"]
    from engine.fields.folder import load_field

    fitted = load_field(field)
    for k, found in enumerate(hints.maps):
        steps = found.read(1002)
        y, x = np.mgrid[0:48, 0:64] + 0.5
        truth = fitted.layers[k].deformation.positions(1) - np.stack([x, y], -1)
        known = np.isfinite(steps).all(axis=2)
        assert known.mean() > 0.1
        np.testing.assert_allclose(steps[known], truth[known], atol=2e-3)
    again = tmp_path / "G"
    options = ("--masks", masks, "--steps", 1, "--reference", fitted.reference)
    answer = codef("fit", clip, *options, "--stmaps", pattern, "-o", again, "--json")
    assert answer.code == 0, answer.err
    assert load_field(again).report["seeds"][1].endswith("+ ST maps")


def test_st_maps_of_another_kind_are_refused(tmp_path: Path) -> None:
    first = Picture.of(np.zeros((20, 30, 3), np.float32))
    folder = tmp_path / "st"
    folder.mkdir()
    wrong = Picture.of(np.zeros((10, 30, 3), np.float32))
    write_picture(folder / "st.1.exr", wrong, WriteOptions(bits=32))
    (maps_,) = HintFiles(stmaps=(str(folder),)).read(first, []).maps
    with pytest.raises(InputError, match=r"st\.1\.exr is 30x10, the frames are 30x20"):
        maps_.read(1)
    write_png(tmp_path / "coarse.0001.png", np.zeros((20, 30, 3), np.uint8))
    (maps_,) = HintFiles(stmaps=(str(tmp_path / "coarse.%04d.png"),)).read(first, []).maps
    with pytest.raises(InputError, match="8-bit values"):
        maps_.read(1)
    with pytest.raises(InputError, match="nowhere"):
        HintFiles(stmaps=(str(tmp_path / "nowhere"),)).read(first, [])
    with pytest.raises(UsageError, match="no tracks"):
        (tmp_path / "t.txt").write_text("# empty\n", encoding="utf-8")
        HintFiles(tracks=(str(tmp_path / "t.txt"),)).read(first, [])


def test_cropped_maps_count_from_their_own_windows(tmp_path: Path) -> None:
    values = np.zeros((4, 6, 3), np.float32)
    y, x = np.mgrid[10:14, 8:14] + 0.5
    values[..., 0], values[..., 1] = (x + 2) / 30, 1 - (y + 1) / 20
    picture = Picture(values, display=Window.of_size(30, 20), data=Window(8, 10, 14, 14))
    write_picture(tmp_path / "st.0001.exr", picture, WriteOptions(bits=32))
    first = Picture.of(np.zeros((20, 30, 3), np.float32))
    (found,) = HintFiles(stmaps=(str(tmp_path / "st.%04d.exr"),)).read(first, []).maps
    steps = found.read(1)
    np.testing.assert_allclose(steps[10:14, 8:14], np.full((4, 6, 2), [2, 1]), atol=1e-4)
    assert np.isnan(steps).sum() == 2 * (20 * 30 - 24)
