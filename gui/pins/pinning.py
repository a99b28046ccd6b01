"""What the pin tools of both viewers share: whether they are in hand, and the selected pin."""

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME
from gui.paint.painting import painting_of
from gui.pins.edits import Home, home_of, pins_of, setting, without_key

if TYPE_CHECKING:
    from gui.pins.tool import PinTool

_STEP = 1.25


class Pinning(QObject):
    """The pins of what the viewers show.

    Attributes:
        on: The pin tool is in hand.
        selected: Name of the selected pin, or None.
        tools: The tool of each viewer, by its slot.
    """

    changed = Signal()
    """The tool was taken or put away, or another pin is selected."""

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self._editor = editor
        self.on = False
        self.selected: str | None = None
        self.tools: dict[str, PinTool] = {}
        painting_of(editor).tool_changed.connect(lambda kind: self.take(False) if kind else None)
        editor.project.replaced.connect(lambda: self.select(None))

    def take(self, on: bool) -> None:
        """Takes the tool in hand, or puts it away; paint tools and pins exclude each other."""
        if on == self.on:
            return
        self.on = on
        if on:
            painting_of(self._editor).take("")
            home = self.home()
            if home is None:
                self._editor.say("Pins correct a fit: show a picture that comes through one.")
            else:
                self._editor.say(
                    "Drag a point of either viewer to where it belongs; a click holds it there."
                )
        self.changed.emit()

    def toggle(self) -> None:
        """The key."""
        self.take(not self.on)

    def home(self) -> Home | None:
        """Where pins go now."""
        editor = self._editor
        document, names = editor.project.document, editor.selection.names
        for slot in (FRAME, CANONICAL):
            home = home_of(document, editor.viewing.node(slot), names)
            if home is not None:
                return home
        return None

    def pins(self) -> list[dict[str, Any]]:
        """The pins there, as they are stored."""
        home = self.home()
        return [] if home is None else pins_of(self._editor.project.document, home.node)

    def select(self, name: str | None) -> None:
        """Selects a pin by name."""
        if name != self.selected:
            self.selected = name
            self.changed.emit()

    def put(self, pin: dict[str, Any], gesture: str | None = None) -> bool:
        """Sets a pin: the one of its name, or a new one."""
        home = self.home()
        if home is None:
            return False
        pins = pins_of(self._editor.project.document, home.node)
        names = [each.get("name") for each in pins]
        if pin["name"] in names:
            pins = [pin if each.get("name") == pin["name"] else each for each in pins]
        else:
            pins = [*pins, pin]
        return self._editor.project.do(setting(home, pins), gesture)

    def current(self) -> dict[str, Any] | None:
        """The selected pin."""
        return next((pin for pin in self.pins() if pin.get("name") == self.selected), None)

    def remove(self) -> bool:
        """Deletes the selected pin; returns whether there was one."""
        home = self.home()
        if home is None or self.current() is None:
            return False
        kept = [pin for pin in self.pins() if pin.get("name") != self.selected]
        return self._editor.project.do(setting(home, kept))

    def remove_key(self) -> bool:
        """Deletes the selected pin's place in the current frame."""
        pin = self.current()
        frame = self._editor.clock.frame
        if pin is None or str(frame) not in pin["frames"]:
            return False
        try:
            return self.put(without_key(pin, frame))
        except UsageError as error:
            self._editor.say(error.message)
            return False

    def resize(self, steps: int) -> bool:
        """Makes the selected pin's radius larger or smaller."""
        pin = self.current()
        if pin is None:
            return False
        radius = min(max(float(pin.get("radius", 64.0)) * _STEP**steps, 4.0), 4096.0)
        return self.put({**pin, "radius": round(radius, 1)})

    def toggle_hard(self) -> bool:
        """Makes the selected pin soft, or hard again."""
        pin = self.current()
        return pin is not None and self.put({**pin, "hard": not pin.get("hard", True)})


def pinning_of(editor: Editor) -> Pinning:
    """The one of an editor; made at the first call."""
    found = editor.findChild(Pinning)
    return found if isinstance(found, Pinning) else Pinning(editor)
