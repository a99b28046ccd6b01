"""RoughMask, DrawMask and IdMatte in a graph."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.errors import MaskError, UsageError
from engine.io.write import write_arrays
from engine.metrics.segmentation import region
from tests.codef_nodes.cli.tinyclip import read_png, write_png
from tests.engine.masks.scene import box, shot
from tests.engine.masks.test_cryptomatte import MANIFEST, header, planes
from tests.engine.masks.test_segmenter import plate, red_model

FRAMES, TRUTH = shot(6)
Make = Callable[..., Evaluator]


def node(kind: str, wires: dict[str, Any] | None = None, **knobs: Any) -> dict[str, Any]:
    return {"type": kind, "version": 1, "knobs": knobs, "inputs": wires or {}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("masks")
    (place / "clip").mkdir()
    for index, frame in enumerate(FRAMES):
        write_png(place / "clip" / f"s.{index + 1:04d}.png", frame[..., ::-1])
    write_png(place / "rough.png", (TRUTH[2] * 255).astype(np.uint8))
    both = np.concatenate([np.full((4, 6, 3), 0.5, np.float32), planes()], axis=2)
    channels = ("R", "G", "B", *(f"CryptoObject00.{c}" for c in "RGBA"))
    write_arrays(place / "render.exr", both, channels, metadata=header(MANIFEST))
    return place


@pytest.fixture
def graph(folder: Path) -> Make:
    def make(**nodes: Any) -> Evaluator:
        common = {"Clip": node("LoadSequence", file="clip")}
        tree = {"codef": {"schema": 1}, "settings": {}, "nodes": {**common, **nodes}}
        return Evaluator(from_tree(json.loads(json.dumps(tree))), Cache(), folder=folder)

    return make


def rectangle() -> str:
    return ",".join(f"{value:g}" for value in box(TRUTH[0]))


def test_a_rectangle_becomes_groups_of_every_frame(graph: Make) -> None:
    evaluator = graph(
        Rough=node("RoughMask", {"source": "Clip"}, rectangle=rectangle()),
        Groups=node("MaskGroup", {"masks": ["Rough"]}),
    )
    assert evaluator.frames("Groups") == (1, 2, 3, 4, 5, 6)
    for frame, truth in enumerate(TRUTH, 1):
        masks = evaluator.value("Groups", frame)
        assert masks.names == ("Rough",)
        assert region(truth, masks.masks[0] > 127) > 0.85


def test_marks_correct_and_the_shot_is_looked_at_once(graph: Make) -> None:
    from codef_nodes.nodes.rough_mask import SHOTS

    line = {"points": [[50, 48], [58, 48]], "inside": False, "radius": 4}
    before = SHOTS.made
    plain = graph(Rough=node("RoughMask", {"source": "Clip"}, rectangle=rectangle()))
    first = plain.value("Rough", 4).pixels[..., 3]
    marks = {"4": {"scribbles": [line]}}
    marked = graph(Rough=node("RoughMask", {"source": "Clip"}, rectangle=rectangle(), marks=marks))
    second = marked.value("Rough", 4).pixels[..., 3]
    assert SHOTS.made <= before + 1
    assert first[48, 54] > 0.9 > 0.1 > second[48, 54]
    assert marked.key("Rough", 1) != plain.key("Rough", 1)


def test_a_rough_mask_file_of_a_frame_starts_there(graph: Make) -> None:
    evaluator = graph(
        Rough=node("RoughMask", {"source": "Clip"}, mask="rough.png", frame=3, exact=True)
    )
    for frame in (1, 3, 6):
        found = evaluator.value("Rough", frame).pixels[..., 3] > 0.5
        assert region(TRUTH[frame - 1], found) > 0.9


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({}, "what to look for"),
        ({"rectangle": "1,2,3"}, "LEFT,TOP,RIGHT,BOTTOM"),
        ({"marks": {"one": {"rectangle": [1, 1, 9, 9]}}}, "no frame number"),
        ({"rectangle": "1,1,9,9", "marks": {"1": {"rectangle": [1, 1, 9, 9]}}}, "keep one"),
    ],
)
def test_what_cannot_be_carried_is_said(graph: Make, knobs: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        graph(Rough=node("RoughMask", {"source": "Clip"}, **knobs)).value("Rough", 1)


def test_a_network_of_a_file_starts_and_scribbles_on_its_frame_mend(
    graph: Make, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from codef_nodes.nodes.rough_mask import SEGMENTED

    (folder / "models").mkdir()
    monkeypatch.setenv("CODEF_MODELS", str(folder / "models"))
    red_model(folder / "models" / "red.onnx")
    (folder / "reds").mkdir()
    for frame in (1, 2, 3):
        write_png(folder / "reds" / f"s.{frame:04d}.png", np.roll(plate(), frame, 1)[..., ::-1])
    before = SEGMENTED.made
    wires = {"source": "Reds"}
    reds = node("LoadSequence", file="reds")
    found = graph(Reds=reds, Rough=node("RoughMask", wires, mask="red.onnx"))
    for frame in (1, 2, 3):
        truth = np.roll(plate()[..., 0] > 128, frame, 1)
        assert region(truth, found.value("Rough", frame).pixels[..., 3] > 0.5) > 0.9
    assert SEGMENTED.made == before + 1  # not once for each frame
    marks = {"1": {"scribbles": [{"points": [[34, 30], [40, 30]], "inside": False, "radius": 4}]}}
    mended = graph(Reds=reds, Rough=node("RoughMask", wires, mask="red.onnx", marks=marks))
    assert (
        found.value("Rough", 1).pixels[30, 37, 3]
        > 0.9
        > 0.1
        > (mended.value("Rough", 1).pixels[30, 37, 3])
    )


def test_drawn_shapes_are_the_mask_of_each_frame(graph: Make) -> None:
    def square(left: float) -> list[list[float]]:
        return [[left, 20], [left + 30, 20], [left + 30, 50], [left, 50]]

    keys = {"1": {"points": square(10)}, "5": {"points": square(50)}}
    evaluator = graph(
        Draw=node("DrawMask", {"source": "Clip"}, shapes={"box": {"keys": keys}}),
        Groups=node("MaskGroup", {"masks": ["Draw"]}, names=["actor"]),
    )
    masks = evaluator.value("Groups", 3)
    assert masks.names == ("actor",)
    assert masks.masks[0].shape == (96, 160)
    assert masks.masks[0][20:50, 30:60].min() == 255
    assert int((masks.masks[0] > 0).sum()) == 900
    turned = graph(
        Draw=node("DrawMask", {"source": "Clip"}, shapes={"box": {"keys": keys}}, invert=True)
    )
    assert turned.value("Draw", 3).pixels[25, 40, 3] == 0


def test_a_mask_is_written_with_its_own_figures(graph: Make, folder: Path) -> None:
    """Soft edges stay soft in files whose colours are not premultiplied, and are no light."""
    shape = {"keys": {"1": {"points": [[30, 30], [80, 30], [80, 70], [30, 70]]}}, "feather": 12}
    evaluator = graph(
        Draw=node("DrawMask", {"source": "Clip"}, shapes={"box": shape}),
        Write=node("WriteSequence", {"image": "Draw"}, file="drawn.%04d.png"),
    )
    evaluator.render("Write", (1,))
    mask = evaluator.value("Draw", 1).pixels[..., 3]
    written = read_png(folder / "drawn.0001.png").reshape(*mask.shape, -1)
    most = np.iinfo(written.dtype).max
    assert written.shape[2] in (1, 3)
    np.testing.assert_allclose(written[..., 0] / most, mask, atol=1 / 255)
    assert ((mask > 0.2) & (mask < 0.8)).sum() > 100


def test_id_mattes_are_found_by_name(graph: Make) -> None:
    evaluator = graph(
        Render=node("LoadSequence", file="render.exr"),
        Robot=node("IdMatte", {"source": "Render"}, names=["robot"]),
        House=node("IdMatte", {"source": "Render"}, names=["house"]),
        None_=node("IdMatte", {"source": "Clip"}, names=["robot"]),
    )
    (frame,) = evaluator.frames("Render") or (None,)
    matte = evaluator.value("Robot", frame).pixels[..., 3]
    assert matte[0].tolist() == [1, 1, 0.75, 0, 0, 0]
    with pytest.raises(MaskError, match="robot, tree"):
        evaluator.value("House", frame)
    with pytest.raises(MaskError, match="rendered EXR"):
        evaluator.value("None_", 1)
