"""The project tells each step once, in order, and goes on naming the same files."""

import json
import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.assets import FitAssets
from codef_nodes.graph.commands import AddNode, Group, Move, RecordField, Rename, SetKnob
from codef_nodes.graph.serialise import load
from engine.errors import CodefError, UsageError
from gui.core.editor import Editor
from gui.core.project import Project
from tests.gui.helpers import wait_for


@pytest.fixture
def project(editor: Editor) -> Project:
    return editor.project


def test_a_step_tells_edits_then_changes_then_modified(project: Project) -> None:
    told: list[str] = []
    project.edited.connect(lambda edits: told.append(f"edited {len(edits)}"))
    project.changed.connect(lambda changes: told.append(f"changed {changes[0].kind}"))
    project.modified_changed.connect(lambda modified: told.append(f"modified {modified}"))
    assert project.do(AddNode("Merge"))
    assert told == ["edited 1", "changed node", "modified True"]
    told.clear()
    project.undo()
    assert told == ["edited 1", "changed node", "modified False"]


def test_the_edits_keep_a_copy_in_step(project: Project) -> None:
    copy = project.document.copied()
    project.edited.connect(lambda edits: copy.apply_edits(edits))
    project.do(AddNode("Merge", name="A"))
    project.do(Group([AddNode("Merge", name="B"), Rename("A", "C")]))
    project.do(SetKnob("B", "mix", 0.5))
    project.undo()
    project.redo()
    project.undo()
    assert copy.tree() == project.document.tree()


def test_a_refused_command_is_told_and_changes_nothing(project: Project) -> None:
    problems: list[str] = []
    edited: list[object] = []
    project.problem.connect(problems.append)
    project.edited.connect(edited.append)
    refused = Group([AddNode("Merge", name="A"), Rename("Nobody", "B")])
    assert project.do(refused) is False
    assert len(problems) == 1 and "Nobody" in problems[0]
    assert edited == [] and "A" not in project.document


def test_an_aborted_gesture_leaves_no_trace(project: Project) -> None:
    project.do(AddNode("Merge", name="A"))
    before = project.document.tree()
    for value in (0.2, 0.4, 0.6):
        project.do(SetKnob("A", "mix", value), "drag")
    assert project.abort_gesture("drag")
    assert project.document.tree() == before
    assert project.history.undo_title == "Add A"
    assert project.history.redo_title is None


def test_saved_in_another_folder_it_names_the_same_files(project: Project, tmp_path: Path) -> None:
    first, second = tmp_path / "a" / "shot.codef", tmp_path / "b" / "c" / "shot.codef"
    first.parent.mkdir(parents=True)
    second.parent.mkdir(parents=True)
    project.save(first)
    project.do(AddNode("LoadSequence", name="Plate", knobs={"file": "plate/p.%04d.png"}))
    project.do(AddNode("WriteSequence", name="Out", knobs={"file": "/abs/o.%04d.exr"}))
    project.save()
    project.save(second)
    assert project.path == second and not project.modified
    knob = load(second).knob_value("Plate", "file")
    assert (second.parent / knob).resolve() == (first.parent / "plate/p.%04d.png").resolve()
    assert load(second).knob_value("Out", "file") == "/abs/o.%04d.exr"
    assert load(first).knob_value("Plate", "file") == "plate/p.%04d.png"


def test_a_save_that_fails_changes_nothing(project: Project, tmp_path: Path) -> None:
    first = tmp_path / "shot.codef"
    project.save(first)
    project.do(AddNode("LoadSequence", name="Plate", knobs={"file": "p.%04d.png"}))
    before = project.document.tree()
    with pytest.raises(CodefError):
        project.save(tmp_path / "no such folder" / "shot.codef")
    assert project.path == first and project.modified
    assert project.document.tree() == before
    assert project.history.undo_title == "Add Plate"


