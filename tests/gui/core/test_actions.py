"""Keys act on the pane under the cursor, real events sent."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QCursor, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLineEdit, QMainWindow, QWidget

from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.keyevents import sequences

Key, Held = Qt.Key, Qt.KeyboardModifier


class Desk:
    """A window with a graph, a viewer and a text field, and what was heard."""

    def __init__(self, editor: Editor) -> None:
        self.heard: list[str] = []
        self.window = QMainWindow()
        middle = QWidget()
        row = QHBoxLayout(middle)
        self.graph, self.viewer, self.field = QWidget(), QWidget(), QLineEdit()
        for widget in (self.graph, self.viewer, self.field):
            widget.setMinimumSize(100, 100)
            row.addWidget(widget)
        self.window.setCentralWidget(middle)
        self.editor = editor
        self.take(self.graph, "graph", "graph.load", "graph.frame", "graph.delete")
        self.take(self.viewer, "viewer", "viewer.red", "viewer.fit")
        self.take(None, "global", "edit.undo", "project.save", "jobs.cancel", "edit.redo")
        self.take(None, "playback", "play.next", "play.forward", "play.out")
        self.window.show()
        QTest.qWaitForWindowExposed(self.window)
        self.window.activateWindow()
        self.graph.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.graph.setFocus()  # else the field has it

    def take(self, widget: QWidget | None, pane: str, *names: str) -> None:
        self.editor.actions.register(
            widget, pane, {name: lambda name=name: self.heard.append(name) for name in names}
        )

    def over(self, widget: QWidget) -> None:
        QCursor.setPos(widget.mapToGlobal(widget.rect().center()))

    def press(self, key: Qt.Key, held: Qt.KeyboardModifier = Held.NoModifier) -> list[str]:
        self.heard.clear()
        QTest.keyClick(QApplication.focusWidget() or self.window, key, held)
        return list(self.heard)


@pytest.fixture
def desk(editor: Editor) -> Iterator[Desk]:
    yield Desk(editor)


def test_a_key_acts_on_the_pane_under_the_cursor_whatever_has_the_focus(desk: Desk) -> None:
    assert desk.graph.hasFocus()
    desk.over(desk.viewer)
    assert desk.press(Key.Key_R) == ["viewer.red"]
    assert desk.press(Key.Key_F) == ["viewer.fit"]
    desk.over(desk.graph)
    assert desk.press(Key.Key_R) == ["graph.load"]
    assert desk.press(Key.Key_F) == ["graph.frame"]


def test_playback_keys_act_over_viewers_only(desk: Desk) -> None:
    desk.over(desk.viewer)
    assert desk.press(Key.Key_L) == ["play.forward"]
    desk.over(desk.graph)
    assert desk.press(Key.Key_L) == []


def test_global_keys_act_everywhere(desk: Desk) -> None:
    for widget in (desk.graph, desk.viewer):
        desk.over(widget)
        assert desk.press(Key.Key_Z, Held.ControlModifier) == ["edit.undo"]
    QCursor.setPos(QPoint(-5000, -5000))
    assert desk.press(Key.Key_Y, Held.ControlModifier) == ["edit.redo"]


def test_a_text_field_keeps_the_keys_it_types_with(desk: Desk) -> None:
    desk.field.setFocus()
    desk.over(desk.viewer)
    assert desk.press(Key.Key_R) == []
    QTest.keyClicks(desk.field, "fl1 ")
    assert desk.field.text() == "rfl1 "
    assert desk.press(Key.Key_Z, Held.ControlModifier) == []  # the field's own undo
    assert desk.press(Key.Key_S, Held.ControlModifier) == ["project.save"]


def test_a_dialog_keeps_every_key(desk: Desk) -> None:
    dialog = QMainWindow(desk.window)
    dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
    dialog.show()
    desk.over(desk.viewer)
    assert desk.press(Key.Key_R) == []
    dialog.close()
    assert desk.press(Key.Key_R) == ["viewer.red"]


def test_a_tool_in_hand_comes_before_its_viewer_and_passes_on_what_it_does_not_want(
    desk: Desk, editor: Editor
) -> None:
    in_hand = True
    strokes = ["one"]

    def abort() -> bool:
        return bool(strokes and (strokes.pop() or True))

    editor.actions.register(
        desk.viewer,
        "paint",
        {"paint.brush": lambda: desk.heard.append("paint.brush"), "paint.abort": abort},
        when=lambda: in_hand,
    )
    desk.over(desk.viewer)
    assert desk.press(Key.Key_N) == ["paint.brush"]
    assert desk.press(Key.Key_Escape) == []  # the stroke is aborted, nothing else
    assert strokes == []
    assert desk.press(Key.Key_Escape) == ["jobs.cancel"]
    in_hand = False
    assert desk.press(Key.Key_N) == []


def test_a_held_key_repeats_only_what_should_repeat(desk: Desk) -> None:
    desk.over(desk.viewer)
    desk.heard.clear()
    for key, text in ((Key.Key_Right, ""), (Key.Key_R, "r")):
        for repeated in (False, True, True):
            event = QKeyEvent(QKeyEvent.Type.KeyPress, key, Held.NoModifier, text, repeated)
            QApplication.sendEvent(desk.window, event)
    assert desk.heard == ["play.next"] * 3 + ["viewer.red"]


def test_alt_o_is_the_out_point_over_a_viewer_and_no_menu(desk: Desk) -> None:
    menu = desk.window.menuBar().addMenu("&Other")
    desk.over(desk.viewer)
    assert desk.press(Key.Key_O, Held.AltModifier) == ["play.out"]
    assert not menu.isVisible()


@pytest.mark.parametrize(
    ("key", "held", "wanted"),
    [
        (Key.Key_Exclam, Held.ShiftModifier, "Shift+1"),
        (Key.Key_ParenRight, Held.ShiftModifier, "Shift+0"),
        (Key.Key_Plus, Held.ShiftModifier, "+"),
        (Key.Key_Plus, Held.KeypadModifier, "+"),
        (Key.Key_Slash, Held.ShiftModifier, "/"),
        (Key.Key_BraceLeft, Held.ShiftModifier, "Shift+["),
        (Key.Key_Z, Held.ControlModifier | Held.ShiftModifier, "Ctrl+Shift+Z"),
        (Key.Key_PageUp, Held.NoModifier, "PgUp"),
    ],
)
def test_keys_are_known_on_whatever_keyboard(
    application: QApplication, key: Qt.Key, held: Qt.KeyboardModifier, wanted: str
) -> None:
    assert wanted in sequences(QKeyEvent(QKeyEvent.Type.KeyPress, key, held))


def test_own_keys_are_kept_and_collisions_are_found(desk: Desk, editor: Editor) -> None:
    actions = editor.actions
    assert [other.id for other in actions.conflicts("viewer.red", "G")] == ["viewer.green"]
    assert [other.id for other in actions.conflicts("viewer.red", "Ctrl+Z")] == ["edit.undo"]
    assert actions.conflicts("viewer.red", "X") == []  # the graph's X is elsewhere
    actions.set_keys("viewer.red", ["Ctrl+Alt+R"])
    desk.over(desk.viewer)
    assert desk.press(Key.Key_R) == []
    assert desk.press(Key.Key_R, Held.ControlModifier | Held.AltModifier) == ["viewer.red"]
    assert Editor(editor.preferences).actions.keys("viewer.red") == ("Ctrl+Alt+R",)
    actions.set_keys("viewer.red", None)
    assert desk.press(Key.Key_R) == ["viewer.red"]


def test_a_menu_runs_the_action_and_shows_the_key_of_now(desk: Desk, editor: Editor) -> None:
    action = editor.actions.menu_action("viewer.red", desk.window)
    desk.heard.clear()
    action.trigger()
    assert desk.heard == ["viewer.red"]
    editor.actions.set_keys("viewer.red", ["F9"])
    assert action.shortcut().toString() == "F9"


def test_an_action_of_another_pane_cannot_be_registered(desk: Desk, editor: Editor) -> None:
    with pytest.raises(UsageError):
        editor.actions.register(desk.graph, "graph", {"viewer.red": desk.heard.clear})
    with pytest.raises(UsageError):
        editor.actions.register(desk.graph, "graph", {"graph.nonsense": desk.heard.clear})


def test_a_pane_that_is_gone_gets_no_keys(desk: Desk, editor: Editor) -> None:
    desk.over(desk.viewer)
    desk.viewer.deleteLater()
    QTest.qWait(20)
    assert "viewer.red" not in desk.press(Key.Key_R)
