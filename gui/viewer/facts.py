"""The facts about what a viewer shows: windows, layers, figures for the info bar."""

from typing import Any

from PySide6.QtCore import QObject

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.stills import Segment
from gui.core.streams import CANONICAL
from gui.viewer.fetch import CANCELLED
from gui.viewer.infobar import InfoBar
from gui.viewer.showing import Showing


class FactsAsker(QObject):
    """Asks the worker's ``info`` when the node or the graph above it is another.

    Args:
        editor: The editor.
        showing: Whose picture it is about.
        bar: Where the figures are told.
    """

    def __init__(self, editor: Editor, showing: Showing, bar: InfoBar) -> None:
        super().__init__(showing)
        self._editor, self._showing, self._bar = editor, showing, bar
        self._slot, self._canvas = showing.slot, showing.canvas
        self._asked: object = None
        showing.asks.connect(self._ask)
        showing.reset.connect(self._forget)
        editor.viewing.cached_changed.connect(self.tell)
        self._canvas.viewport_changed.connect(self.tell)

    def tell(self) -> None:
        """Writes the figures into the info bar."""
        info, canvas = self._editor.viewing.infos[self._slot], self._canvas
        parts = []
        form = info.get("format")
        if form:
            parts.append(f"{form[0]}x{form[1]}")
        data = canvas.data
        if data is not None and canvas.format is not None and data != canvas.format:
            parts.append(f"data {data[2] - data[0]:g}x{data[3] - data[1]:g}")
        parts.append(f"{canvas.viewport.zoom * 100:.0f} %")
        parts.append(f"cache {self._editor.viewing.cache.bytes / 2**20:.0f} MB")
        self._bar.set(right="   ".join(parts))

    def _forget(self) -> None:
        self._asked = None
        self.tell()

    def _ask(self) -> None:
        workers, viewing = self._editor.workers, self._editor.viewing
        shown = viewing.shown(self._slot)
        if workers is None or shown.node is None:
            return
        frame = self._editor.clock.frame
        if self._slot == CANONICAL:
            frame = viewing.still_frame(frame)
        asked = shown.node, shown.layer, viewing.stills.shown, viewing.signature(shown.node)
        if asked == self._asked:
            return
        self._asked = asked

        def done(info: dict[str, Any]) -> None:
            if self._asked == asked:
                self._use(info)

        def failed(error: CodefError) -> None:
            # What an edit has cancelled is asked again; what failed is told by the picture.
            if self._asked == asked and error.code == CANCELLED:
                self._asked = None
                self._showing.refresh()

        args: dict[str, Any] = {"node": shown.node, "frame": frame}
        if shown.layer is not None:
            args["layer"] = int(shown.layer) if shown.layer.isdecimal() else shown.layer
        workers.view.request("info", args, done, failed, owner=self)
        if self._slot == CANONICAL and shown.fit is not None and shown.fit != shown.node:
            of_fit = {"node": shown.fit, "frame": frame}
            workers.view.request("info", of_fit, self._use_fit, None, owner=self)

    def _use(self, info: dict[str, Any]) -> None:
        viewing = self._editor.viewing
        form, data = info.get("format"), info.get("data")
        if form:
            box = (0.0, 0.0, float(form[0]), float(form[1]))
            if isinstance(data, list) and len(data) == 4:
                x0, y0, x1, y1 = (float(v) for v in data)
                self._canvas.set_windows(box, (x0, y0, x1, y1))
            else:
                self._canvas.set_windows(box, None)
        viewing.set_info(self._slot, info)
        shown = viewing.shown(self._slot)
        if self._slot == CANONICAL and shown.fit == shown.node:
            self._use_fit(info)
        self.tell()
        self._showing.refresh()

    def _use_fit(self, info: dict[str, Any]) -> None:
        viewing = self._editor.viewing
        viewing.set_layer_names([str(name) for name in info.get("layers") or []])
        fitted = viewing.shown(CANONICAL).fit is not None
        viewing.stills.use(
            [
                Segment(each["first"], each["last"], (*each["own"],), each["reference"])
                for each in (info.get("segments") or [] if fitted else [])
            ]
        )
        reference = info.get("reference")
        viewing.set_reference(reference if isinstance(reference, int) else None)
