"""A viewer: tool bar, canvas, legend and info bar."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.framecache import default_budget
from gui.core.streams import CANONICAL, FRAME
from gui.viewer.canvas import Canvas
from gui.viewer.display import Look
from gui.viewer.facts import FactsAsker
from gui.viewer.infobar import InfoBar
from gui.viewer.keys import handlers
from gui.viewer.legend import LegendBar
from gui.viewer.link import CursorLink
from gui.viewer.overlaylayer import OverlayLayer
from gui.viewer.sampler import Sampler
from gui.viewer.showing import Showing
from gui.viewer.stills import StillMenu
from gui.viewer.toolbar import Toolbar
from gui.viewer.viewport import Box, grown, intersection
from gui.viewer.views import View, default_view


class ViewerPane(QWidget):
    """Shows the picture of a node, by way of the view worker.

    Args:
        editor: The editor.
        slot: ``frame`` or ``canonical``.

    Attributes:
        canvas: The picture; a paint tool becomes its ``tool``.
        showing: Asks for pictures and shows them.
        overlays: Grid, outlines and heat maps over the picture.
        legend: Says what is drawn over the picture.
    """

    def __init__(self, editor: Editor, slot: str = FRAME, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor, self.slot = editor, slot
        self._roi: Box | None = None
        self.toolbar = Toolbar(editor.actions, self.run)
        self.canvas = Canvas(self)
        self.canvas.fits_data = slot == CANONICAL
        self.legend = LegendBar(self)
        self.info = InfoBar(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.legend)
        column.addWidget(self.info)
        look = Look(self._first_view(), str(self._setting("working_space")))
        self.showing = Showing(editor, slot, self.canvas, look)
        self.facts = FactsAsker(editor, self.showing, self.info)
        self.overlays = OverlayLayer(editor, self.canvas, slot)
        self.legend.add(self.overlays)
        self.sampler = Sampler(editor, self.canvas, self.info, slot)
        self.link = CursorLink(editor, self.canvas, slot)
        self.stills = StillMenu(editor, self.toolbar) if slot == CANONICAL else None
        self._connect()
        self.toolbar.fill_views()
        self.toolbar.set_view(look.view)
        self._tell_names()
        self.facts.tell()
        editor.actions.register(self, "viewer", handlers(self))
        editor.actions.register(self, "global", {"view.proxy": self.toggle_proxy})

    def _connect(self) -> None:
        editor, viewing = self.editor, self.editor.viewing
        canvas, toolbar = self.canvas, self.toolbar
        viewing.canvases[self.slot] = canvas
        canvas.destroyed.connect(partial(_forget, viewing.canvases, self.slot, canvas))
        viewing.changed.connect(self._node_changed)
        viewing.proxy_changed.connect(self._proxy_changed)
        editor.project.changed.connect(self._settings_changed)
        editor.project.replaced.connect(self._settings_changed)
        editor.preferences.changed.connect(self._preference_changed)
        self.showing.put.connect(self.sampler.refresh)
        canvas.hovered.connect(self._point)
        canvas.left.connect(self._point_nowhere)
        toolbar.channels_chosen.connect(self.set_channels)
        toolbar.view_chosen.connect(self.set_view)
        toolbar.scale_chosen.connect(self.set_scale)
        toolbar.layer_chosen.connect(viewing.set_layer)
        toolbar.followed.connect(self._follow_graph)
        toolbar.gain.changed.connect(lambda gain: self._use_look(gain=gain))
        toolbar.gamma.changed.connect(lambda gamma: self._use_look(gamma=gamma))
        toolbar.overlay_toggled.connect(self.overlays.toggle)
        self._preference_changed("playback_memory")

    # What the keys and the tool bar do.

    def run(self, action: str) -> None:
        """Runs an action of the table in this viewer."""
        self.editor.actions.run(action, self)

    @property
    def look(self) -> Look:
        """How linear pixels are shown."""
        return self.showing.look

    @property
    def scale(self) -> int:
        """1, 2, 4 or 8: every how-manyth pixel is asked for."""
        return self.showing.scale

    def set_channels(self, channels: str) -> None:
        """Shows these channels; the same again goes back to colour."""
        channels = "rgb" if channels == self.look.channels else channels
        self.toolbar.set_channels(channels)
        self._use_look(channels=channels)

    def set_view(self, view: View) -> None:
        """Shows through another display and view."""
        self.toolbar.set_view(view)
        self._use_look(view=view)

    def set_scale(self, scale: int) -> None:
        """Asks for every how-manyth pixel only; renders are always full."""
        self.toolbar.set_scale(scale)
        self.showing.set_scale(scale)

    def toggle_proxy(self) -> None:
        """Half resolution in all viewers, and back."""
        self.editor.viewing.set_proxy(not self.editor.viewing.proxy)

    def toggle_warnings(self) -> None:
        """Stripes over clipped pixels, a flat colour over NaN and infinity."""
        self._use_look(warn=not self.look.warn)
        self.toolbar.overlay_actions["zebra"].setChecked(self.look.warn)

    def reset_look(self) -> None:
        """Gain and gamma go back to 1."""
        self.toolbar.gain.set_value(1)
        self.toolbar.gamma.set_value(1)

    def toggle_compare(self, compare: str) -> None:
        """Compares A and B this way, or no more."""
        on = self.canvas.compare != compare
        if on and self.editor.viewing.node(self.slot, "b") is None:
            self.editor.say("There is no second picture; press Shift and a digit on a node.")
            on = False
        self.canvas.set_compare(compare if on else "off")
        for side in {"b": "wipe", "difference": "difference"}.items():
            if side[1] != self.canvas.compare:
                self.canvas.set_frame(None, side[0])
        self._tell_names()
        self.showing.refresh()
        # The pixel under the cursor is another one now.
        self.sampler.refresh()

    def toggle_roi(self) -> None:
        """Turns the region of interest off, or on again."""
        canvas = self.canvas
        if canvas.roi is not None:
            self._roi = canvas.roi
            canvas.set_roi(None)
        elif self._roi is not None:
            canvas.set_roi(self._roi)
        elif canvas.format is not None:
            box = intersection(canvas.format, canvas.visible_box()) or canvas.format
            x0, y0, x1, y1 = (float(round(value)) for value in grown(box, -0.25))
            canvas.set_roi((x0, y0, x1, y1))
        self.toolbar.roi.setChecked(canvas.roi is not None)

    def toggle_overlays(self) -> None:
        """Hides all that is drawn over the picture, and shows it again."""
        self.canvas.show_marks = not self.canvas.show_marks
        self.legend.set_on(self.canvas.show_marks)
        self.canvas.update()

    def toggle_pause(self) -> None:
        """Asks for nothing more, until pressed again."""
        self.showing.set_paused(not self.showing.paused)
        self.toolbar.pause.setChecked(self.showing.paused)

    # What changes.

    def _node_changed(self, slot: str) -> None:
        if slot == self.slot:
            self._tell_names()

    def _proxy_changed(self, on: bool) -> None:
        self.set_scale(2 if on else 1)

    def _settings_changed(self, *_: object) -> None:
        self._use_look(working=str(self._setting("working_space")))

    def _preference_changed(self, name: str) -> None:
        if name in ("display", "view"):
            self.set_view(self._first_view())
        elif name == "playback_memory":
            gib = self.editor.preferences.get("playback_memory")
            if isinstance(gib, int | float) and gib > 0:
                self.editor.viewing.cache.set_budget(int(gib * 2**30))
            else:
                self.editor.viewing.cache.set_budget(default_budget())

    def _use_look(self, **parts: Any) -> None:
        self.showing.set_look(replace(self.look, **parts))

    def _point(self, x: float, y: float) -> None:
        self.editor.viewing.pointed.emit(self.slot, (x, y))

    def _point_nowhere(self) -> None:
        self.editor.viewing.pointed.emit(self.slot, None)

    def _follow_graph(self) -> None:
        viewing = self.editor.viewing
        viewing.show(None, self.slot, "b")
        viewing.show(None, self.slot)

    def _tell_names(self) -> None:
        viewing = self.editor.viewing
        shown = viewing.shown(self.slot)
        compared = self.canvas.compare != "off"
        self.toolbar.set_names(
            shown.node, shown.compare if compared else None, chosen=viewing.is_override(self.slot)
        )
        self.toolbar.set_compare(self.canvas.compare, shown.compare is not None)
        if self.slot == CANONICAL:
            self.toolbar.set_layers(viewing.layer_names, viewing.layer)

    def _first_view(self) -> View:
        preferences = self.editor.preferences
        try:
            return default_view(str(preferences.get("display")), str(preferences.get("view")))
        except CodefError as error:
            self.editor.say(str(error))
            return View("", "Raw")

    def _setting(self, name: str) -> Any:
        return self.editor.project.document.settings[name]

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802 - Qt's name
        """What was not asked for while hidden is asked for."""
        self.showing.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """A hidden viewer asks for nothing."""
        self.showing.cancel()


def _forget(canvases: dict[str, Any], slot: str, canvas: object, *_: object) -> None:
    if canvases.get(slot) is canvas:
        del canvases[slot]
