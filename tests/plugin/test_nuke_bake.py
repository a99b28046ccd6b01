"""Bake to nodes: the graph, evaluated node by node, gives what our own propagation gives."""

import copy

import numpy as np
import pytest

from codef_nodes.work.source import open_field, source_of
from codef_nodes.worker.hostfiles import write_files
from engine.edit.edits import EditSource, prepare_edits
from engine.edit.propagate import propagate_frame
from engine.io.picture import Picture, Window
from engine.io.read import read_picture
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
        spot = (36.0, 36.0) if k == 0 else (60.0, 40.0)
        centre = (spot[0] - data.x0, spot[1] - data.y0)
        colour = (0.9, 0.15, 0.05) if k == 0 else (0.05, 0.2, 1.3)
        radius = 20.0 if k == 0 else 13.0
        found[k] = lambda w, h, c=centre, v=colour, r=radius: strokes(w, h, c, r, v)
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


@pytest.fixture
def builder(nuke):
    """``codef_nuke.bake`` in the fake Nuke."""
    import codef_nuke.bake

    return codef_nuke.bake


def baked(nuke, builder, fitted, without=()):
    """The last node of the baked graph, its RotoPaints painted on."""
    folder, field, manifest = fitted
    manifest = copy.deepcopy(manifest)
    for layer in manifest["layers"]:
        for kind in without:
            layer["files"].pop(kind, None)
    last = builder.bake(manifest, plate_read(nuke, folder))
    paints = paints_of(field)
    for node in nuke.allNodes("RotoPaint"):
        k = [layer.name for layer in field.layers].index(node.name()[len("Codef_paint_") :])
        node.paint = paints[k]
    return last


def difference(last, fitted, frame):
    """How far Nuke's picture is from ours; and how far the edit moves the plate."""
    result, source = ours(fitted[1], paints_of(fitted[1]), frame)
    theirs = nukerender.render(last, frame).pixels()[..., :3]
    return np.abs(theirs - result.rgb), np.abs(result.rgb - source.rgb)


def shrunk(field, frame):
    """Where a map brings pixels of a still more than 3 % closer: our own filter widens there."""
    found = np.zeros((field.height, field.width), bool)
    for layer in field.layers:
        places = layer.deformation.positions(field.index(frame))
        for axis in (0, 1):
            found |= np.linalg.norm(np.gradient(places, axis=axis), axis=-1) > 1.03
    return found


@pytest.mark.parametrize("frame", range(FIRST, LAST + 1))
def test_the_baked_graph_composites_as_our_own_propagation_does(nuke, builder, fitted, frame):
    apart, moved = difference(baked(nuke, builder, fitted), fitted, frame)
    assert moved.max() > 0.3, "the edit has to be seen in this frame"
    assert apart[~shrunk(fitted[1], frame)].max() < 0.0005
    assert apart.max() < 0.001 and apart.mean() < 0.00001
    # Where nothing was painted the plate is Nuke's own, to the last bit of a half float.
    assert apart[moved == 0].max() < 1e-6


@pytest.mark.parametrize("kind", ["light", "matte", "edge"])
def test_each_pass_is_needed(nuke, builder, fitted, kind):
    apart, _ = difference(baked(nuke, builder, fitted, without=(kind,)), fitted, LAST)
    assert apart.max() > 0.03, f"{kind} would change nothing: the comparison cannot see it"


def test_the_group_s_paint_is_multiplied_by_its_mask_only_once(nuke, builder, fitted):
    last = baked(nuke, builder, fitted)
    for node in nuke.allNodes("Switch"):
        # What a Premult of the painted picture by the paint's mask would give.
        copied = node.input(0).input(1)
        node.setInput(0, nuke.nodes.Premult(inputs=[copied]))
    apart, _ = difference(last, fitted, FIRST)
    assert apart.max() > 0.05


def test_the_canonical_image_over_the_plate_would_be_wrong(nuke, builder, fitted):
    last = baked(nuke, builder, fitted)
    for node in nuke.allNodes("STMap"):
        node.setInput(0, next(n for n in above(node) if n.name().startswith("Codef_canonical")))
    apart, moved = difference(last, fitted, FIRST)
    assert apart[moved == 0].max() > 0.02


def above(node):
    """All nodes above one."""
    found, waiting = [], [node]
    while waiting:
        for source in waiting.pop()._inputs.values():
            found.append(source)
            waiting.append(source)
    return found


def test_what_is_delivered_has_formats_that_nuke_knows(fitted):
    manifest = fitted[2]
    for layer in manifest["layers"]:
        for kind, said in layer["files"].items():
            file = said["file"] % FIRST if said["moving"] else said["file"]
            picture = read_picture(file, colour_space="raw" if said["raw"] else None)
            assert (picture.display.x0, picture.display.y0) == (0, 0), kind
            assert [picture.display.width, picture.display.height] == said["size"]
            if kind == "canonical":
                assert picture.data == picture.display
            if kind == "edge":
                assert not picture.alpha.any()
            if kind == "light":
                assert (picture.alpha == 1).all()
    names = {kind for layer in manifest["layers"] for kind in layer["files"]}
    assert names == {"canonical", "stmap", "light", "matte", "edge"}, "nothing was left out here"
