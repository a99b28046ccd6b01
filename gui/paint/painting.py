"""What both viewers, the bar and the list share: the tool in hand, its settings, the colour."""

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor

from engine.errors import UsageError
from engine.paint.stroke import standing_in
from gui.core.editor import Editor
from gui.paint.brush import (
    BY_KIND,
    STARTS,
    Brush,
    Clip,
    Tool,
    header,
    lifetime_of,
    next_tool,
)
from gui.paint.colour import RGB, Recent
from gui.paint.journal import StrokeJournal
from gui.paint.strokedata import removal, strokes_of
from gui.paint.target import CANONICAL, FRAME, PAINT
from gui.properties.viewspace import ViewColours, view_colours

if TYPE_CHECKING:
    from gui.paint.frames import FrameGesture
    from gui.paint.tool import PaintTool


class Painting(QObject):
    """The artist's hand.

    Attributes:
        kind: Kind of the tool in hand; empty: none, the viewer is for looking.
        colour: Scene-linear colour of the brush.
        recent: Colours of the last strokes.
        lifetimes: The lifetime menu's choice for each space.
        range_text: The frames of the choice ``range``.
        frames_to_canonical: Strokes drawn on a frame become canonical strokes.
        node: The Paint node whose strokes the list shows.
        selected: Places of the selected strokes in its list, from the bottom.
        tools: The tool of each viewer, by its slot.
        waiting: Strokes drawn on frames that the worker has not taken over yet, oldest first.
        journal: Keeps strokes for a recovery, where there is one.
    """

    tool_changed = Signal(str)
    """Another tool is in hand, or none."""
    brush_changed = Signal()
    """Settings of the tool in hand, the lifetime or where frame strokes go."""
    colour_changed = Signal()
    recent_changed = Signal()
    strokes_selected = Signal()
    """Other strokes of the list are selected."""
    status = Signal(str)
    """One sentence for the status line."""
    drawing_changed = Signal(bool)
    """A stroke has begun or is over."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.kind = ""
        self.colour: RGB = (0.8, 0.8, 0.8)
        self.recent = Recent()
        self.lifetimes: dict[str, str] = {CANONICAL: "all", FRAME: "single"}
        self.range_text = ""
        self.frames_to_canonical = True
        self.node: str | None = None
        self.selected: tuple[int, ...] = ()
        self.tools: dict[str, PaintTool] = {}
        self.waiting: list[FrameGesture] = []
        self.journal: StrokeJournal | None = None
        self._last = "brush"
        self._brushes: dict[str, Brush] = dict(STARTS)
        editor.project.replaced.connect(self._forget)

    # The tool.

    @property
    def tool(self) -> Tool | None:
        """The tool in hand."""
        return BY_KIND.get(self.kind)

    @property
    def draws(self) -> bool:
        """Whether the tool in hand draws strokes."""
        return self.kind not in ("", "select")

    def take(self, kind: str) -> None:
        """Takes a tool in hand; empty puts it away."""
        if kind and kind not in BY_KIND:
            raise UsageError(f"there is no paint tool {kind!r}")
        if kind == self.kind:
            return
        if self.kind:
            self._last = self.kind
        self.kind = kind
        self.tool_changed.emit(kind)
        self.brush_changed.emit()

    def press_key(self, key: str) -> None:
        """The key of a family: its first tool, or the next; select again puts it away."""
        self.take("" if key == "Q" and self.kind == "select" else next_tool(key, self.kind))

    def view_colours(self) -> ViewColours:
        """The view in which colours are picked."""
        return view_colours(self._editor)

    # Its settings.

    def brush_of(self, kind: str) -> Brush:
        """What a tool is set to."""
        return self._brushes.get(kind, STARTS["brush"])

    @property
    def brush(self) -> Brush:
        """What the tool in hand is set to."""
        return self.brush_of(self.kind or self._last)

    def set(self, **values: Any) -> None:
        """Changes settings of the tool in hand (``Brush``'s attributes)."""
        kind = self.kind or self._last
        before = self.brush_of(kind)
        after = replace(before, **values)
        if "size" in values:
            after = after.resized(values["size"])
        if after != before:
            self._brushes[kind] = after
            self.brush_changed.emit()

    def step_size(self, steps: int) -> None:
        """``]`` and ``[``."""
        self.set(size=self.brush.stepped(steps).size)

    def set_lifetime(self, space: str, choice: str, text: str | None = None) -> None:
        """Chooses how long new strokes of a space live."""
        self.lifetimes[space] = choice
        if text is not None:
            self.range_text = text
        self.brush_changed.emit()

    def set_frames_to_canonical(self, on: bool) -> None:
        """Whether strokes drawn on a frame become canonical strokes."""
        if on != self.frames_to_canonical:
            self.frames_to_canonical = on
            self.brush_changed.emit()

    def set_colour(self, colour: RGB) -> None:
        """Takes a scene-linear colour."""
        red, green, blue = (float(value) for value in colour)
        if (red, green, blue) != self.colour:
            self.colour = (red, green, blue)
            self.colour_changed.emit()

    def used_colour(self) -> None:
        """A stroke was drawn with the colour: it is a recent one."""
        if self.recent.use(self.colour):
            self.recent_changed.emit()

    def header(self, kind: str, space: str, frame: int, clip: Clip, count: int) -> dict[str, Any]:
        """A new stroke without points.

        Args:
            kind: Kind of the tool (the pen's other end erases whatever is in hand).
            space: ``canonical`` or ``frame``.
            frame: The frame looked at.
            clip: First and last frame.
            count: How many strokes there are, for its name.

        Raises:
            UsageError: The lifetime's range is none.
        """
        lifetime = lifetime_of(self.lifetimes[space], frame, clip, self.range_text)
        name = f"{BY_KIND[kind].title} {count + 1}"
        brush = self.brush_of(kind)
        wanted = held = frame + brush.time
        if clip[0] <= frame <= clip[1]:
            held = standing_in(wanted, False, clip)
        if kind == "reveal" and held != wanted:
            self.status.emit(
                f"Frame {wanted} lies outside the clip ({clip[0]}-{clip[1]}); frame {held} shines "
                "through."
            )
        # A still has no frame that a reveal could count from.
        reveal = held if space == CANONICAL else None
        return header(kind, brush, self.colour, lifetime, name, reveal)

    def screen_colour(self) -> QColor:
        """The brush's colour as the viewers show it."""
        return QColor.fromRgbF(*self.view_colours().shown(self.colour))

    # Strokes on their way.

    def begin_arguments(
        self, node: str, stroke: dict[str, Any], space: str = CANONICAL
    ) -> dict[str, Any]:
        """The arguments of ``paint.begin``: the stroke and what both viewers show now.

        Args:
            node: The Paint node.
            stroke: Without points.
            space: What its pixels are places of.
        """
        frame = self._editor.clock.frame
        views: dict[str, Any] = {"view": None, "follow": None}
        painted = self.tools.get(space)
        if painted is not None and painted.shows(node):
            views["view"] = painted.region()
        other = self.tools.get(FRAME)
        if other is not None and space != FRAME and other.shown is not None:
            views["follow"] = {"node": other.shown, "frame": frame, **other.region()}
        return {"node": node, "frame": frame, "stroke": stroke, "index": None, **views}

    def show_pixels(self, answer: dict[str, Any], slot: str) -> None:
        """Puts what a stroke changed onto a canvas.

        Args:
            answer: Of the worker, with a ``picture`` or none.
            slot: The viewer's slot.
        """
        tool = self.tools.get(slot)
        if tool is not None:
            tool.show_pixels(answer.get("picture"))

    def settle_waiting(self) -> None:
        """Strokes drawn on frames go into the document in the order they were drawn."""
        while self.waiting and (self.waiting[0].answer is not None or self.waiting[0].failure):
            self.waiting.pop(0).settle()

    def drawn_before(self) -> int:
        """How many strokes the list's node has or is about to get, for the next one's name."""
        document = self._editor.project.document
        there = strokes_of(document, self.node) if self.node is not None else []
        return len(there) + len(self.waiting)

    def _forget(self) -> None:
        """Another document: what was drawn on the old one is not for it."""
        waiting, self.waiting = self.waiting, []
        for gesture in waiting:
            gesture.drop()
        self.select(None, ())

    # The list.

    def list_node(self, node: str) -> None:
        """Lists a Paint node's strokes, if it is one; what is selected of them stays so."""
        document = self._editor.project.document
        if node != self.node and node in document and document.state(node).type == PAINT:
            self.select(node, ())

    def remove_selected(self) -> bool:
        """Deletes the selected strokes that are not locked; returns whether there were any."""
        document = self._editor.project.document
        if self.node is None or self.node not in document or not self.selected:
            return False
        there = strokes_of(document, self.node)
        places = [p for p in self.selected if p < len(there) and not there[p].get("locked")]
        return self._editor.project.do(removal(self.node, places)) if places else False

    def select(self, node: str | None, rows: tuple[int, ...]) -> None:
        """Selects strokes of a Paint node, by their place in its list (0 at the bottom)."""
        if (node, rows) != (self.node, self.selected):
            self.node, self.selected = node, rows
            self.strokes_selected.emit()


def painting_of(editor: Editor) -> Painting:
    """The one of an editor; made at the first call."""
    found = editor.findChild(Painting)
    return found if isinstance(found, Painting) else Painting(editor)
