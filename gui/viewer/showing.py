"""What a viewer shows: asks for it, takes it from the cache, tells why it is not there."""

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from engine.errors import CodefError
from gui.core.editor import Editor
from gui.viewer.absence import Withheld, halt, nothing_to_ask, reason
from gui.viewer.canvas import Canvas
from gui.viewer.display import Look
from gui.viewer.fetch import Fetcher, Want
from gui.viewer.playback import Prefetch
from gui.viewer.viewframe import ViewFrame
from gui.viewer.viewport import contains, intersection
from gui.viewer.wanting import Wanting

_HELD_MS = 40


class Showing(QObject):
    """Keeps a canvas showing what its slot should show; nothing here waits.

    Args:
        editor: The editor.
        slot: ``frame`` or ``canonical``.
        canvas: Where it is shown.
        look: How linear pixels are shown.

    Attributes:
        look: The same.
        scale: 1, 2, 4 or 8: every how-manyth pixel is asked for.
        paused: Nothing is asked for.
        withheld: What failed or was stopped, and is not asked for again by itself.
        fetcher: Gets the pictures.
    """

    asks = Signal()
    """Something is about to be asked for: whoever wants facts about it asks as well."""
    put = Signal()
    """Another picture is on the canvas."""
    reset = Signal()
    """A worker has started: all that was asked is void."""

    def __init__(self, editor: Editor, slot: str, canvas: Canvas, look: Look) -> None:
        super().__init__(canvas)
        self.editor, self.slot, self.canvas, self.look = editor, slot, canvas, look
        self.scale, self.paused = 1, False
        self._wanting = Wanting(editor, slot, canvas)
        self._whole: ViewFrame | None = None
        self.withheld = Withheld()
        self._shown: int | None = None
        self.fetcher = Fetcher(editor, self)
        self.prefetch = Prefetch(editor, self.fetcher, self.wants)
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._ask)
        self._moved = QTimer(self, singleShot=True, interval=120)
        self._moved.timeout.connect(self._ask)
        viewing, clock = editor.viewing, editor.clock
        viewing.changed.connect(self._results_changed)
        viewing.results_changed.connect(self._results_changed)
        viewing.coming_changed.connect(self.refresh)
        viewing.cancelled.connect(self.stop)
        clock.frame_changed.connect(self._frame_changed)
        clock.playing_changed.connect(self._playing_changed)
        gate = self._gate
        clock.gates.append(gate)
        self.destroyed.connect(partial(_forget, clock.gates, gate))
        editor.workers_started.connect(self._workers_started)
        editor.project.replaced.connect(self._other_document)
        editor.project.safe_changed.connect(self.refresh)
        editor.faces.changed.connect(self._face_changed)
        self.fetcher.ready.connect(self._ready)
        self.fetcher.failed.connect(self._failed)
        self.fetcher.lost.connect(lambda _: self._moved.start())
        self.fetcher.progressed.connect(self._progressed)
        canvas.viewport_changed.connect(self._viewport_changed)
        canvas.roi_changed.connect(self.refresh)
        if editor.workers is not None:
            self._workers_started()

    def set_look(self, look: Look) -> None:
        """Shows linear pixels another way."""
        if look != self.look:
            self.look = look
            self.refresh()

    def set_scale(self, scale: int) -> None:
        """Asks for every how-manyth pixel only."""
        if scale != self.scale:
            self.scale = scale
            self.refresh()

    def set_paused(self, paused: bool) -> None:
        """Asks for nothing more, or goes on."""
        self.paused = paused
        self.withheld.stopped.clear()
        if paused:
            self.cancel()
        self.refresh()

    def force(self) -> None:
        """Asks again for all, files on the disk included."""
        self.withheld.clear()
        self.editor.viewing.revisions.bump()
        self.refresh()

    def cancel(self) -> None:
        """Gives up what is under way for this viewer."""
        self.fetcher.cancel()
        self.canvas.set_updating(False)

    def stop(self) -> None:
        """Esc: what is under way is given up, and said so, until something is another."""
        if self._soon.isActive():
            self._ask()
        wants = self.wants(self.editor.clock.frame)
        self.withheld.stopped.update(want for want in wants if self.fetcher.waits_for(want))
        self.cancel()
        self.canvas.set_halted(halt(self, wants))

    def refresh(self, *_: object) -> None:
        """Sees soon whether what is shown is what should be shown."""
        self._soon.start()

    def wants(self, frame: int | None) -> list[Want]:
        """The pictures that the viewer needs for a frame."""
        return self._wanting.wants(frame, self.scale, self.look)

    def _ask(self) -> None:
        editor, viewing = self.editor, self.editor.viewing
        frame = editor.clock.frame
        wants = self.wants(frame)
        viewing.set_key(self.slot, wants[0].key if wants else None)
        obstacle = nothing_to_ask(self, wants)
        self.canvas.set_halted(halt(self, wants))
        if obstacle is not None:
            self.canvas.set_updating(False)
            if obstacle or not wants:
                self.canvas.set_message(obstacle)
            if not wants:
                self._show_nothing()
            return
        self.asks.emit()
        waiting = False
        for want in wants:
            waiting = self._ask_for(want) or waiting
        self._say(self.withheld.error_of(wants))
        for want in wants:
            if want in self.withheld.errors:
                self._drop_other(want)
        # A stroke under way keeps its own pixels: what comes is shown after it.
        waiting = waiting and not editor.clock.playing and not self._held()
        self.canvas.set_updating(waiting, self.canvas.update_share if waiting else None)

    def _progressed(self, want: Want, share: float) -> None:
        if self.canvas.updating and want in self.wants(self.editor.clock.frame):
            self.canvas.set_updating(True, share)

    def _other_document(self) -> None:
        """Its nodes may be called the same, but nothing that was shown is theirs."""
        self.cancel()
        self.withheld.clear()
        self._whole = None
        self._show_nothing()
        self.refresh()

    def _show_nothing(self) -> None:
        """Neither a picture nor windows and figures of what was shown before."""
        for side in ("a", "b", "difference"):
            self.canvas.set_frame(None, side)
        if self.canvas.format is not None:
            self.canvas.set_windows(None, None)
            self.editor.viewing.set_info(self.slot, {})
            self.reset.emit()

    def _ask_for(self, want: Want) -> bool:
        """Shows what is there and asks for what is not; returns whether it is waited for."""
        side = want.slot.rsplit(".", 1)[1]
        current = self.canvas.frame(side)
        if current is not None and self._is(current, want) and current.pixels is not None:
            return False
        found = self.editor.viewing.cache.get(want.key, want.frame, want.signature)
        # Codes alone cannot be painted on: while a stroke is drawn its picture stays.
        if (
            found is not None
            and not self._held()
            and (current is None or not self._is(current, want))
        ):
            self._put(want, ViewFrame(found, None, self.look, node=want.key.node, frame=want.frame))
        if self.editor.clock.playing and self._wanting.moves(want.key.node, want.key.minus):
            return found is None
        if want in self.withheld:
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
        self.withheld.errors.pop(want, None)
        self._take(want, frame)

    def _take(self, want: Want, frame: ViewFrame) -> None:
        if want not in self.wants(self.editor.clock.frame):
            return
        if self._held():
            # A stroke is being drawn: its own pixels must not be painted over by older ones.
            QTimer.singleShot(_HELD_MS, self, lambda: self._take(want, frame))
        else:
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
            self.put.emit()

    def _settled(self) -> None:
        wants = self.wants(self.editor.clock.frame)
        if not any(self.fetcher.waits_for(want) for want in wants):
            self.canvas.set_updating(False)
        if self.withheld.error_of(wants) is None:
            self.canvas.set_message("")

    def _failed(self, want: Want, error: CodefError) -> None:
        self.withheld.errors[want] = error
        if want in self.wants(self.editor.clock.frame):
            self._say(error)
            self._settled_error(want)

    def _say(self, error: CodefError | None) -> None:
        text, failed = reason(self.editor, error)
        self.canvas.set_message(text, failed=failed)

    def _face_changed(self, name: str) -> None:
        if any(error.node == name for error in self.withheld.errors.values()):
            self.refresh()

    def _settled_error(self, want: Want) -> None:
        self.canvas.set_updating(False)
        self._drop_other(want)

    def _drop_other(self, want: Want) -> None:
        """Under an error a picture of another node or frame would be a lie."""
        side = want.slot.rsplit(".", 1)[1]
        frame = self.canvas.frame(side)
        if frame is not None and (frame.node, frame.frame) != (want.key.node, want.frame):
            self.canvas.set_frame(None, side)

    # What changes.

    def _results_changed(self, slot: str) -> None:
        if slot == self.slot:
            self.withheld.clear()
            self.refresh()

    def _playing_changed(self, _: int) -> None:
        self.withheld.stopped.clear()
        self.refresh()

    def _frame_changed(self, frame: int) -> None:
        self.withheld.stopped.clear()
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
        if not self.canvas.isVisible() or self.paused:
            return True
        for want in self.wants(self.editor.clock.frame):
            current = self.canvas.frame(want.slot.rsplit(".", 1)[1])
            there = current is not None and self._is(current, want)
            if not there and not self.prefetch.has_failed(want) and want not in self.withheld:
                return False
        return True

    def _viewport_changed(self) -> None:
        region = self.canvas.region
        visible = self.canvas.visible_box()
        full = self.canvas.format
        if region is not None and full is not None:
            seen = intersection(visible, full)
            box = (float(region[0]), float(region[1]), float(region[2]), float(region[3]))
            if seen is not None and not contains(box, seen):
                self._moved.start()
        elif region is None and self._wanting.region(self.scale) is not None:
            self._moved.start()

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
            self.withheld.clear()
            self.reset.emit()
            if self.canvas.failed:  # it said that the process had ended
                self.canvas.set_message("")
            self.refresh()

    def _jobs_said(self, event: str, data: dict[str, Any]) -> None:
        # A draft of a fit changes pictures though the document is the same.
        if event == "draft" and isinstance(data.get("node"), str):
            self.editor.viewing.revisions.bump(data["node"])


def _forget(gates: list[Any], gate: object, *_: object) -> None:
    """The viewer is gone: playback waits for it no more."""
    if gate in gates:
        gates.remove(gate)
