"""A viewer: tool bar, canvas, info bar, and what is shown when."""

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.core.framecache import ViewKey
from gui.core.streams import CANONICAL, FRAME, varies_over_frames
from gui.viewer.canvas import Canvas
from gui.viewer.display import Look
from gui.viewer.fetch import CANCELLED, Fetcher, Want
from gui.viewer.infobar import InfoBar
from gui.viewer.keys import handlers
from gui.viewer.link import CursorLink
from gui.viewer.overlaylayer import OverlayLayer
from gui.viewer.playback import Prefetch
from gui.viewer.sampler import Sampler
from gui.viewer.toolbar import Toolbar
from gui.viewer.viewframe import ViewFrame
from gui.viewer.viewport import Box, area, contains, grown, intersection
from gui.viewer.views import View, default_view

_PART = 0.6
"""A part is asked for when less than this share of the picture is seen."""
_MARGIN = 0.25
_HELD_MS = 40


class ViewerPane(QWidget):
    """Shows the picture of a node, by way of the view worker; nothing here waits.

    Args:
        editor: The editor.
        slot: ``frame`` or ``canonical``.

    Attributes:
        canvas: The picture; a paint tool becomes its ``tool``.
        look: How linear pixels are shown.
        scale: 1, 2, 4 or 8: every how-manyth pixel is asked for.
        paused: Nothing is asked for.
    """

    def __init__(self, editor: Editor, slot: str = FRAME, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor, self.slot = editor, slot
        self.scale, self.paused = 1, False
        self._roi: Box | None = None
        self._whole: ViewFrame | None = None
        self._errors: dict[Want, CodefError] = {}
        self._shown: int | None = None
        self._info_key: object = None
        self.toolbar = Toolbar(editor.actions, self.run)
        self.canvas = Canvas(self)
        self.info = InfoBar(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.toolbar)
        column.addWidget(self.canvas, 1)
        column.addWidget(self.info)
        self.look = Look(self._first_view(), str(self._setting("working_space")))
        self.fetcher = Fetcher(editor, self)
        self.overlays = OverlayLayer(editor, self.canvas, slot)
        self.sampler = Sampler(editor, self.canvas, self.info, slot)
        self.link = CursorLink(editor, self.canvas, slot)
        self.prefetch = Prefetch(editor, self.fetcher, self.wants)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)
        self._moved = QTimer(self, singleShot=True, interval=120)
        self._moved.timeout.connect(self._ask)
        self._connect()
        self.toolbar.fill_views()
        self.toolbar.set_view(self.look.view)
        self._tell_names()
        editor.actions.register(self, "viewer", handlers(self))
        editor.actions.register(self, "global", {"view.proxy": self.toggle_proxy})

    def _connect(self) -> None:
        editor, viewing, clock = self.editor, self.editor.viewing, self.editor.clock
        viewing.canvases[self.slot] = self.canvas
        viewing.changed.connect(self._node_changed)
        viewing.results_changed.connect(self._results_changed)
        viewing.proxy_changed.connect(lambda on: self.set_scale(2 if on else 1))
        clock.frame_changed.connect(self._frame_changed)
        clock.playing_changed.connect(lambda _: self.refresh())
        clock.gates.append(self._gate)
        editor.workers_started.connect(self._workers_started)
        editor.project.changed.connect(self._settings_changed)
        editor.project.replaced.connect(self._settings_changed)
        editor.project.safe_changed.connect(lambda _: self.refresh())
        editor.preferences.changed.connect(self._preference_changed)
        self.fetcher.ready.connect(self._ready)
        self.fetcher.failed.connect(self._failed)
        canvas, toolbar = self.canvas, self.toolbar
        canvas.viewport_changed.connect(self._viewport_changed)
        canvas.roi_changed.connect(self.refresh)
        canvas.hovered.connect(lambda x, y: viewing.pointed.emit(self.slot, (x, y)))
        canvas.left.connect(lambda: viewing.pointed.emit(self.slot, None))
        toolbar.channels_chosen.connect(self.set_channels)
        toolbar.view_chosen.connect(self.set_view)
        toolbar.scale_chosen.connect(self.set_scale)
        toolbar.layer_chosen.connect(viewing.set_layer)
        toolbar.gain.changed.connect(lambda gain: self._use_look(gain=gain))
        toolbar.gamma.changed.connect(lambda gamma: self._use_look(gamma=gamma))
        toolbar.overlay_toggled.connect(self.overlays.toggle)
        self._preference_changed("playback_memory")
        if editor.workers is not None:
            self._workers_started()

    # What the keys and the tool bar do.

    def run(self, action: str) -> None:
        """Runs an action of the table in this viewer."""
        self.editor.actions.run(action, self)

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
        """Asks for every how-manyth pixel only."""
        if scale != self.scale:
            self.scale = scale
            self.toolbar.set_scale(scale)
            self.refresh()

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
        for side in ("b", "difference"):
            if side not in [want.slot.rsplit(".", 1)[1] for want in self.wants(0)]:
                self.canvas.set_frame(None, side)
        self._tell_names()
        self.refresh()

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
            canvas.set_roi(tuple(float(round(v)) for v in grown(box, -0.25)))  # type: ignore[arg-type]
        self.toolbar.roi.setChecked(canvas.roi is not None)

    def toggle_overlays(self) -> None:
        """Hides all that is drawn over the picture, and shows it again."""
        self.canvas.show_marks = not self.canvas.show_marks
        self.canvas.update()

    def toggle_pause(self) -> None:
        """Asks for nothing more, until pressed again."""
        self.paused = not self.paused
        self.toolbar.pause.setChecked(self.paused)
        if self.paused:
            self.cancel()
        self.refresh()

    def force(self) -> None:
        """Asks again for all, files on the disk included."""
        self._errors.clear()
        self.editor.viewing.revisions.bump()
        self.refresh()

    def cancel(self) -> None:
        """Esc: stops what is under way for this viewer."""
        self.fetcher.cancel()
        self.canvas.set_updating(False)

    def refresh(self, *_: object) -> None:
        """Sees soon whether what is shown is what should be shown."""
        self._soon.start()

    # What is wanted.

    def wants(self, frame: int | None) -> list[Want]:
        """The pictures that the viewer needs for a frame."""
        viewing = self.editor.viewing
        shown = viewing.shown(self.slot)
        if shown.node is None:
            return []
        sides: list[tuple[str, str, str | None]] = [("a", shown.node, None)]
        if shown.compare is not None and self.canvas.compare == "wipe":
            sides.append(("b", shown.compare, None))
        elif shown.compare is not None and self.canvas.compare == "difference":
            sides = [("difference", shown.node, shown.compare)]
        region = self._region()
        found = []
        for side, node, minus in sides:
            layer = shown.layer if side != "b" else None
            key = ViewKey(node, layer, minus, self.scale, region, self.look)
            at = frame if self._moves(node, minus) else None
            found.append(Want(f"{self.slot}.{side}", key, at, viewing.signature_of(key)))
        return found

    def _moves(self, *nodes: str | None) -> bool:
        """Whether the picture is another one at other frames, as far as is known."""
        if self.slot != CANONICAL:
            return True
        if self.editor.viewing.infos[CANONICAL].get("frames") is not None:
            return True
        document = self.editor.project.document
        return any(n is not None and varies_over_frames(document, n) for n in nodes)

    def _region(self) -> tuple[int, int, int, int] | None:
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
            if now is not None and canvas.scale == self.scale:
                kept = (float(now[0]), float(now[1]), float(now[2]), float(now[3]))
                if contains(kept, visible) and area(kept) <= area(full) * _PART:
                    return now[0], now[1], now[2], now[3]
            wanted = intersection(grown(visible, _MARGIN), full)
        if wanted is None:
            return None
        x0, y0, x1, y1 = wanted
        return int(x0 // 1), int(y0 // 1), int(-(-x1 // 1)), int(-(-y1 // 1))

    def _ask(self) -> None:
        editor, viewing = self.editor, self.editor.viewing
        frame = editor.clock.frame
        wants = self.wants(frame)
        viewing.set_key(self.slot, wants[0].key if wants else None)
        obstacle = self._obstacle(wants)
        if obstacle is not None:
            self.canvas.set_updating(False)
            if obstacle or not wants:
                self.canvas.set_message(obstacle)
            if not wants:
                for side in ("a", "b", "difference"):
                    self.canvas.set_frame(None, side)
            return
        self._ask_info()
        waiting = False
        for want in wants:
            waiting = self._ask_for(want) or waiting
        error = next((self._errors[want] for want in wants if want in self._errors), None)
        self.canvas.set_message("" if error is None else _told(error), failed=error is not None)
        self.canvas.set_updating(waiting and not editor.clock.playing)

    def _obstacle(self, wants: list[Want]) -> str | None:
        """Why nothing can be asked for: a sentence, empty for no reason to tell, None for none."""
        if not wants:
            return (
                "Nothing to show yet: fit a clip and its canonical picture appears here."
                if self.slot == CANONICAL
                else "Nothing to show yet: drop a clip on the node graph, or press R there."
            )
        if self.editor.project.safe:
            return "Opened safely: nothing is evaluated until you allow it."
        if self.editor.workers is None:
            return "The picture process is not running."
        if self.paused:
            return ""
        if not self.isVisible():
            return ""
        return None

    def _ask_for(self, want: Want) -> bool:
        """Shows what is there and asks for what is not; returns whether it is waited for."""
        side = want.slot.rsplit(".", 1)[1]
        current = self.canvas.frame(side)
        if current is not None and self._is(current, want) and current.pixels is not None:
            return False
        found = self.editor.viewing.cache.get(want.key, want.frame, want.signature)
        if found is not None and (current is None or not self._is(current, want)):
            self._put(want, ViewFrame(found, None, self.look, node=want.key.node, frame=want.frame))
        if self.editor.clock.playing and self._moves(want.key.node, want.key.minus):
            return found is None
        if want in self._errors:
            return False
        if (
            current is not None
            and current.pixels is not None
            and self._same_but_look(current, want)
        ):
            self.fetcher.again(want, current)
            return False
        self.fetcher.ask(want)
        self.canvas.region = None if want.key.region is None else list(want.key.region)
        self.canvas.scale = want.key.scale
        return found is None

    def _is(self, frame: ViewFrame, want: Want) -> bool:
        return frame.tag == (want.key, want.frame, want.signature)

    def _same_but_look(self, frame: ViewFrame, want: Want) -> bool:
        if frame.tag is None or frame.pixels is None:
            return False
        key, number, signature = frame.tag
        return (replace(key, look=want.key.look), number, signature) == (
            want.key,
            want.frame,
            want.signature,
        )

    # What comes.

    def _ready(self, want: Want, frame: ViewFrame) -> None:
        viewing = self.editor.viewing
        if not frame.again:  # not every step of a dragged gain
            viewing.cache.put(want.key, want.frame, frame.cached)
            viewing.cached_changed.emit()
        self._errors.pop(want, None)
        self._tell_facts()
        if want in self.wants(self.editor.clock.frame):
            if self._held():
                QTimer.singleShot(_HELD_MS, self, lambda: self._ready_later(want, frame))
                return
            self._put(want, frame)
            self._settled()

    def _ready_later(self, want: Want, frame: ViewFrame) -> None:
        """A stroke was being drawn: its own pixels must not be painted over by older ones."""
        if self._held():
            QTimer.singleShot(_HELD_MS, self, lambda: self._ready_later(want, frame))
        elif want in self.wants(self.editor.clock.frame):
            self._put(want, frame)
            self._settled()

    def _held(self) -> bool:
        canvases = self.editor.viewing.canvases.values()
        return any(getattr(canvas.tool, "gesture", None) is not None for canvas in canvases)

    def _put(self, want: Want, frame: ViewFrame) -> None:
        side = want.slot.rsplit(".", 1)[1]
        frame.tag = (want.key, want.frame, want.signature)
        under = None
        if side == "a":
            if want.key.region is None:
                self._whole = frame
            elif self._whole is not None and (self._whole.node, self._whole.frame) == (
                frame.node,
                frame.frame,
            ):
                under = self._whole
        self.canvas.set_frame(frame, side, under)
        if side in ("a", "difference"):
            if want.frame is not None and want.frame != self._shown:
                self._shown = want.frame
                self.editor.viewing.frame_shown.emit(self.slot, want.frame)
            self.sampler.refresh()

    def _settled(self) -> None:
        wants = self.wants(self.editor.clock.frame)
        if not any(self.fetcher.waits_for(want) for want in wants):
            self.canvas.set_updating(False)
        if not any(want in self._errors for want in wants):
            self.canvas.set_message("")

    def _failed(self, want: Want, error: CodefError) -> None:
        if error.code == CANCELLED:
            self._settled()
            return
        self._errors[want] = error
        if want in self.wants(self.editor.clock.frame):
            self.canvas.set_message(_told(error), failed=True)
            self._settled_error(want)

    def _settled_error(self, want: Want) -> None:
        self.canvas.set_updating(False)
        side = want.slot.rsplit(".", 1)[1]
        frame = self.canvas.frame(side)
        if frame is not None and frame.node != want.key.node:
            self.canvas.set_frame(None, side)  # a picture of another node would be a lie

    # What changes.

    def _node_changed(self, slot: str) -> None:
        if slot == self.slot:
            self._tell_names()
            self._errors.clear()
            self.refresh()

    def _results_changed(self, slot: str) -> None:
        if slot == self.slot:
            self._errors.clear()
            self.refresh()

    def _frame_changed(self, frame: int) -> None:
        wants = self.wants(frame)
        cache = self.editor.viewing.cache
        # What is in memory is shown at once: playback does not wait for the event loop.
        for want in wants:
            found = cache.get(want.key, want.frame, want.signature)
            current = self.canvas.frame(want.slot.rsplit(".", 1)[1])
            if found is not None and (current is None or not self._is(current, want)):
                self._put(
                    want, ViewFrame(found, None, self.look, node=want.key.node, frame=want.frame)
                )
        self.refresh()

    def _gate(self) -> bool:
        """For playback of every frame: whether this viewer shows the frame, or never will."""
        if not self.isVisible() or self.paused:
            return True
        for want in self.wants(self.editor.clock.frame):
            current = self.canvas.frame(want.slot.rsplit(".", 1)[1])
            there = current is not None and self._is(current, want)
            if not there and not self.prefetch.has_failed(want) and want not in self._errors:
                return False
        return True

    def _viewport_changed(self) -> None:
        self._tell_facts()
        region = self.canvas.region
        visible = self.canvas.visible_box()
        full = self.canvas.format
        if region is not None and full is not None:
            seen = intersection(visible, full)
            box = (float(region[0]), float(region[1]), float(region[2]), float(region[3]))
            if seen is not None and not contains(box, seen):
                self._moved.start()
        elif region is None and self._region() is not None:
            self._moved.start()

    def _settings_changed(self, *_: object) -> None:
        working = str(self._setting("working_space"))
        if working != self.look.working:
            self._use_look(working=working)
        self.refresh()

    def _preference_changed(self, name: str) -> None:
        if name in ("display", "view"):
            self.set_view(self._first_view())
        elif name == "playback_memory":
            gib = self.editor.preferences.get("playback_memory")
            if isinstance(gib, int | float) and gib > 0:
                self.editor.viewing.cache.set_budget(int(gib * 2**30))

    def _workers_started(self) -> None:
        workers = self.editor.workers
        if workers is not None:
            workers.view.state_changed.connect(self._worker_state)
            workers.jobs.event.connect(self._jobs_said)
        self.refresh()

    def _worker_state(self, state: str) -> None:
        if state == "dead":
            self.fetcher.cancel()
            self.canvas.set_message("The picture process ended; it is started again.", failed=True)
        else:
            self._errors.clear()
            self._info_key = None
            self.canvas.set_message("")
            self.refresh()

    def _jobs_said(self, event: str, data: dict[str, Any]) -> None:
        # A draft of a fit changes pictures though the document is the same.
        if event == "draft" and isinstance(data.get("node"), str):
            self.editor.viewing.revisions.bump(data["node"])

    def _use_look(self, **parts: Any) -> None:
        look = replace(self.look, **parts)
        if look != self.look:
            self.look = look
            self.refresh()

    # What is told.

    def _ask_info(self) -> None:
        workers, viewing = self.editor.workers, self.editor.viewing
        shown = viewing.shown(self.slot)
        if workers is None or shown.node is None:
            return
        key = shown.node, viewing.signature(shown.node)
        if key == self._info_key:
            return
        self._info_key = key

        def done(info: dict[str, Any]) -> None:
            if self._info_key == key:
                self._use_info(info)

        def failed(error: CodefError) -> None:
            if self._info_key == key:
                self._info_key = None if error.code == CANCELLED else key
                if error.code == CANCELLED:
                    self.refresh()

        args = {"node": shown.node, "frame": self.editor.clock.frame}
        workers.view.request("info", args, done, failed)
        if self.slot == CANONICAL and shown.fit is not None and shown.fit != shown.node:
            fit = {"node": shown.fit, "frame": self.editor.clock.frame}
            workers.view.request("info", fit, self._use_layers, None)

    def _use_info(self, info: dict[str, Any]) -> None:
        viewing = self.editor.viewing
        form, data = info.get("format"), info.get("data")
        if form:
            box = (0.0, 0.0, float(form[0]), float(form[1]))
            if not isinstance(data, list) or len(data) != 4:
                self.canvas.set_windows(box, None)
            else:
                x0, y0, x1, y1 = (float(v) for v in data)
                self.canvas.set_windows(box, (x0, y0, x1, y1))
        viewing.set_info(self.slot, info)
        if info.get("layers") and viewing.shown(self.slot).fit == viewing.shown(self.slot).node:
            self._use_layers(info)
        self._tell_facts()
        self.refresh()

    def _use_layers(self, info: dict[str, Any]) -> None:
        if self.slot == CANONICAL:
            self.editor.viewing.set_layer_names([str(name) for name in info.get("layers") or []])
            self._tell_names()

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

    def _tell_facts(self) -> None:
        info, canvas = self.editor.viewing.infos[self.slot], self.canvas
        parts = []
        form = info.get("format")
        if form:
            parts.append(f"{form[0]}x{form[1]}")
        data = canvas.data
        if data is not None and canvas.format is not None and data != canvas.format:
            parts.append(f"data {data[2] - data[0]:g}x{data[3] - data[1]:g}")
        parts.append(f"{canvas.viewport.zoom * 100:.0f} %")
        parts.append(f"cache {self.editor.viewing.cache.bytes / 2**20:.0f} MB")
        self.info.set(right="   ".join(parts))

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
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802 - Qt's name
        """A hidden viewer asks for nothing."""
        self.fetcher.cancel()


def _told(error: CodefError) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
