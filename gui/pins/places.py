"""Where a viewer shows the pins: at their keys, and between them where the fit has them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal

from gui.core.editor import Editor
from gui.core.streams import CANONICAL, FRAME
from gui.pins.edits import Place, pins_of
from gui.pins.pinning import Pinning

_State = tuple[str, int, tuple[int, ...]]
"""Pins node, frame, and a number of its state."""


@dataclass(frozen=True)
class Shown:
    """A pin in a viewer.

    Attributes:
        pin: As it is stored.
        place: In the pixels of pins of that viewer: frame or canonical ones.
        keyed: It has a key in the frame that is shown.
        visible: The frame shows the point; on the still: the pin is of the layer that is shown.
    """

    pin: dict[str, Any]
    place: Place
    keyed: bool
    visible: bool = True


class PinPlaces(QObject):
    """The pins of one viewer.

    Args:
        editor: The editor.
        pinning: What both viewers share.
        slot: The viewer's slot.
        parent: The owner.
    """

    changed = Signal()

    def __init__(self, editor: Editor, pinning: Pinning, slot: str, parent: QObject) -> None:
        super().__init__(parent)
        self._editor, self._pinning, self._slot = editor, pinning, slot
        self._about: _State | None = None
        self._asked: _State | None = None
        self._found: dict[str, tuple[Place, bool]] = {}

    def shown(self) -> list[Shown]:
        """Every pin that has a place now; the worker is asked for the rest."""
        home = self._pinning.home()
        if home is None:
            return []
        pins = pins_of(self._editor.project.document, home.node)
        if not pins:
            return []
        if self._slot == CANONICAL:
            names, layer = self._editor.viewing.layer_names, self._editor.viewing.layer
            now = names[layer] if layer < len(names) else None
            return [
                Shown(
                    pin,
                    _place(pin["canonical"]),
                    str(self._editor.clock.frame) in pin["frames"],
                    now is None or pin.get("layer") in (now, None),
                )
                for pin in pins
                if int(pin.get("segment") or 0) == self._editor.viewing.stills.shown
            ]
        frame = str(self._editor.clock.frame)
        self._ask(home.node, pins)
        found: list[Shown] = []
        for pin in pins:
            key = pin["frames"].get(frame)
            known = self._found.get(str(pin.get("name")))
            if key is not None:
                found.append(Shown(pin, _place(key), True))
            elif known is not None:
                found.append(Shown(pin, known[0], False, known[1]))
        return found

    def _ask(self, node: str, pins: list[dict[str, Any]]) -> None:
        """Asks where the pins without a key are in this frame, once for each state of things."""
        editor, frame = self._editor, self._editor.clock.frame
        about = (node, frame, editor.viewing.signature(node))
        if editor.workers is None or about in (self._about, self._asked):
            return
        self._asked = about
        if self._about is not None and self._about[:2] != about[:2]:
            self._found = {}
        by_still: dict[tuple[str | None, int], list[dict[str, Any]]] = {}
        for pin in pins:
            if str(frame) not in pin["frames"]:
                still = pin.get("layer"), int(pin.get("segment") or 0)
                by_still.setdefault(still, []).append(pin)
        found: dict[str, tuple[Place, bool]] = {}
        left = set(by_still)
        if not left:
            self._about = about

        def arrived(still: tuple[str | None, int]) -> Callable[[dict[str, Any]], None]:
            def done(answer: dict[str, Any]) -> None:
                if self._asked != about:
                    return
                for pin, place, seen in zip(
                    by_still[still], answer["points"], answer["visible"], strict=True
                ):
                    found[str(pin.get("name"))] = (_place(place), bool(seen))
                left.discard(still)
                if not left:
                    self._about, self._found = about, found
                    self.changed.emit()

            return done

        def failed(error: object) -> None:
            # Such as a pin of a layer that is gone: its node's face says so. Not asked again.
            if self._asked == about:
                self._about, self._found = about, {}

        for still, mine in by_still.items():
            points = [list(map(float, pin["canonical"])) for pin in mine]
            args = {
                "node": node,
                "frame": frame,
                "layer": 0 if still[0] is None else still[0],
                "segment": still[1] if editor.viewing.stills.segments else None,
                "points": points,
                "to": FRAME,
            }
            editor.workers.view.request("map", args, arrived(still), failed)


def _place(value: Any) -> Place:
    return float(value[0]), float(value[1])
