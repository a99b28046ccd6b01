"""Bake to nodes: a fit as Nuke's own nodes, so that any farm renders the script without us.

For each group::

    Read(canonical) -> RotoPaint, with its mask in mask.a
                    -> the paint alone, premultiplied by that mask
                       (or by 1 where the picture was changed: for paint without a mask)
                    -> STMap(Read) -> without ringing
                    -> x light(Read) -> x visibility(Read) -> x matte(Read) -> + edge(Read) in it

Then all groups are added up (their mattes share the pixels, so plain "over" would dim twice at soft
edges) and merged once over the plate. The canonical image itself is opaque and never gets there.
"""

from __future__ import annotations

from typing import Any

import nuke

from .host import one_undo, slashed
from .plugin import CodefError

WANTED = ["canonical", "stmap", "light", "visibility", "matte", "edge"]
"""What has to be delivered for it."""

CHANGED = "max(fabs(Ar-Br), fabs(Ag-Bg), fabs(Ab-Bb)) > 0.0005"
"""Where a painted picture (A) differs from the canonical image (B); 0.0005 is below a half float's
step at 1, and above what a paint program changes by writing the picture."""

_COLUMN, _ROW = 260, 110
_ROWS = 16
"""Of one group, at most; below them all groups come together."""
_COLOURS = {"canonical": 0x7F7F3FFF, "stmap": 0x3F7F7FFF}


class Painted:
    """A node that paints on the canonical image of a layer, made before the baking."""

    def __init__(self, node: nuke.Node) -> None:
        self.node = node

    @property
    def has_mask(self) -> bool:
        """Whether the node can say itself where it painted."""
        return self.node.Class() == "RotoPaint"


def bake(
    manifest: dict[str, Any], plate: nuke.Node, painted: dict[int, Painted] | None = None
) -> nuke.Node:
    """Builds the nodes below the plate, as one step of undo; returns the last one.

    Raises:
        CodefError: The manifest lacks what is needed.
    """
    with one_undo("Bake to nodes"):
        return _Tree(manifest, plate, painted or {}).build()


