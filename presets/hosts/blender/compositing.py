# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""The node group that puts painted stills into every frame, with Blender's own nodes.

For each group of the shot: what the artist changed on the still, with a matte -> Map UV -> times
light -> times visibility and the group's matte; the sum of all over the plate. It is what
``codef propagate --merge over`` does without regrain, highlights and focus.
"""

import json
from typing import Any

import bpy

from . import pictures, versions
from .clips import Clip, file_of
from .graph import Graph

FULL = 8 / 255
"""Encoded difference at which paint covers the plate; a fainter one is added to it."""
HOLE = 1 / 256
"""Alpha below which a still is empty."""
TALL = 340.0
"""Height of an Image node with its settings, and room below."""
WANTED = ("canonical", "stmap", "light", "visibility", "matte", "edge")


class BakeError(Exception):
    """The nodes cannot be made; the message says what to do."""


def read_manifest(path: str) -> dict[str, Any]:
    """What was delivered.

    Raises:
        BakeError: It is absent, or of another version.
    """
    try:
        with open(path, encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError) as error:
        raise BakeError(f"{path} cannot be read ({error}); bake again") from None
    if not isinstance(content, dict) or content.get("codef_manifest") != 1:
        raise BakeError(f"{path} is of another version; install the extension of this program")
    return content


def group_of(document: str) -> Any:
    """The node group made for a document, or None."""
    return next((g for g in bpy.data.node_groups if g.get("codef_document") == document), None)


def build_group(manifest: dict[str, Any], clip: Clip, name: str) -> Any:
    """Makes the node group of a shot, or makes its inside again: what it is wired to stays.

    Its inputs are the plate and a painted still for each group; its output is the result.
    """
    document = manifest["document"]
    tree = group_of(document)
    if tree is None:
        tree = bpy.data.node_groups.new(f"Codef {name}", "CompositorNodeTree")
        tree["codef_document"] = document
    tree.nodes.clear()
    wanted = ["Plate", *(layer["name"] for layer in manifest["layers"])]
    sockets = [item for item in tree.interface.items_tree if item.item_type == "SOCKET"]
    if [item.name for item in sockets if item.in_out == "INPUT"] != wanted:
        tree.interface.clear()
        for text in wanted:
            tree.interface.new_socket(text, in_out="INPUT", socket_type="NodeSocketColor")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
    graph = Graph(tree)
    graph.at(-3)
    given = graph.node("NodeGroupInput")
    paints = []
    for k, layer in enumerate(manifest["layers"]):
        files = _Files(graph, manifest, layer, clip)
        paints.append(_carried(graph, files, given.outputs[k + 1], k))
    graph.at(22)
    # Shares of a pixel add up: put over one another, groups would have a seam between them.
    paint = paints[0] if len(paints) == 1 else graph.sum(paints, "all groups")
    graph.at(23)
    result = graph.over(given.outputs[0], paint, "over the plate")
    graph.at(24)
    graph.put(result, graph.node("NodeGroupOutput").inputs[0])
    return tree


class _Files:
    """The delivered pictures of a layer as nodes."""

    def __init__(
        self, graph: Graph, manifest: dict[str, Any], layer: dict[str, Any], clip: Clip
    ) -> None:
        self._graph, self._layer, self._clip = graph, layer, clip
        self._numbers = manifest["numbers"]
        self._space = pictures.colour_space(manifest["working_space"])
        self.name = str(layer["name"])
        width, height = layer["files"]["canonical"]["size"]
        self.canvas = (int(width), int(height))

    def __contains__(self, kind: str) -> bool:
        return kind in self._layer["files"]

    def node(self, kind: str) -> Any:
        """An Image node for one sort of file."""
        entry, clip = self._layer["files"][kind], self._clip
        first, last = self._numbers[0], self._numbers[-1]
        path = file_of(entry["file"], first) if entry["moving"] else entry["file"]
        space = pictures.DATA if entry["raw"] else self._space
        name = f"{clip.name} {kind} {self.name}"
        node = self._graph.node("CompositorNodeImage", kind, 300)
        node.image = pictures.image(path, name, space, entry["moving"])
        if entry["moving"]:
            pictures.set_frames(node, first, last, clip.start + first - clip.first)
        return node


def _carried(graph: Graph, files: _Files, paint: Any, k: int) -> Any:
    """A painted still as its frame shows it: premultiplied paint."""
    row, box = k * 900.0, graph.box(files.name)
    graph.at(0, row, box)
    change = _change(graph, files, paint, row, box)
    graph.at(13, row + 320, box)
    st = files.node("stmap")
    graph.at(15, row, box)
    result = graph.map_uv(change, st.outputs["Image"], files.canvas, "to the frame")
    if "light" in files:
        graph.at(16, row + 320, box)
        light = files.node("light")
        graph.at(18, row, box)
        result = graph.mix("MULTIPLY", result, light.outputs["Image"], label="times light")
    for column, kind in ((18, "visibility"), (19, "matte")):
        if kind in files:
            graph.at(column, row + 320, box)
            matte = graph.channels(files.node(kind).outputs["Image"])[0]
            graph.at(column + 1, row, box)
            result = graph.with_alpha(result, matte, weigh=True, label=f"times {kind}")
    if "edge" in files:
        graph.at(20, row + 320, box)
        edge = files.node("edge").outputs["Image"]
        graph.at(21, row, box)
        share = graph.channels(result)[3]
        spill = graph.mix("MULTIPLY", edge, share, label="soft edges")
        result = graph.mix("ADD", result, spill)
    return result


def _change(graph: Graph, files: _Files, paint: Any, row: float, box: Any) -> Any:
    """What differs between the painted still and the still, premultiplied with its matte.

    Paint that differs clearly covers the plate; what differs faintly (the rim of a soft brush) is
    added in proportion, so that no edge shows where it fades out. On empty canvas the paint's own
    alpha is the matte; what was erased is no edit.
    """
    still = files.node("canonical").outputs
    graph.at(2, row, box)
    old, new = graph.straight(still["Image"]), graph.straight(paint)
    graph.at(3, row, box)
    lights = [graph.gamma(colour, 1 / 2.4) for colour in (old, new)]
    graph.at(4, row, box)
    apart = graph.mix("DIFFERENCE", lights[1], lights[0])
    red, green, blue, _ = graph.channels(apart)
    graph.at(5, row, box)
    most = graph.math("MAXIMUM", graph.math("MAXIMUM", red, green), blue)
    graph.at(6, row, box)
    far = graph.math("MULTIPLY", most, 1.055 / FULL, label="how far apart", clamp=True)
    own = graph.channels(paint)[3]
    graph.at(7, row, box)
    there = graph.math("GREATER_THAN", still["Alpha"], HOLE, label="the still is there")
    kept = graph.math("GREATER_THAN", own, HOLE, label="not erased")
    graph.at(8, row, box)
    surplus = graph.math("SUBTRACT", far, own)
    graph.at(9, row, box)
    chosen = graph.math("MULTIPLY_ADD", surplus, there, own, label="matte")
    both = graph.math("MULTIPLY", there, kept)
    graph.at(10, row, box)
    matte = graph.math("MULTIPLY", chosen, kept)
    more = graph.mix("SUBTRACT", new, old)
    graph.at(11, row, box)
    faint = graph.mix("MULTIPLY", more, both, label="faint: added")
    graph.at(12, row, box)
    colour = graph.mix("MIX", faint, new, factor=matte)
    return graph.with_alpha(colour, matte, weigh=False, label="the change")


def wire(scene: Any, manifest: dict[str, Any], clip: Clip, group: Any, plate: Any) -> Any:
    """Puts the group into the scene's compositor, with its plate and the stills to paint on.

    What the artist has wired there stays; the output is wired where nothing was.

    Args:
        scene: The scene.
        manifest: What was delivered.
        clip: The plate.
        group: What ``build_group`` made.
        plate: The node that shows the plate, or None: one is made.

    Returns:
        The group's node.
    """
    tree = versions.compositor(scene)
    versions.exact(scene)
    graph = Graph(tree)
    node = next((n for n in tree.nodes if getattr(n, "node_tree", None) == group), None)
    if node is None:
        x, y = (-400.0, 0.0) if plate is None else plate.location
        node = graph.place("CompositorNodeGroup", f"Codef: {clip.name}", x + 500, y)
        node.node_tree, node.width = group, 220
    x, y = node.location
    if not node.inputs[0].is_linked:
        if plate is None:
            plate = _plate_node(graph, clip, x - 500, y)
        graph.put(plate.outputs["Image"], node.inputs[0])
    for k, layer in enumerate(manifest["layers"]):
        file = layer["files"]["canonical"]["file"]
        copy = pictures.image(
            pictures.paint_file(file),
            f"{clip.name} paint {layer['name']}",
            pictures.colour_space(manifest["working_space"]),
            False,
        )
        copy["codef_canonical"] = copy.get("codef_canonical") or pictures.digest(file)
        if not node.inputs[k + 1].is_linked:
            label = f"Still: {layer['name']}"
            shown = graph.place("CompositorNodeImage", label, x - 250, y - 60 - k * TALL)
            shown.image = copy
            graph.put(shown.outputs["Image"], node.inputs[k + 1])
    output = versions.output(tree, (x + 320, y))
    if output is not None and not output.is_linked:
        graph.put(node.outputs[0], output)
    return node


def result_label(clip: Clip) -> str:
    """How the node is called that shows what the program rendered."""
    return f"Result: {clip.name}"


def show_result(scene: Any, clip: Clip, pattern: str, frames: list[int]) -> Any:
    """An Image node with what the program rendered; made once, and read again."""
    tree = versions.compositor(scene)
    label = result_label(clip)
    node = next((node for node in tree.nodes if node.label == label), None)
    if node is None:
        lowest = min((n.location.y for n in tree.nodes), default=0.0)
        node = Graph(tree).place("CompositorNodeImage", label, 0, lowest - TALL)
    # The program writes scene-linear EXR.
    space = pictures.colour_space("")
    node.image = pictures.image(file_of(pattern, frames[0]), f"{clip.name} result", space, True)
    pictures.set_frames(node, frames[0], frames[-1], clip.start + frames[0] - clip.first)
    return node


def _plate_node(graph: Graph, clip: Clip, x: float, y: float) -> Any:
    node = graph.place("CompositorNodeImage", "Plate", x, y)
    if clip.movie:
        image = bpy.data.images.load(clip.source, check_existing=True)
        node.image = image
        node.frame_duration, node.frame_start, node.frame_offset = clip.last + 1, clip.start, 0
        node.use_auto_refresh = True
    else:
        path = file_of(clip.source, clip.first)
        node.image = pictures.image(path, f"{clip.name} plate", clip.blender_space, True)
        pictures.set_frames(node, clip.first, clip.last, clip.start)
    return node
