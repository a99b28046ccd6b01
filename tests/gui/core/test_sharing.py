"""Selection, faces, preferences, the clock's range: what follows the document."""

import json
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, RemoveNode, Rename, SetSetting
from engine.errors import UsageError
from gui.core.editor import Editor
from gui.core.preferences import PREFERENCES, Preferences


def test_the_selection_keeps_the_click_order_and_follows_renames(editor: Editor) -> None:
    project, selection = editor.project, editor.selection
    for name in "ABC":
        project.do(AddNode("Merge", name=name))
    selection.set(["C", "A", "nobody", "C"])
    assert selection.names == ["C", "A"] and selection.current == "A"
    selection.add("C")
    assert selection.names == ["A", "C"]
    project.do(Rename("A", "Z"))
    assert selection.names == ["Z", "C"]
    project.do(RemoveNode("C"))
    assert selection.names == ["Z"]
    selection.toggle("B")
    selection.toggle("Z")
    assert selection.names == ["B"]
    project.new()
    assert selection.names == []


def test_faces_tell_what_workers_say_and_follow_the_document(editor: Editor) -> None:
    project, faces = editor.project, editor.faces
    project.do(AddNode("FitCoDeF", name="Fit"))
    told: list[str] = []
    faces.changed.connect(told.append)
    nodes = {"Fit": {"error": "it has no clip", "fit": "none"}, "Gone": {"error": "x", "fit": None}}
    faces.heard("faces", {"nodes": nodes})
    assert faces.face("Fit").error == "it has no clip" and faces.face("Fit").fit == "none"
    assert told == ["Fit"]
    faces.start("Fit", "matching", fitting=True)
    faces.heard("faces", {"nodes": {"Fit": {"error": None, "fit": "none"}}})
    assert faces.face("Fit").fit == "fitting"  # the other worker only looks at the disk
    faces.progress("Fit", 0.5, "fit")
    project.do(Rename("Fit", "Solve"))
    assert faces.face("Solve").progress == 0.5 and faces.face("Fit").progress is None
    faces.finish("Solve")
    assert faces.face("Solve").fit == "fitted" and faces.face("Solve").progress is None
    faces.finish("Solve", error="out of memory")
    assert faces.face("Solve").error == "out of memory"


def test_preferences_are_checked_kept_and_told(application: QApplication, tmp_path: Path) -> None:
    preferences = Preferences(tmp_path)
    told: list[str] = []
    preferences.changed.connect(told.append)
    assert preferences.get("autosave") is True
    preferences.set("autosave", False)
    preferences.set("autosave", False)
    assert told == ["autosave"]
    with pytest.raises(UsageError):
        preferences.set("open_panels", 0)
    preferences.set("own", {"anything": [1, 2]})
    assert preferences.pending
    preferences.flush()
    again = Preferences(tmp_path)
    assert again.get("autosave") is False and again.get("own") == {"anything": [1, 2]}
    assert all(knob.help.endswith(".") for knob in PREFERENCES)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 5000, '{"open_panels": "many"}'])
def test_broken_preferences_give_the_defaults(
    application: QApplication, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "preferences.json"
    file.write_text(text)
    preferences = Preferences(tmp_path)
    assert preferences.get("open_panels") == 8
    if preferences.problem:
        assert file.with_name("preferences.json.broken").read_text() == text
    preferences.set("open_panels", 3)
    preferences.flush()
    assert json.loads(file.read_text())["open_panels"] == 3


def test_the_range_follows_the_settings_and_then_the_clip(editor: Editor) -> None:
    editor.viewing.set_info("frame", {"first": 0, "last": 95, "fps": 25.0})
    assert (editor.clock.first, editor.clock.last, editor.clock.fps) == (0, 95, 25.0)
    editor.project.do(SetSetting("first", 10))
    editor.project.do(SetSetting("fps", 30.0))
    assert (editor.clock.first, editor.clock.last, editor.clock.fps) == (10, 95, 30.0)
    editor.project.undo()
    editor.project.undo()
    assert (editor.clock.first, editor.clock.fps) == (0, 25.0)


def test_a_failed_fit_stays_failed_whatever_the_disk_says(editor):
    editor.project.do(AddNode("FitCoDeF", "Fit"))
    faces = editor.faces
    faces.start("Fit", fitting=True)
    faces.finish("Fit", error="no frame can be read", fit="failed")
    faces.heard("faces", {"nodes": {"Fit": {"error": "", "fit": "none"}}})
    assert faces.face("Fit").fit == "failed"
    faces.heard("faces", {"nodes": {"Fit": {"error": "", "fit": "fitted"}}})
    assert faces.face("Fit").fit == "fitted"
