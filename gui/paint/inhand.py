"""Tools beside the paint tools: one is in hand at a time, in all viewers that have it."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any, Protocol, TypeVar

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QToolButton, QWidget

from gui import theme
from gui.core.editor import Editor
from gui.paint.events import PointerEvent
from gui.paint.painting import painting_of
from gui.paint.strokeplaces import StrokePlaces
from gui.viewer.canvas import Canvas
from gui.viewer.pane import ViewerPane


class OnCanvas(Protocol):
    """Whatever works on one canvas."""

    canvas: Canvas


_Made = TypeVar("_Made", bound=OnCanvas)


class InHand(QObject):
    """Whether a kind of tool is in hand; taking it puts away the paint tools and all other kinds.

    Attributes:
        on: It is in hand.
        selected: Name of what is selected, or None.
        tools: The tool of each viewer, by its slot.
    """

    changed = Signal()
    """It was taken or put away, or shows something else."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.on = False
        self.selected: str | None = None
        self.tools: dict[str, CanvasTool] = {}
        # Methods, not lambdas: they are forgotten with this.
        painting_of(editor).tool_changed.connect(self._another)
        editor.project.replaced.connect(self._replaced)

    def take(self, on: bool) -> None:
        """Takes it in hand, or puts it away."""
        if on == self.on:
            return
        self.on = on
        if on:
            painting_of(self._editor).take("")
            for other in self._editor.findChildren(InHand):
                if other is not self:
                    other.take(False)
            self._taken()
        self.changed.emit()

    def select(self, name: str | None) -> None:
        """Selects by name."""
        if name != self.selected:
            self.selected = name
            self.changed.emit()

    def _another(self, kind: str) -> None:
        """A paint tool was taken, or put away."""
        if kind:
            self.take(False)

    def _replaced(self) -> None:
        """Another document is open."""
        self.select(None)

    def _taken(self) -> None:
        """What is still to be done when it is taken, such as saying what it is for."""


class CanvasTool(QObject):
    """A kind of tool on one canvas, whose ``tool`` it is while the kind is in hand.

    What a kind does not do, the canvas does: see ``gui.viewer.canvas.Tool``.

    Args:
        hand: The kind.
        editor: The editor.
        canvas: The viewer's canvas.
        slot: The viewer's slot.
    """

    def __init__(self, hand: InHand, editor: Editor, canvas: Canvas, slot: str) -> None:
        super().__init__(canvas)
        self._editor, self.canvas, self.slot = editor, canvas, slot
        self._hand = hand
        hand.tools[slot] = self
        self.spots = StrokePlaces(editor, canvas, slot)
        # Methods, not lambdas: they are forgotten with the tool.
        hand.changed.connect(self._turned)
        editor.project.changed.connect(self._redraw)
        editor.clock.frame_changed.connect(self._redraw)

    def press(self, event: PointerEvent) -> bool:
        """A button or the pen went down."""
        return False

    def move(self, event: PointerEvent) -> bool:
        """The pointer moved."""
        return False

    def release(self, event: PointerEvent) -> bool:
        """It went up."""
        return False

    def key(self, event: QKeyEvent) -> bool:
        """A key that no action took."""
        return False

    def paint(self, painter: QPainter) -> None:
        """Draws over the picture, in widget coordinates."""

    def abort(self) -> bool:
        """Gives up what is being done; returns whether there was anything."""
        return False

    def _redraw(self, *_: object) -> None:
        if self._hand.on:
            self.canvas.update()

    def _turned(self) -> None:
        canvas = self.canvas
        if self._hand.on:
            canvas.tool = self
            canvas.setCursor(Qt.CursorShape.CrossCursor)
        elif canvas.tool is self:
            self.abort()
            canvas.tool = None
            canvas.unsetCursor()
        canvas.update()


def new_tools(
    editor: Editor,
    known: Mapping[str, Any],
    make: Callable[[Editor, Canvas, str], _Made],
    slots: Collection[str] | None = None,
) -> Iterator[tuple[ViewerPane, _Made]]:
    """Gives the viewers that have none their tool, and tells which got one.

    Args:
        editor: The editor.
        known: The tools that there are, by slot; those of canvases that are gone do not count.
        make: Makes one, and enters it into ``known``.
        slots: The viewers that have such tools; None: all.
    """
    for slot, canvas in editor.viewing.canvases.items():
        there = known.get(slot)
        if (slots is not None and slot not in slots) or (there and there.canvas is canvas):
            continue
        tool, pane = make(editor, canvas, slot), canvas.parentWidget()
        if isinstance(pane, ViewerPane):
            yield pane, tool


def tool_button(icon: str, size: int, parent: QWidget) -> QToolButton:
    """A button of the tool bar that stays down.

    Args:
        icon: Name of its picture.
        size: Width and height in pixels.
        parent: The bar.
    """
    button = QToolButton(parent)
    button.setIcon(theme.icon(icon))
    button.setIconSize(QSize(20, 20))
    button.setFixedSize(size, size)
    button.setCheckable(True)
    button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return button


def hand_button(
    editor: Editor, hand: InHand, icon: str, action: str, tip: str, size: int, parent: QWidget
) -> QToolButton:
    """A button that takes a kind of tool, and shows whether it is in hand.

    Args:
        editor: The editor.
        hand: The kind.
        icon: Name of its picture.
        action: The action whose key does the same.
        tip: Name and explanation, separated by a line break.
        size: Width and height in pixels.
        parent: The bar.
    """
    button = tool_button(icon, size, parent)
    name, _, text = tip.partition("\n")

    def explain() -> None:
        key = editor.actions.key_text(action)
        button.setToolTip(f"<b>{name}</b>{f'  ({key})' if key else ''}<br>{text}")

    button.clicked.connect(hand.take)
    hand.changed.connect(lambda: button.setChecked(hand.on))
    editor.actions.changed.connect(explain)
    explain()
    return button
