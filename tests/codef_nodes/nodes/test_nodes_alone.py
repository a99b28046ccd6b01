"""Nodes on small real inputs: what they compute, and what they leave alone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.errors import MaskError, MissingFrameError, UsageError
from engine.io.picture import Picture
from engine.io.read import read_picture
from engine.io.write import WriteOptions, write_picture
from tests.codef_nodes.cli.tinyclip import (
    FRAMES,
    HEIGHT,
    WIDTH,
    make_clip,
    make_masks,
    read_png,
    write_png,
)

Make = Callable[..., Evaluator]


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture
def graph(tmp_path: Path) -> Make:
    """An evaluator of a document beside a clip."""
    make_clip(tmp_path / "clip")

    def make(**nodes: Any) -> Evaluator:
        tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
        return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=tmp_path)

    return make


def still(folder: Path, name: str, pixels: Any) -> str:
    write_picture(folder / name, Picture.of(np.asarray(pixels)), WriteOptions(bits=32))
    return name


def test_load_keeps_frame_numbers_and_code_values(graph: Make, tmp_path: Path) -> None:
    evaluator = graph(Clip=node("LoadSequence", file="clip/shot.####.png"))
    assert evaluator.frames("Clip") == FRAMES
    picture = evaluator.value("Clip", 1003)
    codes = read_png(tmp_path / "clip" / "shot.1003.png")
    assert np.array_equal(picture.native.codes, codes[..., ::-1])


def test_load_raw_takes_the_numbers_as_they_are(graph: Make, tmp_path: Path) -> None:
    evaluator = graph(Clip=node("LoadSequence", file="clip", raw=True))
    codes = read_png(tmp_path / "clip" / "shot.1003.png")[..., ::-1]
    assert np.allclose(evaluator.value("Clip", 1003).rgb, codes / 255, atol=1e-6)


def test_load_offers_gaps_so_that_they_are_told(graph: Make, tmp_path: Path) -> None:
    (tmp_path / "clip" / "shot.1004.png").unlink()
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Black=node("LoadSequence", file="clip", missing="black"),
        Near=node("LoadSequence", file="clip", missing="nearest"),
    )
    assert evaluator.frames("Clip") == FRAMES
    with pytest.raises(MissingFrameError) as caught:
        evaluator.value("Clip", 1004)
    assert (caught.value.frame, caught.value.node) == (1004, "Clip")
    assert not evaluator.value("Black", 1004).pixels.any()
    assert np.array_equal(
        evaluator.value("Near", 1004).pixels, evaluator.value("Near", 1003).pixels
    )


def test_a_replaced_file_is_read_again_and_the_others_are_not(graph: Make, tmp_path: Path) -> None:
    evaluator = graph(Clip=node("LoadSequence", file="clip"))
    for _ in range(2):
        for frame in FRAMES:
            evaluator.value("Clip", frame)
    assert evaluator.computes["Clip"] == len(FRAMES)
    write_png(tmp_path / "clip" / "shot.1002.png", np.full((HEIGHT, WIDTH, 3), 9, np.uint8))
    for frame in FRAMES:
        evaluator.value("Clip", frame)
    assert evaluator.computes["Clip"] == len(FRAMES) + 1
    assert (evaluator.value("Clip", 1002).native.codes == 9).all()


def test_flow_finds_the_pan_and_each_link_once(
    graph: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codef_nodes.work import flows

    # Links go by what the files hold, and other tests write the same pan.
    links = flows.Links()
    monkeypatch.setattr(flows, "LINKS", links)
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"), Flow=node("OpticalFlow", {"image": "Clip"})
    )
    pairs = [evaluator.value("Flow", frame) for frame in FRAMES]
    assert links.computed == len(FRAMES) - 1
    assert pairs[0].backward is None and pairs[-1].forward is None
    middle = pairs[3].forward[12:36, 16:48].reshape(-1, 2)
    assert np.allclose(np.median(middle, axis=0), (-2, -1), atol=0.2)
    assert np.allclose(np.median(pairs[3].backward.reshape(-1, 2), axis=0), (2, 1), atol=0.2)


def test_flow_from_files_has_a_backward_direction_too(graph: Make, tmp_path: Path) -> None:
    from engine.flow.files import write_flo

    (tmp_path / "flow").mkdir()
    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[...] = (-2, -1)
    for number in range(len(FRAMES) - 1):
        write_flo(tmp_path / "flow" / f"{number:06d}.flo", flow)
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Flow=node("OpticalFlow", {"image": "Clip"}, method="file", forward="flow"),
    )
    pair = evaluator.value("Flow", 1002)
    assert np.array_equal(pair.forward, flow)
    assert np.allclose(pair.backward, (2, 1))
    assert pair.backward_confidence[10:-10, 10:-10].min() > 0.9
    assert evaluator.value("Flow", 1008).forward is None


def test_masks_come_from_folders_and_wires_front_to_back(graph: Make, tmp_path: Path) -> None:
    make_masks(tmp_path / "actor", value=128)
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    rgba[:10, :, 3] = 1
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Card=node("LoadSequence", file=still(tmp_path, "card.exr", rgba)),
        Groups=node("MaskGroup", {"masks": ["Card"]}, files=["actor"], names=["sign"]),
        Inverse=node("MaskGroup", files=["actor"], invert=True),
        Hard=node("MaskGroup", files=["actor"], threshold=0.5),
    )
    found = evaluator.value("Groups", 1002)
    assert found.names == ("sign", "actor")
    assert (found.masks[0][:10] == 255).all() and not found.masks[0][10:].any()
    assert found.masks[1][20, 30] == 128
    assert evaluator.frames("Groups") == FRAMES
    assert evaluator.value("Inverse", 1001).masks[0][20, 30] == 127
    hard = evaluator.value("Hard", 1001).masks[0]
    assert set(np.unique(hard)) == {0, 255}


def test_a_group_may_be_left_alone(graph: Make, tmp_path: Path) -> None:
    """It is no layer; what lies in front of it is not ignored with it."""
    make_masks(tmp_path / "actor")
    make_masks(tmp_path / "smoke", value=128)
    groups = {"files": ["actor", "smoke"], "kinds": ["", "Ignore"]}
    evaluator = graph(
        Groups=node("MaskGroup", **groups),
        Front=node("MaskGroup", files=["smoke", "actor"], kinds=["ignore"]),
        Odd=node("MaskGroup", files=["actor"], kinds=["water"]),
        Many=node("MaskGroup", files=["actor"], kinds=["", ""]),
    )
    found, front = evaluator.value("Groups", 1002), evaluator.value("Front", 1002)
    assert (found.names, found.kinds) == (("actor", "smoke"), ("layer", "ignore"))
    assert found.layers == (0,) and front.layers == (1,)
    assert not found.ignored.any()
    assert np.array_equal(front.ignored, front.masks[0]) and front.ignored.max() == 128
    with pytest.raises(UsageError, match="'water'"):
        evaluator.value("Odd", 1002)
    with pytest.raises(UsageError, match="2 kinds for 1 groups"):
        evaluator.value("Many", 1002)


def test_a_fit_leaves_ignored_groups_alone(graph: Make, tmp_path: Path) -> None:
    """Together with what its own input leaves out; neither becomes a layer."""
    make_masks(tmp_path / "actor")
    make_masks(tmp_path / "smoke")
    border = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    border[:4] = 1
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Groups=node("MaskGroup", files=["smoke"], kinds=["ignore"]),
        Border=node("LoadSequence", file=still(tmp_path, "border.exr", border)),
        Fit=node("FitCoDeF", {"clip": "Clip", "groups": "Groups", "ignore": "Border"}, steps=1),
    )
    field = evaluator.value("Fit")
    smoke = evaluator.value("Groups", 1002).masks[0]
    assert [layer.name for layer in field.layers] == ["clip"]
    hidden = field.ignored.mask(0, field.index(1002))
    assert (hidden[:4] == 255).all()
    assert np.array_equal(hidden[4:], smoke[4:]) and smoke.any()
    assert not field.seen(field.index(1002))[0][hidden == 255].any()


def test_masks_of_two_sizes_are_refused(graph: Make, tmp_path: Path) -> None:
    make_masks(tmp_path / "a")
    (tmp_path / "b").mkdir()
    for frame in FRAMES:
        write_png(tmp_path / "b" / f"m.{frame}.png", np.full((20, 20), 255, np.uint8))
    evaluator = graph(Groups=node("MaskGroup", files=["a", "b"]))
    with pytest.raises(MaskError, match="20x20"):
        evaluator.value("Groups", 1001)


def test_a_channel_that_is_not_there_is_named(graph: Make, tmp_path: Path) -> None:
    make_masks(tmp_path / "a")
    evaluator = graph(Groups=node("MaskGroup", files=["a"], channel="id.R"))
    with pytest.raises(MaskError, match=r"id\.R"):
        evaluator.value("Groups", 1001)


def test_switch_looks_at_the_chosen_input_only(graph: Make) -> None:
    wires = {"input_0": "Clip", "input_1": "Broken"}
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Broken=node("LoadSequence", file="nowhere"),
        Switch=node("Switch", wires),
        Other=node("Switch", wires, which=1),
        Empty=node("Switch", wires, which=5),
    )
    assert evaluator.frames("Switch") == FRAMES
    assert evaluator.value("Switch", 1001) is evaluator.value("Clip", 1001)
    assert "Broken" not in evaluator.computes
    with pytest.raises(UsageError, match="input_5"):
        evaluator.value("Empty", 1001)


@pytest.mark.parametrize(
    ("operation", "expected"),
    [
        ("over", 0.4 + 0.6 * 0.5),
        ("under", 0.6),
        ("plus", 1.0),
        ("minus", 0.2),
        ("multiply", 0.24),
        ("screen", 0.4 + 0.6 - 0.24),
        ("difference", 0.2),
        ("min", 0.4),
        ("max", 0.6),
        ("mask", 0.3),
        ("stencil", 0.3),
        ("copy", 0.4),
    ],
)
def test_merge_follows_the_arithmetic_of_premultiplied_pictures(
    graph: Make, tmp_path: Path, operation: str, expected: float
) -> None:
    front = np.full((4, 6, 4), 0.4, np.float32)
    front[..., 3] = 0.5
    back = np.full((4, 6, 3), 0.6, np.float32)
    evaluator = graph(
        A=node("LoadSequence", file=still(tmp_path, "a.exr", front)),
        B=node("LoadSequence", file=still(tmp_path, "b.exr", back)),
        Merge=node("Merge", {"a": "A", "b": "B"}, operation=operation),
        Half=node("Merge", {"a": "A", "b": "B"}, operation=operation, mix=0.5),
    )
    assert np.allclose(evaluator.value("Merge", 0).rgb, expected, atol=1e-5)
    assert np.allclose(evaluator.value("Half", 0).rgb, (expected + 0.6) / 2, atol=1e-5)


def test_merge_keeps_code_values_where_the_front_has_no_reach(graph: Make, tmp_path: Path) -> None:
    front = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    front[5:9, 5:9] = (1, 0, 0, 1)
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        A=node("LoadSequence", file=still(tmp_path, "a.exr", front)),
        Merge=node("Merge", {"a": "A", "b": "Clip"}),
        Write=node("WriteSequence", {"image": "Merge"}, file="out/m.%04d.png"),
    )
    evaluator.render("Write", [1002])
    before, after = read_png(tmp_path / "clip" / "shot.1002.png"), tmp_path / "out" / "m.1002.png"
    touched = (before != read_png(after)).any(axis=2)
    assert touched[5:9, 5:9].all() and touched.sum() == 16


def test_merge_of_two_layers_is_no_layers_canonical_image() -> None:
    from codef_nodes.work.merging import merge

    pixels = np.ones((4, 5, 4), np.float32)
    tower = Picture.of(pixels, metadata={"codef/layer": "tower", "note": 1})
    city = Picture.of(pixels, metadata={"codef/layer": "city", "codef/field": "f", "note": 2})
    assert merge(tower, city, "over").metadata == {"note": 2}
    assert merge(city, city, "over").metadata == city.metadata


def test_merge_reaches_as_far_as_either_picture() -> None:
    from codef_nodes.work.merging import merge
    from engine.io.picture import Window

    small = Picture(np.ones((2, 2, 4), np.float32), Window.of_size(4, 4), Window(5, -1, 7, 1), 1.0)
    back = Picture.of(np.full((4, 4, 3), 0.5, np.float32))
    merged = merge(small, back, "over")
    assert merged.data == Window(0, -1, 7, 4)
    assert merged.display == back.display
    assert (merged.pixels[0, 5:7] == 1).all() and (merged.pixels[1:, :4] == 0.5).all()
    assert not merged.pixels[3, 5:].any()


def test_an_operation_with_a_mask_changes_the_white_part_only(graph: Make, tmp_path: Path) -> None:
    mask = np.zeros((HEIGHT, WIDTH, 3), np.float32)
    mask[:, :20] = 1
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Mask=node("LoadSequence", file=still(tmp_path, "m.exr", mask)),
        Up=node(
            "ImageOperation",
            {"image": "Clip", "mask": "Mask"},
            operation="exposure",
            exposure_stops=1,
        ),
        Write=node("WriteSequence", {"image": "Up"}, file="out/u.%04d.png"),
    )
    before, after = evaluator.value("Clip", 1001), evaluator.value("Up", 1001)
    assert np.allclose(after.rgb[:, :20], 2 * before.rgb[:, :20], rtol=1e-4)
    assert np.array_equal(after.rgb[:, 20:], before.rgb[:, 20:])
    evaluator.render("Write", [1001])
    codes = read_png(tmp_path / "out" / "u.1001.png")
    assert np.array_equal(codes[:, 20:], read_png(tmp_path / "clip" / "shot.1001.png")[:, 20:])


def test_mix_0_passes_the_very_picture(graph: Make) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Up=node("ImageOperation", {"image": "Clip"}, operation="exposure", mix=0),
    )
    assert evaluator.value("Up", 1001) is evaluator.value("Clip", 1001)


def test_paint_on_frames_leaves_the_unpainted_codes(graph: Make, tmp_path: Path) -> None:
    stroke = {"kind": "brush", "points": [[20, 20, 1]], "size": 9, "colour": [0, 1, 0]}
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Paint=node("Paint", {"image": "Clip"}, strokes=[{**stroke, "lifetime": [1002, 1003]}]),
        Write=node("WriteSequence", {"image": "Paint"}, file="out/p.%04d.png"),
    )
    evaluator.render("Write", FRAMES[:4])
    for frame in FRAMES[:4]:
        before = read_png(tmp_path / "clip" / f"shot.{frame}.png")
        after = read_png(tmp_path / "out" / f"p.{frame}.png")
        touched = (before != after).any(axis=2)
        assert touched.any() == (frame in (1002, 1003))
        assert not touched[30:].any() and not touched[:, 40:].any()


def test_a_stroke_with_a_lifetime_makes_a_still_move(graph: Make, tmp_path: Path) -> None:
    still(tmp_path, "card.exr", np.full((16, 16, 3), 0.5, np.float32))
    stroke = {"kind": "brush", "points": [[8, 8, 1]], "size": 6, "colour": [1, 0, 0]}
    fit = {"clip": "Clip"}
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Fit=node("FitCoDeF", fit, steps=1),
        Still=node("CanonicalView", {"field": "Fit"}),
        Always=node("Paint", {"image": "Still"}, strokes=[stroke]),
        Sometimes=node("Paint", {"image": "Still"}, strokes=[{**stroke, "lifetime": [1002, 1003]}]),
        Out=node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Sometimes"]}),
    )
    assert evaluator.value("Always", 1001) is evaluator.value("Always", 1005)
    changed = [evaluator.value("Out", frame).changed is not None for frame in FRAMES[:4]]
    assert changed == [False, True, True, False]


def test_strokes_stay_in_place_on_a_finer_canvas(graph: Make) -> None:
    stroke = {"kind": "brush", "points": [[20, 20, 1]], "size": 10, "hardness": 1}
    nodes: dict[str, Any] = {
        "Clip": node("LoadSequence", file="clip"),
        "Fit": node("FitCoDeF", {"clip": "Clip"}, steps=1),
    }
    for name, scale in (("One", 1), ("Two", 2)):
        nodes[f"Still{name}"] = node("CanonicalView", {"field": "Fit"}, scale=scale)
        nodes[f"Paint{name}"] = node("Paint", {"image": f"Still{name}"}, strokes=[stroke])
    evaluator = graph(**nodes)
    areas = []
    for name, scale in (("One", 1), ("Two", 2)):
        picture = evaluator.value(f"Paint{name}")
        rows, columns = np.nonzero(picture.overlay[..., 3] > 0.5)
        centre = np.array([columns.mean() + 0.5 + picture.data.x0, rows.mean() + picture.data.y0])
        assert np.allclose(centre / scale, (20, 20), atol=0.6)
        areas.append(len(rows) / scale**2)
    assert areas[1] == pytest.approx(areas[0], rel=0.15)


def test_the_window_of_the_canonical_can_be_the_frame(graph: Make) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Fit=node("FitCoDeF", {"clip": "Clip"}, steps=1),
        All=node("CanonicalView", {"field": "Fit"}),
        Frame=node("CanonicalView", {"field": "Fit"}, canvas="frame"),
        None_=node("CanonicalView", {"field": "Fit"}, layer=4),
    )
    whole, frame = evaluator.value("All"), evaluator.value("Frame")
    assert whole.data.width > WIDTH  # the pan shows more than one frame does
    assert frame.pixels.shape[:2] == (HEIGHT, WIDTH)
    part = whole.pixels[-whole.data.y0 :, -whole.data.x0 :][:HEIGHT, :WIDTH]
    assert np.array_equal(part, frame.pixels)
    with pytest.raises(UsageError, match="no layer 4"):
        evaluator.value("None_")


def test_propagate_by_default_works_on_the_clip_of_the_fit(graph: Make) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Fit=node("FitCoDeF", {"clip": "Clip"}, steps=1),
        Still=node("CanonicalView", {"field": "Fit"}),
        Out=node("Propagate", {"field": "Fit", "edit": ["Still"]}),
    )
    assert evaluator.frames("Out") == FRAMES
    out = evaluator.value("Out", 1003)
    assert np.array_equal(out.native.codes, evaluator.value("Clip", 1003).native.codes)
    assert out.changed is None


def test_what_an_edit_changes_is_found_once_for_all_frames(graph: Make) -> None:
    from codef_nodes.nodes.propagate import EDITS

    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Fit=node("FitCoDeF", {"clip": "Clip"}, steps=1),
        Still=node("CanonicalView", {"field": "Fit"}),
        Grade=node("ImageOperation", {"image": "Still"}, operation="exposure", exposure_stops=0.5),
        Out=node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Grade"]}),
    )
    before = EDITS.made
    evaluator.render("Out")
    assert EDITS.made == before + 1
    assert evaluator.type_computes["FitCoDeF"] == 1


def test_a_painted_frame_is_carried_and_other_frames_are_asked_for(graph: Make) -> None:
    stroke = {"kind": "brush", "points": [[30, 20, 1]], "size": 9, "colour": [1, 0, 0]}
    wires = {"source": "Clip", "field": "Fit", "frame_edit": ["Paint"]}
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Fit=node("FitCoDeF", {"clip": "Clip"}, steps=1),
        Paint=node("Paint", {"image": "Clip"}, strokes=[stroke]),
        Out=node("Propagate", wires, edit_frames="1004"),
        Unnamed=node("Propagate", wires),
    )
    own, painted = evaluator.value("Out", 1004), evaluator.value("Paint", 1004)
    assert np.allclose(own.pixels, painted.pixels, atol=1e-6)
    assert evaluator.value("Out", 1006).changed.sum() > 30
    with pytest.raises(UsageError, match="edit_frames"):
        evaluator.value("Unnamed", 1004)


def test_files_can_be_numbered_anew(graph: Make, tmp_path: Path) -> None:
    write = {"image": "Clip"}
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Start=node("WriteSequence", write, file="a/x.####.png", start_at=1),
        Shift=node("WriteSequence", write, file="b/x.%04d.png", offset=-1000),
    )
    evaluator.render("Start", [1003, 1004])
    evaluator.render("Shift", [1003, 1004])
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["x.0003.png", "x.0004.png"]
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == ["x.0003.png", "x.0004.png"]


@pytest.mark.parametrize(
    ("name", "depth", "dtype"),
    [
        ("o.%04d.exr", "source", "float16"),
        ("o.%04d.exr", "32", "float32"),
        ("o.%04d.png", "16", "uint16"),
        ("o.%04d.tif", "source", "uint8"),
        ("o.%04d.dpx", "10", "uint16"),
    ],
)
def test_depth_and_format_are_as_asked(
    graph: Make, tmp_path: Path, name: str, depth: str, dtype: str
) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Write=node("WriteSequence", {"image": "Clip"}, file=f"out/{name}", depth=depth),
    )
    evaluator.render("Write", [1001])
    picture = read_picture(tmp_path / "out" / name.replace("%04d", "1001"))
    assert picture.native is not None
    assert picture.native.codes.dtype == dtype


def test_written_files_say_what_they_were_made_from_and_no_path(
    graph: Make, tmp_path: Path
) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Write=node("WriteSequence", {"image": "Clip"}, file="out/o.%04d.exr"),
    )
    evaluator.render("Write", [1001])
    native = read_picture(tmp_path / "out" / "o.1001.exr").native
    assert native is not None
    assert native.metadata["codef/key"] == evaluator.key("Clip", 1001)
    assert str(tmp_path) not in repr(native.metadata)


def test_a_preview_holds_the_frames_that_are_there(graph: Make, tmp_path: Path) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Write=node("WriteSequence", {"image": "Clip"}, file="o/o.%04d.exr", preview="o/p.mp4"),
    )
    evaluator.render("Write", FRAMES[:2])
    evaluator.render("Write", FRAMES[2:5])
    movie = cv2.VideoCapture(str(tmp_path / "o" / "p.mp4"))
    shown = []
    while (read := movie.read())[0]:
        shown.append(read[1])
    movie.release()
    assert len(shown) == 5
    source = read_png(tmp_path / "clip" / "shot.1001.png").astype(float)
    assert np.abs(shown[0].astype(float) - source).mean() < 6


def test_a_write_without_a_name_or_number_is_refused(graph: Make) -> None:
    evaluator = graph(
        Clip=node("LoadSequence", file="clip"),
        Nameless=node("WriteSequence", {"image": "Clip"}),
        Numberless=node("WriteSequence", {"image": "Clip"}, file="o.exr"),
    )
    with pytest.raises(UsageError, match="no file"):
        evaluator.render("Nameless")
    with pytest.raises(UsageError, match=r"o\.%04d\.exr"):
        evaluator.render("Numberless")


def test_a_finished_field_can_be_loaded(graph: Make, tmp_path: Path) -> None:
    from codef_nodes.__main__ import main

    field = tmp_path / "F"
    assert main(["fit", str(tmp_path / "clip"), "--steps", "1", "-o", str(field), "-q"]) == 0
    evaluator = graph(
        Load=node("LoadField", folder="F"),
        Still=node("CanonicalView", {"field": "Load"}),
        Out=node("Propagate", {"field": "Load", "edit": ["Still"]}),
    )
    assert evaluator.frames("Out") == FRAMES
    assert evaluator.value("Out", 1002).changed is None


def test_a_painted_file_goes_back_to_the_layer_that_its_sidecar_names(
    graph: Make, tmp_path: Path
) -> None:
    from codef_nodes.__main__ import main

    masks = make_masks(tmp_path / "actor")
    fit = ["fit", str(tmp_path / "clip"), "--masks", str(masks), "--steps", "1", "-q"]
    assert main([*fit, "-o", str(tmp_path / "F")]) == 0
    assert main(["canonical", str(tmp_path / "F"), "-o", str(tmp_path / "still.png")]) == 0
    codes = read_png(tmp_path / "still.1.png")
    codes[12:26, 14:30] = (0, 65535, 0, 65535)
    write_png(tmp_path / "still.1.png", codes)
    evaluator = graph(
        Load=node("LoadField", folder="F"),
        Still=node("LoadSequence", file="still.1.png", still=True),
        Out=node("Propagate", {"field": "Load", "edit": ["Still"]}),
    )
    out = evaluator.value("Out", 1008)
    green = (out.rgb[..., 1] > 0.9) & (out.rgb[..., 0] < 0.1)
    assert green.sum() > 30
    (tmp_path / "still.1.codef.json").unlink()
    from engine.errors import EditError

    evaluator = graph(
        Load=node("LoadField", folder="F"),
        Still=node("LoadSequence", file="still.1.png", still=True),
        Out=node("Propagate", {"field": "Load", "edit": ["Still"]}),
        Named=node("Propagate", {"field": "Load", "edit": ["Still"]}, layers=["background"]),
    )
    with pytest.raises(EditError, match="knob layers"):
        evaluator.value("Out", 1008)
    assert evaluator.value("Named", 1008).changed.sum() > 30
