"""Stabilise, painted frames and the field's other pictures, in a graph."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from codef_nodes.worker.kinship import CANONICAL, space_of
from engine.errors import UsageError
from tests.codef_nodes.cli.tinyclip import FRAMES, WIDTH, make_clip, make_masks

Make = Callable[..., Evaluator]
FIT = {"clip": "Clip"}


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("deliver")
    make_clip(place / "clip")
    return place


@pytest.fixture(scope="module")
def graph(folder: Path) -> Make:
    """An evaluator of a document beside a clip, with a clip and a fit."""

    def make(**nodes: Any) -> Evaluator:
        common = {
            "Clip": node("LoadSequence", file="clip"),
            "Fit": node("FitCoDeF", FIT, steps=2),
        }
        tree = {"codef": {"schema": 1}, "settings": {}, "nodes": {**common, **nodes}}
        return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=folder)

    return make


def stroke(x: float, y: float, **more: Any) -> dict[str, Any]:
    return {"points": [[x, y, 1]], "size": 9, "hardness": 0.9, "colour": [1, 0, 0], **more}


def test_stabilise_then_propagate_gives_the_plate_back_bit_for_bit(graph: Make) -> None:
    evaluator = graph(
        Stable=node("Stabilise", {"field": "Fit"}),
        Out=node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Stable"]}),
    )
    assert evaluator.frames("Stable") == FRAMES
    for frame in (FRAMES[0], FRAMES[-1]):
        out = evaluator.value("Out", frame)
        assert np.array_equal(out.native.codes, evaluator.value("Clip", frame).native.codes)
        assert out.changed is None
    stable = evaluator.value("Stable", FRAMES[0])
    still = graph(Still=node("CanonicalView", {"field": "Fit"})).value("Still", None)
    assert (stable.display, stable.data) == (still.display, still.data)
    assert 0 < (stable.alpha > 0.5).sum() < (still.alpha > 0.5).sum()


def test_the_subject_stands_still_in_a_stabilised_sequence(graph: Make) -> None:
    evaluator = graph(Stable=node("Stabilise", {"source": "Clip", "field": "Fit"}))
    first, last = (evaluator.value("Stable", frame) for frame in (FRAMES[0], FRAMES[-1]))
    both = (first.alpha > 0.99) & (last.alpha > 0.99)
    assert both.sum() > 800
    gap = np.abs(first.rgb - last.rgb)[both].mean()
    plates = [evaluator.value("Clip", frame).rgb for frame in (FRAMES[0], FRAMES[-1])]
    assert gap < np.abs(plates[0] - plates[1]).mean() / 8


def test_paint_on_the_stabilised_plate_that_moves_lands_where_each_frame_has_it(
    graph: Make,
) -> None:
    strokes = [stroke(30, 20, lifetime="1003"), stroke(38, 26, lifetime="1006")]
    evaluator = graph(
        Stable=node("Stabilise", {"field": "Fit"}),
        Paint=node("Paint", {"image": "Stable"}, strokes=strokes),
        Out=node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
    )
    assert space_of(evaluator.document, "Paint") == CANONICAL
    field = evaluator.value("Fit", None)
    for frame, place in ((1003, (30, 20)), (1006, (38, 26))):
        out = evaluator.value("Out", frame)
        points = field.layers[0].deformation.positions(field.index(frame))
        landed = points[out.changed].mean(axis=0)
        assert np.abs(landed - place).max() < 0.5
        assert 40 < out.changed.sum() < 140
    assert evaluator.value("Out", 1004).changed is None


def test_an_operation_on_the_stabilised_plate_is_compared_with_its_own_frame(
    graph: Make,
) -> None:
    evaluator = graph(
        Stable=node("Stabilise", {"field": "Fit"}),
        Up=node("ImageOperation", {"image": "Stable"}, operation="exposure", exposure_stops=1.0),
        Out=node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Up"]}),
    )
    for frame in (1002, 1007):
        ratio = evaluator.value("Out", frame).rgb / evaluator.value("Clip", frame).rgb
        assert np.median(ratio) == pytest.approx(2, abs=0.02)
        assert np.percentile(np.abs(ratio - 2), 95) < 0.2


def test_several_painted_frames_meet_in_the_frames_between(graph: Make) -> None:
    wires = {"image": "Clip"}
    evaluator = graph(
        Early=node("Paint", wires, strokes=[stroke(30, 20)]),
        Late=node("Paint", wires, strokes=[stroke(24, 30, colour=[0, 0, 1])]),
        Out=node(
            "Propagate",
            {"source": "Clip", "field": "Fit", "frame_edit": ["Early", "Late"]},
            edit_frames="1002,1007",
        ),
    )
    own = evaluator.value("Out", 1002)
    assert np.allclose(own.rgb[20, 30], [1, 0, 0], atol=1e-3)
    between = evaluator.value("Out", 1004)
    red = (between.rgb[..., 0] > 0.9) & (between.rgb[..., 2] < 0.1)
    blue = (between.rgb[..., 2] > 0.9) & (between.rgb[..., 0] < 0.1)
    assert red.sum() > 30 and blue.sum() > 30
    # The pan: two pixels to the left and one up a frame.
    row, column = np.argwhere(red).mean(axis=0)
    assert (column, row) == pytest.approx((30 - 4, 20 - 2), abs=0.8)


def test_the_passes_of_a_fit_are_mattes_over_the_frame(graph: Make, folder: Path) -> None:
    make_masks(folder / "masks")
    evaluator = graph(
        Mask=node("MaskGroup", files=["masks"]),
        Two=node("FitCoDeF", {"clip": "Clip", "groups": "Mask"}, steps=2),
        Front=node("FieldPass", {"field": "Two"}),
        Back=node("FieldPass", {"field": "Two"}, layer=1),
        Seen=node("FieldPass", {"field": "Two"}, output="visibility", layer=1),
        Trust=node("FieldPass", {"field": "Two"}, output="confidence"),
        Elsewhere=node("FieldPass", {"field": "Two"}, layer=4),
    )
    front, back = (evaluator.value(name, 1004) for name in ("Front", "Back"))
    assert np.array_equal(front.pixels, np.repeat(front.pixels[..., :1], 4, 2))
    # The hard mask got soft edges, two pixels to each side.
    assert front.alpha[14:28, 22:42].min() > 0.7
    beyond = front.alpha.copy()
    beyond[10:32, 18:46] = 0
    assert not beyond.any()
    assert np.allclose(back.alpha, 1 - front.alpha, atol=1e-6)
    assert evaluator.value("Seen", 1004).alpha.sum() > 0.95 * back.alpha.sum()
    trust = evaluator.value("Trust", 1004)
    assert 0.8 < trust.alpha.mean() <= 1
    assert trust.metadata["codef/pass"] == "confidence"
    with pytest.raises(UsageError, match="no layer 4"):
        evaluator.value("Elsewhere", 1004)


def test_st_maps_are_nodes_too(graph: Make) -> None:
    evaluator = graph(
        To=node("STMap", {"field": "Fit"}),
        Back=node("STMap", {"field": "Fit"}, direction="to-frame"),
        Across=node("STMap", {"field": "Fit"}, direction="frame-to-frame", sampled_frame=1002),
        Lost=node("STMap", {"field": "Fit"}, direction="frame-to-frame", sampled_frame=7),
    )
    field = evaluator.value("Fit", None)
    frame = 1006
    to = evaluator.value("To", frame).pixels
    points = field.layers[0].deformation.positions(field.index(frame))
    assert np.allclose(to[..., 0] * WIDTH, points[..., 0], atol=1e-4)
    assert evaluator.value("Back", frame).data == field.layers[0].canonical.data
    across = evaluator.value("Across", frame).pixels
    x = across[..., 0] * WIDTH - 0.5 - np.arange(WIDTH)
    assert np.median(x[across[..., 3] > 0.5]) == pytest.approx(8, abs=0.2)
    with pytest.raises(UsageError, match="no frame 7"):
        evaluator.value("Lost", frame)


def test_the_qc_sheet_is_gathered_once_to_look_at_and_to_write(graph: Make, folder: Path) -> None:
    from codef_nodes.nodes.qc_sheet import SHEETS

    evaluator = graph(
        QC=node("QCSheet", {"fit": "Fit"}, file="sheet/qc.html"),
        Wired=node("QCSheet", {"fit": "Fit", "source": "Clip"}),
    )
    before = SHEETS.made
    sheet = evaluator.value("QC", None)
    answer = evaluator.render("QC")
    assert SHEETS.made == before + 1
    assert sheet.display.width > 1500 and 0.005 < sheet.rgb.mean() < 0.3
    page = (folder / "sheet" / "qc.html").read_text(encoding="utf-8")
    assert page.count("<img") == 5 + 5 + 3 and (folder / "sheet" / "qc.png").is_file()
    assert 20 < answer["psnr"] <= 100
    with pytest.raises(UsageError, match="no file to write"):
        evaluator.render("Wired")


def test_the_edit_alone_over_the_plate_is_the_result(graph: Make) -> None:
    wires = {"source": "Clip", "field": "Fit", "edit": ["Paint"], "frame_edit": ["Late"]}
    evaluator = graph(
        Still=node("CanonicalView", {"field": "Fit"}),
        Paint=node("Paint", {"image": "Still"}, strokes=[stroke(30, 20)]),
        Late=node("Paint", {"image": "Clip"}, strokes=[stroke(24, 30, colour=[0, 0, 1])]),
        Whole=node("Propagate", wires, edit_frames="1007"),
        Alone=node("Propagate", wires, edit_frames="1007", output="edit"),
        Over=node("Merge", {"b": "Clip", "a": "Alone"}),
    )
    for frame in (1003, 1007):
        whole, alone = evaluator.value("Whole", frame), evaluator.value("Alone", frame)
        assert np.allclose(evaluator.value("Over", frame).rgb, whole.rgb, atol=1e-5)
        assert (alone.alpha > 0.9).sum() > 70
        assert not alone.pixels[~whole.changed].any()


def test_what_propagation_found_is_an_output(graph: Make) -> None:
    wires = {"source": "Clip", "field": "Fit", "edit": ["Paint"]}
    evaluator = graph(
        Still=node("CanonicalView", {"field": "Fit"}),
        Paint=node("Paint", {"image": "Still"}, strokes=[stroke(30, 20)]),
        Motion=node("Propagate", wires, output="blur", shutter=1.0),
        Drawn=node("Propagate", wires, output="light", mode="replace"),
    )
    blur = evaluator.value("Motion", 1004)
    assert blur.metadata["codef/pass"] == "blur"
    moves = blur.pixels[18, 26, :2]  # the paint: two pixels to the left, one up a frame
    assert moves == pytest.approx((-2, -1), abs=0.3)
    with pytest.raises(UsageError, match="mode over"):
        evaluator.value("Drawn", 1004)
