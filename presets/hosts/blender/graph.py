# SPDX-License-Identifier: Apache-2.0 OR GPL-3.0-or-later
"""Builds compositor trees: sums on colours and values in the words of either Blender."""

from typing import Any

from . import versions

STEP = 180.0
"""Between two columns of nodes."""


class Graph:
    """A tree under construction; nodes are placed in columns from left to right.

    A socket of a node stands for its value; a number stands for itself.
    """

    def __init__(self, tree: Any) -> None:
        self.tree = tree
        self.frame: Any = None
        self._column, self._row = 0.0, 0.0

    def at(self, column: float, row: float = 0.0, frame: Any = None) -> None:
        """The next nodes are put here, one below the other, and into that frame."""
        self._column, self._row, self.frame = column * STEP, -row, frame

    def node(self, kind: str, label: str = "", height: float = 150.0) -> Any:
        """A new node; ``kind`` as for ``versions.add``."""
        node = versions.add(self.tree, kind)
        node.label = label
        node.location = (self._column, self._row)
        node.hide = height < 60
        self._row -= height
        if self.frame is not None:
            node.parent = self.frame
        return node

    def place(self, kind: str, label: str, x: float, y: float) -> Any:
        """A new node at a place of its own."""
        node = versions.add(self.tree, kind)
        node.label, node.location = label, (x, y)
        return node

    def box(self, label: str) -> Any:
        """A frame around nodes."""
        frame = self.tree.nodes.new("NodeFrame")
        frame.label = label
        return frame

    def put(self, value: Any, socket: Any) -> None:
        """A value or another node's socket into a socket."""
        if hasattr(value, "is_linked"):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value

    def math(self, operation: str, *values: Any, label: str = "", clamp: bool = False) -> Any:
        """A sum on single values, named as Blender names it."""
        node = self.node("math", label, 40)
        node.operation, node.use_clamp = operation, clamp
        for value, socket in zip(values, node.inputs, strict=False):
            self.put(value, socket)
        return node.outputs[0]

    def mix(self, blend: str, a: Any, b: Any, factor: Any = 1.0, label: str = "") -> Any:
        """A sum on colours; alpha stays that of ``a``."""
        node = self.node("mix", label, 40)
        node.blend_type = blend
        sockets = versions.mix_sockets(node)
        for value, socket in zip((factor, a, b), sockets[:3], strict=True):
            self.put(value, socket)
        return sockets[3]

    def channels(self, image: Any) -> tuple[Any, Any, Any, Any]:
        """Red, green, blue and alpha."""
        node = self.node("CompositorNodeSeparateColor", "", 40)
        self.put(image, node.inputs[0])
        red, green, blue, alpha = node.outputs
        return red, green, blue, alpha

    def straight(self, image: Any) -> Any:
        """Colour divided by alpha."""
        node = self.node("CompositorNodePremulKey", "", 40)
        versions.choose(node, "mapping", "PREMUL_TO_STRAIGHT", "To Straight")
        self.put(image, node.inputs["Image"])
        return node.outputs[0]

    def with_alpha(self, image: Any, alpha: Any, *, weigh: bool, label: str = "") -> Any:
        """The picture with another alpha, or (``weigh``) all of it times a matte."""
        node = self.node("CompositorNodeSetAlpha", label, 40)
        old, new = ("APPLY", "Apply Mask") if weigh else ("REPLACE_ALPHA", "Replace Alpha")
        versions.choose(node, "mode", old, new)
        self.put(image, node.inputs["Image"])
        self.put(alpha, node.inputs["Alpha"])
        return node.outputs[0]

    def gamma(self, image: Any, exponent: float) -> Any:
        """Each colour to a power."""
        node = self.node("gamma", "", 40)
        self.put(image, node.inputs[0])
        self.put(exponent, node.inputs["Gamma"])
        return node.outputs[0]

    def map_uv(self, image: Any, st: Any, size: tuple[int, int], label: str = "") -> Any:
        """The picture, read where an ST map says, blended between its four nearest pixels.

        Up to 4.5 Map UV has a soft filter only, which in 4.5 is off by up to a tenth of a pixel;
        there the four pixels are looked up one by one and weighted here.

        Args:
            image: The picture, premultiplied.
            st: The map.
            size: Pixels of the picture.
            label: Of the node.
        """
        red, green, _, _ = self.channels(st)
        if versions.GROUPS:
            return self._looked_up(image, red, green, "Bilinear", label)
        corners, shares = [], []
        for part, length in ((red, size[0]), (green, size[1])):
            place = self.math("MULTIPLY_ADD", part, float(length), -0.5)
            corner = self.math("FLOOR", place)
            share = self.math("SUBTRACT", place, corner)
            shares.append((self.math("SUBTRACT", 1.0, share), share))
            corners.append(
                [self.math("MULTIPLY_ADD", corner, 1 / length, (n + 0.5) / length) for n in (0, 1)]
            )
        parts = []
        for row in (0, 1):
            for column in (0, 1):
                found = self._looked_up(
                    image, corners[0][column], corners[1][row], "Nearest", label
                )
                weight = self.math("MULTIPLY", shares[0][column], shares[1][row])
                parts.append(self.with_alpha(found, weight, weigh=True))
        return self.sum(parts, label)

    def _looked_up(self, image: Any, u: Any, v: Any, filter: str, label: str) -> Any:
        """One Map UV. Blender takes the third channel of the map for an alpha of it.

        Ours is 0 there: it gets 1, so that paint also shows where the still was empty.
        """
        vector = self.node("vector", "", 40)
        for value, socket in zip((u, v, 1.0), vector.inputs, strict=True):
            self.put(value, socket)
        node = self.node("CompositorNodeMapUV", label, 40)
        versions.choose(node, "filter_type", filter.upper(), filter)
        self.put(image, node.inputs["Image"])
        self.put(vector.outputs[0], node.inputs["UV"])
        return node.outputs[0]

    def sum(self, images: list[Any], label: str = "") -> Any:
        """Colours and alphas added up."""
        total, share = images[0], self.channels(images[0])[3]
        for image in images[1:]:
            total = self.mix("ADD", total, image)
            share = self.math("ADD", share, self.channels(image)[3])
        return self.with_alpha(total, share, weigh=False, label=label)

    def over(self, below: Any, above: Any, label: str = "") -> Any:
        """A premultiplied picture over another."""
        node = self.node("CompositorNodeAlphaOver", label)
        background, foreground = versions.over_sockets(node)
        self.put(below, background)
        self.put(above, foreground)
        return node.outputs[0]
