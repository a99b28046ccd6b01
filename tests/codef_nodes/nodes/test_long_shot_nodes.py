"""FitCoDeF, CanonicalView, Paint and Propagate on a shot of several segments."""

import json
from pathlib import Path

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.commands import AddNode, Connect, SetKnob
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.errors import UsageError
from engine.fields.folder import load_field
from engine.linked.field import LinkedField
from tests.codef_nodes.cli.tinyclip import write_png
from tests.codef_nodes.nodes.test_mask_nodes import node
from tests.engine.fit.clips import Pan

PAN = Pan(count=24, height=64, width=88, step=(1.2, -0.3), wave=0.8)
STROKE = {
    "points": [[44, 32, 1], [45, 33, 1]],
    "size": 14,
    "colour": [1, 0, 0],
    "hardness": 1,
}


@pytest.fixture
def evaluator(tmp_path: Path) -> Evaluator:
    (tmp_path / "clip").mkdir()
    for t in range(PAN.count):
        codes = np.rint(np.clip(PAN.frame(t), 0, 1) * 255).astype(np.uint8)
        write_png(tmp_path / "clip" / f"s.{t + 1:04d}.png", codes[..., ::-1])
    nodes = {
        "Clip": node("LoadSequence", file="clip"),
        "Fit": node("FitCoDeF", {"clip": "Clip"}, steps=3, split="13"),
        "Still": node("CanonicalView", {"field": "Fit"}, segment=1),
        "Paint": node("Paint", {"image": "Still"}, strokes=[STROKE]),
        "Out": node("Propagate", {"source": "Clip", "field": "Fit", "edit": ["Paint"]}),
    }
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=tmp_path)


def test_paint_on_the_still_of_one_segment_reaches_the_frames_of_the_other(
    evaluator: Evaluator,
) -> None:
    field = load_field(evaluator.refit("Fit"))
    assert isinstance(field, LinkedField) and len(field.segments.parts) == 2
    for frame in (1, 7, 12, 20):
        plate, result = evaluator.value("Clip", frame), evaluator.value("Out", frame)
        red = (result.pixels[..., 0] > 0.8) & (result.pixels[..., 1] < 0.2)
        assert 80 < red.sum() < 260
        world = PAN.to_world(field.seen_from(1).reference - 1)[32, 44]
        y, x = np.nonzero(red)
        shown = PAN.to_world(frame - 1)[int(y.mean()), int(x.mean())]
        assert np.abs(shown - world).max() < 3
        same = ~result.changed
        assert np.array_equal(result.pixels[same], plate.pixels[same])


def test_a_longer_range_goes_on_from_the_fit_that_is_there(evaluator: Evaluator) -> None:
    document = evaluator.document
    SetKnob("Fit", "split", "auto").run(document)
    SetKnob("Fit", "frames", "1-12").run(document)
    first = load_field(evaluator.refit("Fit"))
    SetKnob("Fit", "frames", "1-24").run(document)
    second = load_field(evaluator.refit("Fit"))
    assert [told["fitted"] for told in second.report["segments"]] == [False, True]
    still = second.segments.field(0).layers[0].canonical.pixels
    assert np.array_equal(still, first.layers[0].canonical.pixels)
    SetKnob("Fit", "refit", "everything").run(document)
    assert not isinstance(load_field(evaluator.refit("Fit")), LinkedField)


def test_a_segment_that_is_not_there_is_named(evaluator: Evaluator) -> None:
    SetKnob("Still", "segment", 5).run(evaluator.document)
    evaluator.refit("Fit")
    with pytest.raises(UsageError, match="segment 5"):
        evaluator.value("Still", None)


def test_every_node_that_takes_a_fit_takes_one_of_several_segments(evaluator: Evaluator) -> None:
    evaluator.refit("Fit")
    document = evaluator.document
    pin = {"canonical": [48, 30], "frames": {"20": [44, 32]}, "radius": 20, "segment": 1}
    readers: dict[str, tuple[str, str, dict[str, object]]] = {
        "Pinned": ("Pins", "field", {"pins": [pin]}),
        "Map": ("STMap", "field", {"segment": 1}),
        "Stable": ("Stabilise", "field", {"segment": 1}),
        "Matte": ("LiftMatte", "field", {"frame": 20}),
        "Seen": ("FieldPass", "field", {"output": "visibility"}),
        "Trust": ("FieldPass", "field", {"output": "confidence"}),
        "Points": ("Track", "field", {"segment": 1, "count": 4}),
        "Sheet": ("QCSheet", "fit", {"segment": 1}),
        "Linked": ("Relink", "field", {}),
    }
    for name, (kind, port, knobs) in readers.items():
        AddNode(kind, name, (0, 0), knobs).run(document)
        Connect("Fit", name, port).run(document)
        if name == "Linked":
            Connect("Clip", name, "plate").run(document)
    Connect("Clip", "Matte", "mask").run(document)
    field, pinned = evaluator.value("Fit", None), evaluator.value("Pinned", None)
    before, after = (f.seen_from(0).layers[0].deformation for f in (field, pinned))
    assert np.abs(before.positions(19) - after.positions(19)).max() > 1
    assert np.array_equal(before.positions(2), after.positions(2))
    for frame in (3, 12, 20):
        assert evaluator.value("Map", frame).pixels.shape[2] == 4
        assert evaluator.value("Stable", frame).alpha.max() > 0.9
        assert evaluator.value("Seen", frame).pixels.max() > 0.9
        assert evaluator.value("Trust", frame).pixels[20:40, 20:60].mean() > 0.8, frame
        assert evaluator.value("Matte", frame).pixels.max() > 0.1
    assert evaluator.value("Points", 3).pixels.shape[:2] == (64, 88)
    assert evaluator.value("Sheet", None).pixels.shape[0] > 200
    linked = evaluator.value("Linked", None)
    assert isinstance(linked, LinkedField) and linked.report["relinked"]["agrees"]
