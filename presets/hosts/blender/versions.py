# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""What differs between Blender 4.2 and 5.0, all of it in one place.

Up to 4.5 the compositor is a tree that belongs to the scene and has nodes of its own for sums; from
5.0 it is a node group that the scene uses, sums are the nodes of shaders, and what used to be a
node's property is an input of it.
"""

from typing import Any

import bpy

GROUPS = bpy.app.version >= (5, 0, 0)
"""Whether the scene's compositor is a node group."""

PATH = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()
"""Options of a property that holds a path with ``//``; 4.5 began to ask for it."""

_OLD = {
    "math": "CompositorNodeMath",
    "mix": "CompositorNodeMixRGB",
    "gamma": "CompositorNodeGamma",
    "vector": "CompositorNodeCombineXYZ",
}
_NEW = {
    "math": "ShaderNodeMath",
    "mix": "ShaderNodeMix",
    "gamma": "ShaderNodeGamma",
    "vector": "ShaderNodeCombineXYZ",
}


def add(tree: Any, kind: str) -> Any:
    """A new node: ``math``, ``mix``, ``gamma``, ``vector``, or Blender's own name of a type."""
    node = tree.nodes.new((_NEW if GROUPS else _OLD).get(kind, kind))
    if kind == "mix" and GROUPS:
        node.data_type = "RGBA"
        node.clamp_factor = False
    return node


def mix_sockets(node: Any) -> tuple[Any, Any, Any, Any]:
    """Factor, both colours and the result of a ``mix``."""
    if not GROUPS:
        return node.inputs[0], node.inputs[1], node.inputs[2], node.outputs[0]
    named = {socket.identifier: socket for socket in node.inputs}
    results = {socket.identifier: socket for socket in node.outputs}
    return named["Factor_Float"], named["A_Color"], named["B_Color"], results["Result_Color"]


def over_sockets(node: Any) -> tuple[Any, Any]:
    """Background and foreground of an Alpha Over."""
    if GROUPS:
        return node.inputs["Background"], node.inputs["Foreground"]
    return node.inputs[1], node.inputs[2]


def choose(node: Any, name: str, old: str, new: str) -> None:
    """Sets a choice: a property ``name`` up to 4.5, from 5.0 the input "Type" or "Interpolation".

    Args:
        node: The node.
        name: The property.
        old: Its value up to 4.5.
        new: The input's value from 5.0.
    """
    if hasattr(node, name):
        setattr(node, name, old)
    else:
        node.inputs["Interpolation" if name == "filter_type" else "Type"].default_value = new


def compositor(scene: Any, create: bool = True) -> Any:
    """The scene's compositor tree, or None where there is none and none shall be made."""
    if not GROUPS:
        if scene.node_tree is None or not scene.use_nodes:
            if not create:
                return None
            # Blender fills a new tree with a render of the scene; nobody asked for that here.
            fresh = scene.node_tree is None
            scene.use_nodes = True
            if fresh:
                scene.node_tree.nodes.clear()
        return scene.node_tree
    if scene.compositing_node_group is None and create:
        tree = bpy.data.node_groups.new("Compositing", "CompositorNodeTree")
        tree.interface.new_socket("Image", in_out="OUTPUT", socket_type="NodeSocketColor")
        scene.compositing_node_group = tree
    return scene.compositing_node_group


def output(tree: Any, place: tuple[float, float] = (600.0, 0.0)) -> Any:
    """The input of the compositor's output node; it is made, at a place, where there is none."""
    kind = "NodeGroupOutput" if GROUPS else "CompositorNodeComposite"
    node = next((node for node in tree.nodes if node.bl_idname == kind), None)
    if node is None:
        node = tree.nodes.new(kind)
        node.location = place
    return next((socket for socket in node.inputs if socket.type == "RGBA"), None)


def strips_of(editor: Any, all_levels: bool = False) -> Any:
    """The strips of a sequence editor; 4.4 gave them another name.

    Args:
        editor: The scene's sequence editor.
        all_levels: Those in meta strips as well.
    """
    new, old = ("strips_all", "sequences_all") if all_levels else ("strips", "sequences")
    return getattr(editor, new) if hasattr(editor, new) else getattr(editor, old)


def is_compositor(space: Any) -> bool:
    """Whether a node editor shows a compositor."""
    return bool(getattr(space, "tree_type", "") == "CompositorNodeTree")


def exact(scene: Any) -> None:
    """Full precision: half floats hold an ST map of 2048 pixels to a whole pixel only."""
    scene.render.compositor_precision = "FULL"
