"""What the mask tools of the viewers share: whether they are in hand, and what they draw."""

from typing import Any

from gui.core.editor import Editor
from gui.core.streams import FRAME
from gui.masks.edits import (
    DRAWN,
    ROUGH,
    Home,
    fit_below,
    grouping,
    home_of,
    rounded_keys,
    setting,
    value_of,
    without_frame,
    without_key,
)
from gui.paint.inhand import InHand

_MADE = {
    ROUGH: "Made {}: it carries this mask through the shot. Scribble to correct it on any frame.",
    DRAWN: "Made {}: drag its points on other frames to set keys, and it moves between them.",
}


class Masking(InHand):
    """The masks that are drawn over what the frame viewer shows; shapes are what is selected.

    Attributes:
        type: Type of the node that gestures go to: ``RoughMask`` or ``DrawMask``.
        rectangle: The next drag is a rectangle, whatever was said before.
    """

    def __init__(self, editor: Editor) -> None:
        super().__init__(editor)
        self.type = ROUGH
        self.rectangle = False

    def toggle(self) -> None:
        """The key: rough mask, then shapes, then away."""
        if self.on and self.type == ROUGH:
            self.use(DRAWN)
        else:
            if not self.on:
                self.type = ROUGH
            self.take(not self.on)

    def use(self, kind: str) -> None:
        """Draws for the other type of node."""
        self.type, self.rectangle = kind, False
        self._hint()
        self.changed.emit()

    def home(self) -> Home | None:
        """Where gestures go now."""
        editor = self._editor
        return home_of(
            editor.project.document,
            editor.viewing.node(FRAME),
            editor.selection.names,
            self.type,
        )

    def value(self) -> dict[str, Any]:
        """The marks or shapes there."""
        home = self.home()
        return {} if home is None else value_of(self._editor.project.document, home)

    def put(self, value: dict[str, Any], name: str, gesture: str | None = None) -> bool:
        """Sets the marks or shapes."""
        home = self.home()
        if home is None:
            self._editor.say("Masks are drawn over a clip: show one in the frame viewer.")
            return False
        if not self._editor.project.do(setting(home, value, name), gesture):
            return False
        if home.commands:
            self._editor.node_made.emit(home.node)
            self._editor.say(_MADE[home.type].format(home.node))
        return True

    def group(self) -> bool:
        """Makes the mask a group of the fit of its clip; returns whether there is such a fit."""
        home = self.home()
        document = self._editor.project.document
        if home is None or home.node not in document:
            return False
        found = grouping(document, home.node)
        if found is None:
            self._editor.say(f"No fit reads the clip of {home.node}: add FitCoDeF first.")
            return False
        command, groups, fit = found
        if command is None:
            self._editor.say(f"{home.node} is a group of {fit} already, through {groups}.")
            return False
        if not self._editor.project.do(command):
            return False
        self._editor.node_made.emit(groups)
        self._editor.say(f"{home.node} is a group of {fit} now, through {groups}; fit it again.")
        return True

    def follow(self, every: int = 1) -> bool:
        """Has the selected shape follow its subject, from its outline in this frame on.

        The worker finds where the fit has it; the keys come as one step of undo.

        Args:
            every: Frames from key to key.

        Returns:
            Whether there is a shape, and a fit to follow.
        """
        editor, name, home = self._editor, self.selected, self.home()
        if self.type != DRAWN or home is None or name is None or name not in self.value():
            return False
        node = fit_below(editor.project.document, editor.viewing.node(FRAME), home.node)
        if node is None or editor.workers is None:
            editor.say("No fit reads this clip: add FitCoDeF, fit, and track the shape then.")
            return False
        asked = self.value()[name]

        def done(answer: dict[str, Any]) -> None:
            now = value_of(editor.project.document, home)
            if now.get(name) != asked:
                editor.say(f"{name} was changed while it was tracked; track it again.")
                return
            keys = rounded_keys(answer["keys"])
            shapes = {**now, name: {**asked, "keys": keys}}
            if editor.project.do(setting(home, shapes, f"Track {name}")):
                layer, count = answer["layer"], len(keys)
                editor.say(f"{name} follows {layer} through the shot: {count} keys.")

        args = {"node": node, "frame": editor.clock.frame, "shape": asked, "every": every}
        editor.say(f"Tracking {name} through the shot…")
        editor.workers.view.request(
            "shape.track", args, done, lambda error: editor.say(str(error)), owner=self
        )
        return True

    def next_rectangle(self) -> None:
        """The next drag draws a rectangle."""
        self.rectangle = True
        self._editor.say("Drag a rectangle around the object.")

    def clear_frame(self) -> bool:
        """Takes back what was said about the current frame."""
        frame, marks = self._editor.clock.frame, self.value()
        if self.type != ROUGH or str(frame) not in marks:
            return False
        return self.put(without_frame(marks, frame), f"Clear marks of frame {frame}")

    def remove(self) -> bool:
        """Deletes the selected shape; returns whether there was one."""
        shapes = self.value()
        if self.type != DRAWN or self.selected not in shapes:
            return False
        kept = {name: shape for name, shape in shapes.items() if name != self.selected}
        return self.put(kept, f"Delete {self.selected}")

    def remove_key(self) -> bool:
        """Deletes the selected shape's key of the current frame; returns whether there was one."""
        shapes, frame = self.value(), self._editor.clock.frame
        if self.type != DRAWN or self.selected not in shapes:
            return False
        left = without_key(shapes, self.selected, frame)
        return left is not None and self.put(left, f"Delete key of frame {frame}")

    def _taken(self) -> None:
        document = self._editor.project.document
        for name in self._editor.selection.names:
            if name in document and document.state(name).type in (ROUGH, DRAWN):
                self.type = document.state(name).type
        self._hint()

    def _hint(self) -> None:
        if self.type == ROUGH:
            self._editor.say(
                "Drag a rectangle around the object, then scribble over what is missing; Shift "
                "marks what does not belong."
            )
        else:
            self._editor.say(
                "Click corners, or drag smooth points; click the first one to close the shape."
            )


def masking_of(editor: Editor) -> Masking:
    """The one of an editor; made at the first call."""
    found = editor.findChild(Masking)
    return found if isinstance(found, Masking) else Masking(editor)