def test_save_next_version_never_overwrites(project: Project, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        project.save(project.next_version())
    project.save(tmp_path / "shot_v001.codef")
    (tmp_path / "shot_v002.codef").write_text("somebody else's")
    assert project.save(project.next_version()).name == "shot_v003.codef"
    project.save(tmp_path / "plain.codef")
    assert project.save(project.next_version()).name == "plain_v002.codef"
    assert project.save(project.next_version()).name == "plain_v003.codef"


def test_a_bad_file_leaves_the_open_document_open(project: Project, tmp_path: Path) -> None:
    project.do(AddNode("Merge", name="Mine"))
    bad = tmp_path / "bad.codef"
    bad.write_text(json.dumps({"codef": {"schema": 99}}))
    with pytest.raises(CodefError):
        project.open(bad)
    assert "Mine" in project.document and project.modified


def test_the_first_save_takes_fits_along_and_undo_keeps_them(
    project: Project, tmp_path: Path, fresh_cache: Path
) -> None:
    cached = fresh_cache / "assets" / "untitled_Fit_fit_v003"
    cached.mkdir(parents=True)
    (cached / "field.json").write_text('{"identity": "k"}')
    project.do(AddNode("FitCoDeF", name="Fit"))
    project.do(RecordField("Fit", {"path": cached.name, "key": "k"}))
    (tmp_path / "no.codef").mkdir()
    with pytest.raises(CodefError):
        project.save(tmp_path / "no.codef")
    assert cached.is_dir() and not list(tmp_path.glob("no_Fit*"))
    project.save(tmp_path / "shot.codef")
    stored = load(tmp_path / "shot.codef")
    assert stored.state("Fit").field == {"path": "shot_Fit_fit_v001", "key": "k"}
    assert (tmp_path / "shot_Fit_fit_v001" / "field.json").is_file()
    assert not project.modified
    project.undo()
    kept = FitAssets(project.document, tmp_path, "shot")
    fit = kept.current("Fit", None)
    assert fit is not None and fit.folder == tmp_path / "shot_Fit_fit_v001"
    project.redo()
    # Saved elsewhere, nothing is copied and the path goes on naming the same folder.
    (tmp_path / "b").mkdir()
    project.save(tmp_path / "b" / "shot.codef")
    assert project.document.state("Fit").field["path"] == "../shot_Fit_fit_v001"
    assert [each.name for each in (tmp_path / "b").iterdir()] == ["shot.codef"]


def test_another_untitled_window_keeps_the_fit_that_both_use_for_a_week(
    application: QApplication, tmp_path: Path, fresh_cache: Path
) -> None:
    cached = fresh_cache / "assets" / "untitled_Fit_fit_v001"
    cached.mkdir(parents=True)
    (cached / "field.json").write_text('{"identity": "k"}')
    windows = [Project(), Project()]
    for project in windows:
        project.do(AddNode("FitCoDeF", name="Fit"))
        project.do(RecordField("Fit", {"path": cached.name, "key": "k"}))
    windows[0].save(tmp_path / "one.codef")
    assert cached.is_dir(), "the other window shows it"
    windows[1].save(tmp_path / "two.codef")
    for name in ("one", "two"):
        assert (tmp_path / f"{name}_Fit_fit_v001" / "field.json").is_file()
    # A week later nobody waits for it any more.
    (mark,) = cached.parent.glob(".*.brought")
    long_ago = mark.stat().st_mtime - 8 * 86400
    os.utime(mark, (long_ago, long_ago))
    third = Project()
    third.do(AddNode("Merge", name="M"))
    third.save(tmp_path / "three.codef")
    assert not cached.exists() and not mark.exists()
    assert (tmp_path / "one_Fit_fit_v001" / "field.json").is_file()


def test_what_is_written_by_a_thread_is_the_document_as_it_was(
    project: Project, tmp_path: Path
) -> None:
    project.do(AddNode("Merge", name="A"))
    saving = project.begin_save(tmp_path / "shot.codef")
    project.do(AddNode("Merge", name="B"))
    saving.write()
    project.end_save(saving)
    assert list(load(tmp_path / "shot.codef").nodes) == ["A"]
    assert project.modified and project.path == tmp_path / "shot.codef"
    assert project.tree == project.document.tree()
    project.save()
    assert not project.modified and list(load(project.path).nodes) == ["A", "B"]
    # Another document has been opened meanwhile: the old one's save changes nothing about it.
    late = project.begin_save()
    project.new()
    late.write()
    project.end_save(late)
    assert project.path is None


def test_what_no_hand_asked_for_waits_for_the_end_of_a_gesture(project: Project) -> None:
    project.do(AddNode("Merge", name="A"))
    project.do(Move({"A": (5, 0)}), "drag")
    project.do_between_gestures(AddNode("Merge", name="Late"))
    project.do(Move({"A": (9, 0)}), "drag")
    assert "Late" not in project.document
    assert project.abort_gesture("drag") and project.document.state("A").position == (0, 0)
    wait_for(lambda: "Late" in project.document)