class _Tree:
    def __init__(
        self, manifest: dict[str, Any], plate: nuke.Node, painted: dict[int, Painted]
    ) -> None:
        self._manifest, self._plate, self._painted = manifest, plate, painted
        self._first, self._last = manifest["frames"]
        self._left, self._top = self._free_place()
        self._x, self._y = self._left, self._top
        self._made: list[nuke.Node] = []

    def build(self) -> nuke.Node:
        layers = self._manifest["layers"]
        pieces = []
        for layer in layers:
            self._y = self._top
            pieces.append(self._piece(layer))
            self._x += 3 * _COLUMN
        self._x, self._y = self._left, self._top + _ROWS * _ROW
        whole = pieces[0]
        for piece in pieces[1:]:
            whole = self._merge("plus", piece, whole, "Codef_groups")
        self._x = int(self._plate.xpos())
        self._y = max(self._y, self._top + (_ROWS + 1) * _ROW)
        over = self._merge("over", whole, self._plate, "Codef_over")
        # The plate's own alpha and further channels stay.
        over["output"].setValue("rgb")
        self._backdrop()
        return over

    def _free_place(self) -> tuple[int, int]:
        """To the right of the plate, where no node lies yet."""
        width = len(self._manifest["layers"]) * 3 * _COLUMN
        left, top = int(self._plate.xpos()) + _COLUMN, int(self._plate.ypos())
        others = [(int(node.xpos()), int(node.ypos())) for node in nuke.allNodes()]
        while any(
            left - _COLUMN < x < left + width and top - 2 * _ROW < y < top + (_ROWS + 3) * _ROW
            for x, y in others
            if x > int(self._plate.xpos())
        ):
            left += _COLUMN
        return left, top

    def _piece(self, layer: dict[str, Any]) -> nuke.Node:
        files = layer["files"]
        for needed in ("canonical", "stmap"):
            if needed not in files:
                raise CodefError(
                    "the files of {} have no {}; update from Codef Nodes and bake again".format(
                        layer["name"], needed
                    )
                )
        matted = self._matted(layer)
        warped = self._node("STMap", "stmap", layer, inputs=[matted, self._read(layer, "stmap")])
        warped["channels"].setValue("rgba")
        warped["uv"].setValue("rgb")
        # The filter of the program's own propagation: a cubic that keeps pixels which do not move.
        warped["filter"].setValue("Keys")
        # A cubic overshoots beside hard paint: no paint less than none, no more than all of it.
        piece = self._node("Expression", "no_ringing", layer, inputs=[warped])
        for index, letter in enumerate("rgba"):
            piece[f"expr{index}"].setValue(f"{letter}*(a>0.00025)/max(a,1)")
        for name in ("light", "visibility", "matte"):
            if name in files:
                factor = self._read(layer, name)
                piece = self._merge("multiply", factor, piece, f"Codef_x_{name}", layer)
        if "edge" in files:
            inside = self._merge("in", self._read(layer, "edge"), piece, "Codef_edge", layer)
            piece = self._merge("plus", inside, piece, "Codef_plus_edge", layer)
        return piece

    def _matted(self, layer: dict[str, Any]) -> nuke.Node:
        """What was painted, premultiplied by where."""
        given = self._painted.get(int(layer["layer"]))
        canonical = self._read(layer, "canonical")
        if given is None:
            paint = self._node("RotoPaint", "paint", layer, inputs=[canonical])
            paint["output"].setValue("rgb")
        else:
            paint = given.node
        changed = self._node("MergeExpression", "changed", layer, inputs=[canonical, paint])
        _say(changed, "A{0}", CHANGED)
        whole = self._node("Premult", "premult", layer, inputs=[changed])
        if given is not None and not given.has_mask:
            return whole
        if paint["outputMask"].value() in ("none", ""):
            paint["outputMask"].setValue("mask.a")
        copied = self._node("Copy", "mask", layer, inputs=[paint, paint])
        copied["from0"].setValue(paint["outputMask"].value())
        copied["to0"].setValue("rgba.alpha")
        # The paint without what shines through it of the canonical image, which is the paint
        # premultiplied. A Premult of the painted picture would take soft edges down twice.
        alone = self._node("MergeExpression", "paint_alone", layer, inputs=[canonical, copied])
        _say(alone, "A{0}-B{0}*(1-Aa)", "Aa")
        which = self._node("Switch", "by_mask_or_change", layer, inputs=[alone, whole])
        which["which"].setValue(0)
        which["label"].setValue("0: by the paint's mask\n1: by what changed")
        return which

    def _read(self, layer: dict[str, Any], kind: str) -> nuke.Node:
        said = layer["files"][kind]
        first, last = (self._first, self._last) if said["moving"] else (self._first, self._first)
        here = self._x, self._y
        self._x += _COLUMN
        self._y -= _ROW if kind != "canonical" else 0
        node = self._node("Read", kind, layer)
        self._x, self._y = here[0], max(self._y, here[1])
        fill_read(node, said["file"], int(first), int(last))
        node["tile_color"].setValue(_COLOURS.get(kind, 0))
        return node

    def _merge(
        self,
        operation: str,
        a: nuke.Node,
        b: nuke.Node,
        name: str,
        layer: dict[str, Any] | None = None,
    ) -> nuke.Node:
        node = self._node("Merge2", name, layer, inputs=[b, a])
        node["operation"].setValue(operation)
        return node

    def _node(
        self,
        kind: str,
        name: str,
        layer: dict[str, Any] | None = None,
        inputs: list[nuke.Node] | None = None,
    ) -> nuke.Node:
        node: nuke.Node = getattr(nuke.nodes, kind)()
        _connect(node, inputs or [])
        if not name.startswith("Codef_"):
            name = "Codef_" + name
        if layer is not None:
            name += "_" + _plain(layer["name"])
        node.setName(name)
        node.setXYpos(self._x, self._y)
        self._y += _ROW
        self._made.append(node)
        return node

    def _backdrop(self) -> None:
        left = self._left
        top = min(int(node.ypos()) for node in self._made)
        right = max(int(node.xpos()) for node in self._made)
        bottom = max(int(node.ypos()) for node in self._made)
        back = nuke.nodes.BackdropNode()
        back["bdwidth"].setValue(right - left + _COLUMN)
        back["bdheight"].setValue(bottom - top + 2 * _ROW)
        back["label"].setValue("Codef Nodes: paint on the canonical images")
        back["note_font_size"].setValue(32)
        back["tile_color"].setValue(0x33333FFF)
        back.setXYpos(left - 40, top - _ROW)


def fill_read(node: nuke.Node, file: str, first: int, last: int) -> None:
    """Points a Read at files of ours: numbers as they are, and no frame made up.

    Colour is not touched: the files hold the numbers that the script itself works with.
    """
    node["file"].setValue(slashed(file))
    for name, value in (("first", first), ("last", last), ("origfirst", first), ("origlast", last)):
        node[name].setValue(value)
    node["raw"].setValue(True)
    node["on_error"].setValue("error")


def _connect(node: nuke.Node, inputs: list[nuke.Node]) -> None:
    for index, source in enumerate(inputs):
        node.setInput(index, source)


def _say(node: nuke.Node, colour: str, alpha: str) -> None:
    """The expressions of a MergeExpression; ``{0}`` stands for the letter of the channel."""
    for index, letter in enumerate("rgb"):
        node[f"expr{index}"].setValue(colour.format(letter))
    node["expr3"].setValue(alpha)


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() and ord(c) < 128 else "_" for c in name) or "layer"
