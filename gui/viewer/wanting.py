"""Which pictures a viewer needs: of what node, which part, and whether at each frame another."""

from typing import TYPE_CHECKING

from gui.core.editor import Editor
from gui.core.framecache import ViewKey
from gui.core.streams import CANONICAL, varies_over_frames
from gui.viewer.display import Look
from gui.viewer.fetch import Want
from gui.viewer.viewport import Box, area, contains, grown, intersection

if TYPE_CHECKING:
    from gui.viewer.canvas import Canvas

_PART = 0.6
"""A part is asked for when less than this share of the picture is seen."""
_MARGIN = 0.25


class Wanting:
    """Says which pictures a viewer needs; asks for none.

    Args:
        editor: The editor.
        slot: ``frame`` or ``canonical``.
        canvas: Where they are shown.
    """

    def __init__(self, editor: Editor, slot: str, canvas: "Canvas") -> None:
        self.editor, self.slot, self.canvas = editor, slot, canvas

    def wants(self, frame: int | None, scale: int, look: Look) -> list[Want]:
        """The pictures that the viewer needs for a frame.

        Args:
            frame: The frame.
            scale: Every how-manyth pixel.
            look: How linear pixels are shown.
        """
        viewing = self.editor.viewing
        shown = viewing.shown(self.slot)
        if shown.node is None:
            return []
        sides: list[tuple[str, str, str | None]] = [("a", shown.node, None)]
        if shown.compare is not None and self.canvas.compare == "wipe":
            sides.append(("b", shown.compare, None))
        elif shown.compare is not None and self.canvas.compare == "difference":
            sides = [("difference", shown.node, shown.compare)]
        region = self.region(scale)
        found = []
        for side, node, minus in sides:
            layer = shown.layer if side != "b" else None
            key = ViewKey(node, layer, minus, scale, region, look)
            at = frame if self.moves(node, minus) else None
            if self.slot == CANONICAL and layer is not None and viewing.stills.segments:
                at = viewing.still_frame(0)
            found.append(Want(f"{self.slot}.{side}", key, at, viewing.signature_of(key)))
        return found

    def moves(self, *nodes: str | None) -> bool:
        """Whether the picture is another one at other frames, as far as is known."""
        if self.slot != CANONICAL:
            return True
        viewing, document = self.editor.viewing, self.editor.project.document
        shown = viewing.shown(CANONICAL).node
        # A fit has frames; its canonical image is one for all of them.
        is_fit = shown is not None and document.node_class(shown).output == "field"
        if not is_fit and viewing.infos[CANONICAL].get("frames") is not None:
            return True
        return any(n is not None and varies_over_frames(document, n) for n in nodes)

    def region(self, scale: int) -> tuple[int, int, int, int] | None:
        """The part to ask for: what is seen and a margin, or None for all."""
        canvas = self.canvas
        full: Box | None = canvas.format
        if canvas.data is not None and full is not None:
            d, f = canvas.data, full
            full = min(d[0], f[0]), min(d[1], f[1]), max(d[2], f[2]), max(d[3], f[3])
        if full is None:
            return None
        visible = intersection(canvas.visible_box(), full)
        if canvas.roi is not None:
            wanted = intersection(canvas.roi, full)
        elif visible is None or area(visible) > _PART * area(full):
            return None
        else:
            now = canvas.region
            if now is not None and canvas.scale == scale:
                kept = (float(now[0]), float(now[1]), float(now[2]), float(now[3]))
                if contains(kept, visible) and area(kept) <= area(full) * _PART:
                    return now[0], now[1], now[2], now[3]
            wanted = intersection(grown(visible, _MARGIN), full)
        if wanted is None:
            return None
        x0, y0, x1, y1 = wanted
        return int(x0 // 1), int(y0 // 1), int(-(-x1 // 1)), int(-(-y1 // 1))
