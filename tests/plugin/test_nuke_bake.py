"""Bake to nodes: the graph, evaluated node by node, gives what our own propagation gives."""

import numpy as np
import pytest

from codef_nodes.work.source import open_field, source_of
from codef_nodes.worker.hostfiles import write_files
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.propagate import propagate_frame
from engine.io.picture import Picture, Window
from engine.progress import Task
from tests.plugin import nukerender
from tests.plugin.clips import FIRST, LAST, two_groups

WANTED = ["canonical", "stmap", "light", "visibility", "matte", "edge"]


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A real fit of two groups and what is delivered of it."""
    from codef_nodes.cli.app import run

    folder = two_groups(tmp_path_factory.mktemp("shot"))
    code = run(
        [
            "fit",
            str(folder / "plate"),
            "--masks",
            str(folder / "matte"),
            "--steps",
            "8",
            "-o",
            str(folder / "field"),
            "-q",
        ]
    )
    assert code == 0
    field = open_field(str(folder / "field"))
    manifest = write_files(
        field,
        folder / "files",
        wanted=WANTED,
        frames=None,
        document=folder / "shot.codef",
        node="Fit",
        task=Task(),
    )
    return folder, field, manifest


def strokes(width, height, centre, radius, colour):
    """A soft dab: colour [H, W, 3] and mask [H, W]."""
    y, x = np.mgrid[0:height, 0:width]
    far = np.hypot(x + 0.5 - centre[0], y + 0.5 - centre[1])
    mask = np.clip((radius - far) / 3 + 0.5, 0, 1) * 0.8
    return np.broadcast_to(np.array(colour, np.float64), (height, width, 3)), mask


def plate_read(nuke, folder):
    node = nuke.nodes.Read(file=str(folder / "plate/sh.%04d.exr"), first=FIRST, last=LAST)
    node["raw"].setValue(True)
    return node


def paints_of(field):
    """A dab for each layer, across a soft edge, in pixels of its canvas."""
    found = {}
    for k, layer in enumerate(field.layers):
        data = layer.canonical.data
        spot = (38.0, 36.0) if k == 0 else (54.0, 40.0)
        centre = (spot[0] - data.x0, spot[1] - data.y0)
        colour = (0.9, 0.15, 0.05) if k == 0 else (0.05, 0.2, 1.3)
        found[k] = lambda w, h, c=centre, v=colour: strokes(w, h, c, 13.0, v)
    return found


def ours(field, paints, frame):
    """The same strokes through our own propagation, as paint of its own alpha."""
    sources = []
    for k, paint in paints.items():
        still = field.layers[k].canonical
        data = still.data
        colour, mask = paint(data.width, data.height)
        overlay = np.concatenate([colour * mask[..., None], mask[..., None]], axis=2)
        under = still.pixels
        pixels = under.copy()
        pixels[..., :3] = under[..., :3] * (1 - mask[..., None]) + colour * mask[..., None]
        picture = Picture(
            pixels.astype(np.float32),
            Window.of_size(field.display.width, field.display.height),
            Window(data.x0, data.y0, data.x1, data.y1),
            under=under,
            overlay=overlay.astype(np.float32),
            metadata={"codef/layer": field.layers[k].name},
        )
        sources.append(EditSource(picture, layer=k))
    edits = prepare_edits(field, sources)
    plate = source_of(field, None).read(frame)
    return propagate_frame(field, edits, plate, field.index(frame)), plate


@pytest.mark.parametrize("frame", [FIRST, FIRST + 3, LAST])
def test_the_baked_graph_composites_as_our_own_propagation_does(nuke, fitted, frame):
    folder, field, manifest = fitted
    plate = plate_read(nuke, folder)
    last = sys_modules_bake().bake(manifest, plate)
    paints = paints_of(field)
    for node in nuke.allNodes("RotoPaint"):
        k = [layer.name for layer in field.layers].index(node.name()[len("Codef_paint_") :])
        node.paint = paints[k]
    theirs = nukerender.render(last, frame).pixels()
    result, source = ours(field, paints, frame)
    moved = np.abs(result.rgb - source.rgb).max()
    assert moved > 0.3, "the edit has to be seen in this frame"
    difference = np.abs(theirs[..., :3] - result.rgb)
    print(frame, difference.max(), difference.mean())
    assert difference.max() < 0.01 and difference.mean() < 0.0005


def sys_modules_bake():
    import sys

    import codef_nuke.bake  # noqa: F401

    return sys.modules["codef_nuke.bake"]
