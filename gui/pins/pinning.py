"""What the pin tools of both viewers share: whether they are in hand, and the selected pin."""

from typing import Any

from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME
from gui.paint.inhand import InHand
from gui.pins.edits import Home, home_of, pins_of, setting, without_key

_STEP = 1.25


class Pinning(InHand):
    """The pins of what the viewers show; they are what is selected."""

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
        if not self._editor.project.do(setting(home, pins), gesture):
            return False
        if home.commands:
            self._editor.node_made.emit(home.node)
            self._editor.say(f"Made {home.node}: it corrects {home.fit} for all that reads it.")
        return True

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

    def _taken(self) -> None:
        if self.home() is None:
            self._editor.say("Pins correct a fit: show a picture that comes through one.")
        else:
            self._editor.say(
                "Drag a point of either viewer to where it belongs; a click holds it there."
            )


def pinning_of(editor: Editor) -> Pinning:
    """The one of an editor; made at the first call."""
    found = editor.findChild(Pinning)
    return found if isinstance(found, Pinning) else Pinning(editor)
