"""The table of actions: unique, free of collisions, as the artist's hands expect."""

from collections import Counter

from PySide6.QtGui import QKeySequence

from gui.core.editor import Editor
from gui.core.keymap import ACTIONS, PANES


def test_ids_are_unique_and_name_their_pane() -> None:
    ids = Counter(action.id for action in ACTIONS)
    assert [name for name, count in ids.items() if count > 1] == []
    assert {action.pane for action in ACTIONS} <= set(PANES)
    assert all(action.title and action.group for action in ACTIONS)


def test_every_key_is_one_that_qt_understands() -> None:
    for action in ACTIONS:
        for key in action.keys:
            assert QKeySequence(key).count() == 1, (action.id, key)
            assert QKeySequence(key).toString(), (action.id, key)


def test_no_key_collides_as_shipped(editor: Editor) -> None:
    actions = editor.actions
    found = {
        (action.id, key): [other.id for other in actions.conflicts(action.id, key)]
        for action in actions.table
        for key in actions.keys(action.id)
    }
    assert {place: others for place, others in found.items() if others} == {}


def test_nukes_keys_are_where_they_belong(editor: Editor) -> None:
    for name, key in {
        "graph.create": "Tab",
        "graph.disable": "D",
        "graph.connect": "Y",
        "graph.swap": "Shift+X",
        "graph.extract": "Ctrl+Shift+X",
        "graph.frame": "F",
        "viewer.red": "R",
        "viewer.wipe": "W",
        "play.forward": "L",
        "play.in": "Alt+I",
        "jobs.render_all": "F5",
        "jobs.render_selected": "F7",
        "project.save_version": "Alt+Shift+S",
        "window.maximise": "Space",
        "paint.brush": "N",
    }.items():
        assert key in editor.actions.keys(name)
    assert editor.actions.keys("edit.redo") == ("Ctrl+Shift+Z", "Ctrl+Y")
