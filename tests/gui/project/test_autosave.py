"""Autosave and recovery: a crash loses at most one stroke, a clean end leaves nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import AddNode, EditStrokes, SetKnob
from codef_nodes.graph.serialise import load
from engine.io.atomic import beside
from gui.core.editor import Editor
from gui.project import autosave as autosave_module
from gui.project.autosave import Autosave, recovery_folder
from gui.project.recovery import crashed_windows
from tests.gui.helpers import wait_for

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def kept(editor: Editor) -> Iterator[Autosave]:
    made = Autosave(editor.project)
    yield made
    made.close()


def crash(kept: Autosave) -> None:
    """What is left when the process dies: the files as they are, the lock free."""
    assert kept.snapshots.wait()
    kept.snapshots.close(clean=False)
    kept._lock.unlock()


def files() -> set[str]:
    return {path.suffix for path in recovery_folder().iterdir()}


def test_a_clean_end_leaves_nothing(editor: Editor, config: Path) -> None:
    kept = Autosave(editor.project)
    editor.project.do(AddNode("Merge"))
    kept.now()
    assert kept.snapshots.wait()
    assert files() == {".codef", ".journal", ".json", ".lock"}
    kept.close()
    assert list(recovery_folder().iterdir()) == []


def test_it_saves_after_the_last_change_and_at_the_latest_then(
    editor: Editor, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (autosave_module.IDLE, autosave_module.FORCED) == (5000, 30000)
    monkeypatch.setattr(autosave_module, "IDLE", 60)
    monkeypatch.setattr(autosave_module, "FORCED", 200)
    kept = Autosave(editor.project)
    editor.project.do(AddNode("Merge", name="A"))
    snapshot = kept.snapshots.document_file
    # While the artist never pauses, the longer timer writes.
    began = time.monotonic()
    value = 0.0
    while time.monotonic() - began < 0.4:
        value = 1.0 - value
        editor.project.do(SetKnob("A", "mix", value), "drag")
        QTest.qWait(10)
    assert kept.snapshots.wait()
    assert "A" in load(snapshot)
    editor.project.do(AddNode("Merge", name="Last"))
    wait_for(lambda: kept.snapshots.wait() and "Last" in load(snapshot))
    kept.close()


def test_a_crashed_untitled_document_comes_back_to_the_last_step(
    editor: Editor, kept: Autosave
) -> None:
    project = editor.project
    project.do(AddNode("Paint", name="P"))
    kept.now()
    stroke = {"points": [[1.0, 2.0, 1.0], [3.0, 4.0, 1.0]], "size": 9.0}
    project.do(EditStrokes("P", 0, 0, [stroke]))  # after the snapshot: in the journal only
    crash(kept)
    found = crashed_windows()
    assert len(found) == 1 and found[0].document is None
    assert found[0].recovered is not None
    assert found[0].recovered.tree() == project.document.tree()
    found[0].discard()
    assert crashed_windows() == [] and list(recovery_folder().iterdir()) == []


def test_a_stroke_in_progress_survives_too(editor: Editor, kept: Autosave) -> None:
    editor.project.do(AddNode("Paint", name="P"))
    kept.now()
    kept.journal.begin("P", {"size": 9.0, "kind": "brush"})
    kept.journal.drawn([[1.0, 2.0, 1.0], [3.0, 4.0, 1.0]])
    kept.journal.flush()
    crash(kept)
    recovered = crashed_windows()[0].recovered
    assert recovered is not None
    strokes = recovered.knob_value("P", "strokes")
    assert [point[:2] for point in strokes[0]["points"]] == [[1.0, 2.0], [3.0, 4.0]]


def test_recovery_is_offered_only_when_newer_and_different(
    editor: Editor, kept: Autosave, tmp_path: Path
) -> None:
    project = editor.project
    path = tmp_path / "shot.codef"
    project.do(AddNode("Merge", name="A"))
    project.save(path)
    project.do(SetKnob("A", "mix", 0.5))
    kept.now()
    crash(kept)
    found = crashed_windows()
    assert [each.document for each in found] == [path]
    assert found[0].recovered is not None
    later = time.time() + 60  # somebody saved it since, from elsewhere
    os.utime(path, (later, later))
    assert crashed_windows()[0].recovered is None
    before = time.time() - 3600
    path.write_text(found[0].recovered and _text(found[0].recovered.tree()))
    os.utime(path, (before, before))
    assert crashed_windows()[0].recovered is None  # older, but the same


def _text(tree: object) -> str:
    return json.dumps(tree)


def test_saving_takes_the_copy_away(editor: Editor, kept: Autosave, tmp_path: Path) -> None:
    editor.project.do(AddNode("Merge"))
    kept.now()
    assert kept.snapshots.wait() and kept.snapshots.document_file.is_file()
    editor.project.save(tmp_path / "shot.codef")
    assert kept.snapshots.wait() and not kept.snapshots.document_file.exists()


def test_another_running_window_is_no_crash(editor: Editor, kept: Autosave) -> None:
    editor.project.do(AddNode("Merge"))
    kept.now()
    assert kept.snapshots.wait()
    assert crashed_windows() == []


def test_what_a_running_window_is_just_writing_is_no_crash(editor: Editor, kept: Autosave) -> None:
    assert kept.snapshots.wait()
    (meta,) = recovery_folder().glob("[!.]*.json")
    partial = beside(meta)
    partial.write_bytes(meta.read_bytes())
    assert crashed_windows() == []
    assert partial.is_file(), "it is not ours to take away"


def test_a_folder_that_cannot_be_written_is_told_once(editor: Editor, config: Path) -> None:
    config.mkdir(parents=True)
    recovery_folder().write_text("a file is in the way")
    told: list[str] = []
    kept = Autosave(editor.project)
    assert kept.snapshots.wait()
    assert "autosave" in kept.trouble  # at once, before anybody could listen
    kept.snapshots._told = False
    kept.problem.connect(told.append)
    for name in "ABC":
        editor.project.do(AddNode("Merge", name=name))
        kept.now()
    assert kept.snapshots.wait()
    QTest.qWait(10)
    kept.close()
    assert len(told) == 1 and "autosave" in told[0]
    recovery_folder().unlink()


def test_litter_that_is_no_document_is_taken_away(editor: Editor, config: Path) -> None:
    folder = recovery_folder()
    folder.mkdir(parents=True)
    (folder / "aa.json").write_text("{")
    (folder / "bb.json").write_text('{"document": null, "title": "x"}')
    (folder / "bb.codef").write_bytes(b"\x00\xff")
    assert crashed_windows() == []
    assert [path.name for path in folder.iterdir() if path.suffix != ".lock"] == []


KILLED = """
import os, sys
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtWidgets import QApplication
app = QApplication([])
from gui.core.editor import Editor
from gui.project.autosave import Autosave
from codef_nodes.graph.commands import AddNode, SetKnob
editor = Editor()
kept = Autosave(editor.project)
editor.project.do(AddNode("Merge", name="A"))
step = 0
while True:
    step += 1
    editor.project.do(SetKnob("A", "mix", (step % 100) / 100))
    if step % 7 == 0:
        kept.now()
    app.processEvents()
    if kept.snapshots.wait():
        print(editor.project.document.knob_value("A", "mix"), flush=True)
"""


def test_a_killed_process_loses_nothing_that_was_done(config: Path, editor: Editor) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    last = ""
    for _ in range(23):
        last = process.stdout.readline().strip()
    process.kill()
    rest = process.stdout.read().split()
    process.stdout.close()
    process.wait()
    recovered = crashed_windows()[0].recovered
    assert recovered is not None
    told = [float(word) for word in [last, *rest]]
    # What it said was done is there, or the step after that.
    assert recovered.knob_value("A", "mix") in (told[-1], round(told[-1] + 0.01, 2))
