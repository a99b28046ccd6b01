"""The timeline: ruler and transport."""

import re
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QSize, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QToolButton, QVBoxLayout, QWidget

from engine.errors import CodefError, UsageError
from engine.io.frames import parse_frames
from gui import theme
from gui.core.clock import LOOPS
from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.timeline.cached import CachedFrames
from gui.timeline.keyframes import key_frames, neighbour
from gui.timeline.ruler import Marks, Ruler
from gui.timeline.splits import Splits

_LOOP_TIPS = {
    "loop": "Playback starts again at the in point",
    "bounce": "Playback turns round at both ends",
    "once": "Playback stops at the end",
}
_MEASURED = 12
_CONTROLS = 665
"""Pixels of the row that its controls need."""


class TimelineBar(QWidget):
    """Shows and moves the clock; the range is that of what the frame viewer shows."""

    def __init__(self, editor: Editor, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.editor = editor
        self.ruler = Ruler(self)
        self.cached = CachedFrames(editor, self)
        self.splits = Splits(editor, self.ruler)
        self._times: deque[float] = deque(maxlen=_MEASURED)
        self._soon = QTimer(self, singleShot=True, interval=30)
        self._soon.timeout.connect(self._tell_marks)
        self._idle = QTimer(self, interval=500)
        self._idle.timeout.connect(self._tell_measured)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.ruler)
        column.addLayout(self._transport())
        self._connect()
        self._tell_range()
        self._tell_frame(editor.clock.frame)
        self._tell_playing(0)

    def go_to(self) -> None:
        """Puts the caret into the frame field: a number, or +20 and -20 from here."""
        self.frame_edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.frame_edit.selectAll()

    def _transport(self) -> QHBoxLayout:
        run = self.editor.actions.run
        row = QHBoxLayout()
        row.setContentsMargins(theme.MARGIN, 2, theme.MARGIN, 3)
        row.setSpacing(2)
        self.range_label = QLabel()
        self.range_label.setStyleSheet(f"color: {theme.DIM};")
        self.in_edit = self._field("In point: the first frame that is played", self._typed_in)
        self.out_edit = self._field("Out point: the last frame that is played", self._typed_out)
        row.addWidget(self.range_label)
        row.addStretch(1)
        row.addWidget(self.in_edit)
        self.buttons = {}
        for name, icon in (
            ("play.first", "first"),
            ("play.previous", "previous"),
            ("play.backward", "play_back"),
            ("play.forward", "play"),
            ("play.next", "next"),
            ("play.last", "last"),
        ):
            button = self._button(icon, self.editor.actions.tooltip(name))
            button.clicked.connect(lambda _=False, n=name: run(n, self))
            self.buttons[name] = button
            row.addWidget(button)
            if name == "play.backward":
                self.frame_edit = self._field(
                    "Frame; +20 and -20 go on from here  (Alt+G)", self._typed_frame
                )
                self.frame_edit.setFixedWidth(64)
                self.frame_edit.setAlignment(Qt.AlignmentFlag.AlignCenter)
                row.addWidget(self.frame_edit)
        row.addWidget(self.out_edit)
        row.addSpacing(theme.MARGIN)
        self.loop = self._button("loop", "")
        self.loop.clicked.connect(lambda _=False: self._next_loop())
        row.addWidget(self.loop)
        self.every = QToolButton()
        self.every.setCheckable(True)
        self.every.setText("every frame")
        self.every.setToolTip(
            "Off: keeps the frame rate and leaves frames out. On: shows every frame, however long "
            "that takes."
        )
        self.every.toggled.connect(self.editor.clock.set_every_frame)
        row.addWidget(self.every)
        row.addStretch(1)
        self.measured = QLabel()
        self.measured.setMinimumWidth(78)
        self.measured.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.measured.setToolTip("Frames a second that are really shown")
        row.addWidget(self.measured)
        self.fps_edit = self._field("Frames a second of playback", self._typed_fps)
        row.addWidget(self.fps_edit)
        label = QLabel("fps")
        label.setStyleSheet(f"color: {theme.DIM};")
        row.addWidget(label)
        return row

    def _field(self, tip: str, typed: Callable[[str], None]) -> QLineEdit:
        edit = QLineEdit()
        edit.setFixedWidth(52)
        edit.setFont(theme.mono())
        edit.setToolTip(tip)
        edit.setAlignment(Qt.AlignmentFlag.AlignRight)

        def finished() -> None:
            if edit.isModified():
                edit.setModified(False)
                typed(edit.text().strip())
            # Later: Return goes on to the parents, and must not be a key of a pane.
            QTimer.singleShot(0, edit, edit.clearFocus)
            self._tell_range()
            self._tell_frame(self.editor.clock.frame)

        edit.editingFinished.connect(finished)
        return edit

    def _button(self, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(theme.icon(icon))
        button.setIconSize(QSize(theme.ICON, theme.ICON))
        button.setToolTip(tip)
        button.setAutoRaise(True)
        return button

    def _connect(self) -> None:
        editor, clock, viewing = self.editor, self.editor.clock, self.editor.viewing
        clock.frame_changed.connect(self._tell_frame)
        clock.range_changed.connect(self._tell_range)
        clock.playing_changed.connect(self._tell_playing)
        viewing.info_changed.connect(self._info_changed)
        viewing.frame_shown.connect(self._frame_shown)
        viewing.stills.changed.connect(self._soon.start)
        self.cached.changed.connect(self._soon.start)
        editor.selection.changed.connect(self._soon.start)
        editor.project.changed.connect(self._soon.start)
        self.ruler.scrubbed.connect(self._scrub)
        self.ruler.in_moved.connect(clock.set_in)
        self.ruler.out_moved.connect(clock.set_out)
        actions = editor.actions
        actions.register(self, "timeline", {})
        actions.register(
            None,
            "playback",
            {
                "play.forward": clock.play,
                "play.backward": lambda: clock.play(-1),
                "play.stop": clock.stop,
                "play.next": lambda: clock.step(1),
                "play.previous": lambda: clock.step(-1),
                "play.next_10": lambda: clock.step(10),
                "play.previous_10": lambda: clock.step(-10),
                "play.next_key": lambda: self._to_key(1),
                "play.previous_key": lambda: self._to_key(-1),
                "play.first": clock.go_to_start,
                "play.last": clock.go_to_end,
                "play.in": lambda: clock.set_in(clock.frame),
                "play.out": lambda: clock.set_out(clock.frame),
                "play.clear_points": clock.clear_points,
                "play.go_to": self.go_to,
            },
        )

    def _info_changed(self, slot: str) -> None:
        self._tell_words()
        self._soon.start()

    # What is told.

    def _tell_frame(self, frame: int) -> None:
        self.ruler.set_frame(frame)
        if not self.frame_edit.isModified():
            self.frame_edit.setText(str(frame))

    def _tell_range(self) -> None:
        clock = self.editor.clock
        self.ruler.set_range(clock.first, clock.last, clock.in_point, clock.out_point)
        for edit, frame in ((self.in_edit, clock.in_point), (self.out_edit, clock.out_point)):
            if not edit.isModified():
                edit.setText(str(frame))
        if not self.fps_edit.isModified():
            self.fps_edit.setText(f"{clock.fps:.5g}")
        self.loop.setIcon(theme.icon(clock.loop))
        self.loop.setToolTip(_LOOP_TIPS[clock.loop])
        self.every.setChecked(clock.every_frame)
        self._tell_words()

    def _tell_words(self) -> None:
        info = self.editor.viewing.infos[FRAME]
        text = str(info.get("frames") or "")
        clock = self.editor.clock
        count = clock.last - clock.first + 1
        shown = text or f"{clock.first}-{clock.last}"
        full = f"{shown}   {count} frames"
        self.range_label.setToolTip(full)
        # What there is no room for is left out whole: a cut number would be a wrong number.
        room = self.width() - _CONTROLS
        fits = self.range_label.fontMetrics().horizontalAdvance
        words = [full, shown, shown.partition(",")[0] + " …", ""]
        self.range_label.setText(next(each for each in words if fits(each) <= max(room, 0)))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        """A wider bar has more to say."""
        super().resizeEvent(event)
        self._tell_words()

    def _tell_playing(self, playing: int) -> None:
        for name, way in (("play.backward", -1), ("play.forward", 1)):
            icon = "pause" if playing == way else {-1: "play_back", 1: "play"}[way]
            self.buttons[name].setIcon(theme.icon(icon))
        self._times.clear()
        if playing:
            self._idle.start()
        else:
            self._idle.stop()
            self.measured.setText("")

    def _tell_marks(self) -> None:
        info = self.editor.viewing.infos[FRAME]
        marks = Marks(
            self.cached.frames(),
            missing_of(info),
            self._reference(),
            self._keys(),
            self.splits.frames(),
        )
        self.ruler.set_marks(marks)
        self._tell_words()

    def _keys(self) -> set[int]:
        return key_frames(self.editor.project.document, self.editor.selection.names)

    def _to_key(self, way: int) -> None:
        clock = self.editor.clock
        key = neighbour(self._keys(), clock.frame, way)
        if key is None:
            self.editor.say("There is no key that way: select a node with shapes, marks or pins.")
        else:
            clock.stop()
            clock.set_frame(key)

    def _reference(self) -> int | None:
        viewing = self.editor.viewing
        if viewing.stills.segments:
            return viewing.stills.segments[viewing.stills.shown].reference
        if viewing.reference is not None:
            return viewing.reference
        fit = viewing.shown(FRAME).fit
        document = self.editor.project.document
        if fit is None or fit not in document:
            return None
        try:
            asked = document.knob_value(fit, "reference")
        except UsageError:
            return None
        return asked if isinstance(asked, int) else None

    def _frame_shown(self, slot: str, frame: int) -> None:
        if slot == FRAME and self.editor.clock.playing:
            self._times.append(time.monotonic())
            self._tell_measured()

    def _tell_measured(self) -> None:
        fps = measured(self._times, time.monotonic())
        asked = self.editor.clock.fps
        slow = fps < asked * 0.95
        self.measured.setStyleSheet(f"color: {theme.WARNING if slow else theme.DIM};")
        self.measured.setText(f"{fps:.1f} of")

    # What is typed.

    def _scrub(self, frame: int) -> None:
        self.editor.clock.stop()
        self.editor.clock.set_frame(frame)

    def _typed_frame(self, text: str) -> None:
        frame = frame_typed(text, self.editor.clock.frame)
        if frame is not None:
            self.editor.clock.stop()
            self.editor.clock.set_frame(frame)

    def _typed_in(self, text: str) -> None:
        self.editor.clock.set_in(frame_typed(text, self.editor.clock.in_point))

    def _typed_out(self, text: str) -> None:
        self.editor.clock.set_out(frame_typed(text, self.editor.clock.out_point))

    def _typed_fps(self, text: str) -> None:
        try:
            self.editor.clock.set_fps(float(text.replace(",", ".")))
        except ValueError:
            return

    def _next_loop(self) -> None:
        clock = self.editor.clock
        clock.set_loop(LOOPS[(LOOPS.index(clock.loop) + 1) % len(LOOPS)])


def frame_typed(text: str, now: int) -> int | None:
    """The frame that a person typed: a number, ``+20`` and ``-20`` from here, ``=-20`` itself.

    Args:
        text: As typed.
        now: Where the field stands.
    """
    match = re.fullmatch(r"\s*([=+-]?)\s*(-?\d{1,9})\s*", text)
    if match is None:
        return None
    number = int(match[2])
    if match[1] == "+":
        return now + number
    if match[1] == "-":
        return now - number
    return number


def missing_of(info: dict[str, Any]) -> set[int]:
    """The frames that the worker's ``info`` says are missing."""
    text = info.get("frames")
    if not isinstance(text, str) or "missing" not in text:
        return set()
    try:
        return set(parse_frames(text.split("missing", 1)[1]))
    except CodefError:
        return set()


def measured(times: deque[float], now: float) -> float:
    """Frames a second, from when the last ones were shown; falls while none comes."""
    if len(times) < 2:
        return 0.0
    span = max(times[-1] - times[0], 1e-6)
    rate = (len(times) - 1) / span
    waited = now - times[-1]
    return min(rate, 1 / waited) if waited > 0 else rate
