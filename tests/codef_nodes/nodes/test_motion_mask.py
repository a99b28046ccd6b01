"""MotionMask in a graph: the group that motion suggests, and when there is none."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codef_nodes.graph.cache import Cache
from codef_nodes.graph.evaluate import Evaluator
from codef_nodes.graph.serialise import from_tree
from engine.errors import MaskError, UsageError
from engine.io.picture import Picture, Window
from engine.io.write import write_picture
from engine.metrics.segmentation import region
from tests.codef_nodes.cli.tinyclip import write_png
from tests.codef_nodes.nodes.test_mask_nodes import node
from tests.engine.fit.test_propose import clip

FIRST = 1001
FRAMES, TRUTH = clip(4.0)


def graph(folder: Path, frames: list[Any], known: list[Any] | None = None) -> Evaluator:
    """A clip on the disk, MotionMask below it, MaskGroup below that."""
    nodes: dict[str, Any] = {}
    for name, pictures in (("clip", frames), ("held", known)):
        if pictures is None:
            continue
        (folder / name).mkdir(parents=True)
        for n, picture in enumerate(pictures):
            write_png(folder / name / f"f.{FIRST + n}.png", picture)
        nodes[name] = node("LoadSequence", file=name, raw=name == "held")
    wires = {"source": "clip", **({} if known is None else {"known": ["held"]})}
    nodes["moves"] = node("MotionMask", wires)
    nodes["groups"] = node("MaskGroup", {"masks": ["moves"]})
    tree = {"codef": {"schema": 1}, "settings": {}, "nodes": nodes}
    return Evaluator(from_tree(tree), Cache(), folder=folder)


def test_what_moves_is_a_group_of_every_frame(tmp_path: Path) -> None:
    made = graph(tmp_path, [frame[..., ::-1] for frame in FRAMES])
    met = []
    for n, mask in enumerate(TRUTH):
        found = made.value("groups", FIRST + n)
        assert found.names == ("moves",)
        met.append(region(mask, found.masks[0] > 127))
    assert np.mean(met) > 0.6
    said = made.value("moves", FIRST).metadata["codef/sentence"]
    assert f"frames {FIRST}-{FIRST + len(FRAMES) - 1}" in said


def test_the_mask_lies_where_the_plate_does(tmp_path: Path) -> None:
    """A plate with overscan: its mask has the same windows."""
    made = graph(tmp_path, [])
    window = Window(-7, -5, FRAMES[0].shape[1] - 7, FRAMES[0].shape[0] - 5)
    display = Window(0, 0, window.x1 - 7, window.y1 - 5)
    for n, frame in enumerate(FRAMES):
        plate = Picture((frame / np.float32(255)) ** np.float32(2.2), display, window)
        write_picture(tmp_path / "clip" / f"f.{FIRST + n}.exr", plate)
    shown = made.value("moves", FIRST + 3)
    assert (shown.data, shown.display) == (window, display)
    assert region(TRUTH[3], shown.alpha > 0.5) > 0.6


def test_what_a_group_holds_is_not_looked_for_again(tmp_path: Path) -> None:
    held = [np.asarray(255 * mask, np.uint8) for mask in TRUTH]
    made = graph(tmp_path, [frame[..., ::-1] for frame in FRAMES], held)
    with pytest.raises(MaskError, match=r"moves finds nothing that moves.*RoughMask"):
        made.value("moves", FIRST)


def test_two_frames_show_no_motion(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="three frames or more"):
        graph(tmp_path, FRAMES[:2]).value("moves", FIRST)
