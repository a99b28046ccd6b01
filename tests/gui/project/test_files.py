"""Open and save in the window: one clear dialog for every bad document, and it lives on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton

from codef_nodes.graph.commands import AddNode
from codef_nodes.graph.serialise import as_text, load
from gui.core.editor import Editor
from gui.core.project import Project
from gui.jobs.queue import queue_of
from gui.project.autosave import Autosave
from gui.project.files import Files
from gui.project.opening import SMALL
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for

BAD = {
    "empty": b"",
    "garbage": b"garbage",
    "list": b"[]",
    "null": b"null",
    "object": b"{}",
    "deep": b"[" * 100000,
    "twice": b'{"codef": {"schema": 1}, "nodes": {"A": {"type": "Merge"}, "A": {"type": "Dot"}}}',
    "newer": b'{"codef": {"schema": 99}}',
    "no schema": b'{"codef": {"schema": true}}',
    "nodes list": b'{"codef": {"schema": 1}, "nodes": []}',
    "settings": b'{"codef": {"schema": 1}, "settings": {"fps": 0}}',
    "bad name": b'{"codef": {"schema": 1}, "nodes": {"A b": {"type": "Merge"}}}',
    "bad type": b'{"codef": {"schema": 1}, "nodes": {"A": {"type": 3}}}',
    "bad wire": b'{"codef": {"schema": 1}, "nodes": {"A": {"type": "X", "inputs": {"a": "B"}}}}',
    "cycle": b'{"codef": {"schema": 1}, "nodes": {"A": {"type": "Merge", "inputs": {"a": "A"}}}}',
    "position": b'{"codef": {"schema": 1}, "nodes": {"A": {"type": "Merge", "position": [1]}}}',
    "nan": b'{"codef": {"schema": 1}, "nodes": {"A": {"type": "Merge", "knobs": {"mix": NaN}}}}',
    "binary": b"\xff\xfe\x00\x81",
    "large": b"[" + b"0," * (SMALL // 2) + b"0]",
}


def boxes(shown: MainWindow) -> list[QMessageBox]:
    return [box for box in shown.findChildren(QMessageBox) if box.isVisible()]


def press(shown: MainWindow, text: str) -> None:
    (box,) = boxes(shown)
    button = next(b for b in box.findChildren(QPushButton) if b.text() == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.fixture(scope="module")
def one_window(
    application: QApplication, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MainWindow]:
    """A window that lives on from one bad document to the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CODEF_CONFIG", str(tmp_path_factory.mktemp("config")))
        patch.setenv("CODEF_CACHE", str(tmp_path_factory.mktemp("cache")))
        editor = Editor()
        made = MainWindow(editor)
        made.setProperty("kept", True)
        made.start()
        made.show()
        yield made
        made._leaving = True
        made.close()
        made.deleteLater()
        editor.close()
        editor.deleteLater()
        application.processEvents()


@pytest.mark.parametrize("name", sorted(BAD))
def test_a_bad_document_gives_one_clear_dialog(
    one_window: MainWindow, tmp_path: Path, name: str
) -> None:
    window = one_window
    before = window.editor.project.document
    path = tmp_path / f"{name}.codef"
    path.write_bytes(BAD[name])
    window.files.read(path)
    wait_for(lambda: not window.files.busy)
    (box,) = boxes(window)
    assert path.name in box.text()
    assert box.informativeText() and "\n" not in box.informativeText()
    assert "Error" not in box.informativeText() and "Traceback" not in box.detailedText()
    box.accept()
    assert window.isVisible() and window.editor.project.document is before
    assert path.read_bytes() == BAD[name]
    assert path not in window.files.recent.paths


def test_absent_files_and_folders_are_told_and_leave_the_recent_list(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    gone = tmp_path / "gone.codef"
    window.files.recent.add(gone)
    window.files.read(gone)
    (box,) = boxes(window)
    assert "gone.codef" in box.text()
    box.accept()
    assert window.files.recent.paths == []
    window.files.read(tmp_path)
    assert len(boxes(window)) == 1
    boxes(window)[0].accept()


def test_a_document_with_unknown_nodes_opens_and_says_so_once(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    path = tmp_path / "later.codef"
    nodes = {f"N{n}": {"type": "FromTheFuture", "version": 3, "knobs": {"x": n}} for n in range(12)}
    path.write_text(json.dumps({"codef": {"schema": 1}, "nodes": nodes}))
    window.files.read(path)
    (box,) = boxes(window)
    assert "FromTheFuture" in box.informativeText() and "4 more" in box.informativeText()
    assert len(box.detailedText().splitlines()) == 12
    box.accept()
    assert len(window.editor.project.document.nodes) == 12
    window.editor.project.save(tmp_path / "kept.codef")
    kept = json.loads((tmp_path / "kept.codef").read_text())
    assert kept["nodes"]["N7"]["knobs"] == {"x": 7}


def test_a_large_document_is_read_in_a_thread(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    stroke = {"points": [[float(n), 1.0, 1.0] for n in range(3000)], "size": 9.0}
    project = Project()
    project.do(AddNode("Paint", name="P", knobs={"strokes": [stroke] * 8}))
    path = tmp_path / "large.codef"
    path.write_text(as_text(project.document))
    assert path.stat().st_size > SMALL
    window.files.read(path)
    assert window.files.busy
    wait_for(lambda: not window.files.busy)
    assert window.editor.project.path == path
    assert window.editor.project.document.tree() == project.document.tree()


def test_open_asks_first_and_discards_only_when_told(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    path = tmp_path / "other.codef"
    Project().save(path)
    project = window.editor.project
    project.do(AddNode("Merge", name="Mine"))
    window.files.open(path)
    press(window, "Cancel")
    assert "Mine" in project.document
    window.files.open(path)
    press(window, "Discard")
    assert project.path == path and window.files.recent.paths[0] == path


def test_another_document_does_not_end_a_job_unasked(window: MainWindow, tmp_path: Path) -> None:
    project = window.editor.project
    project.do(AddNode("FitCoDeF", "Fit"))
    project.save(tmp_path / "shot.codef")
    job = queue_of(window.editor).fit("Fit")
    for slip in (window.files.new, lambda: window.files.open(tmp_path / "shot.codef")):
        slip()
        assert "Fit Fit" in boxes(window)[0].text()
        press(window, "Keep running")
        assert "Fit" in project.document and not job.over
    window.files.new()
    press(window, "End the job")
    assert not project.document.nodes and job.over
    window.files.new()
    assert not boxes(window), "nothing runs any more"


def test_save_asks_for_a_name_then_goes_on(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    project = window.editor.project
    project.do(AddNode("Merge", name="Mine"))
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    dialog = next(d for d in window.findChildren(QFileDialog) if d.isVisible())
    path = tmp_path / "mine.codef"
    dialog.fileSelected.emit(str(path))
    dialog.done(1)
    assert project.path == path and not project.modified and "Mine" in load(path)
    QTest.keyClick(
        window,
        Qt.Key.Key_S,
        Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.ShiftModifier,
    )
    assert project.path == tmp_path / "mine_v002.codef"


def test_a_save_that_fails_is_one_dialog(window: MainWindow, tmp_path: Path) -> None:
    folder = tmp_path / "shots"
    folder.mkdir()
    window.editor.project.save(folder / "shot.codef")
    window.editor.project.do(AddNode("Merge"))
    (folder / "shot.codef").chmod(0o444)
    window.files.save()
    (box,) = boxes(window)
    assert "read-only" in box.informativeText()
    box.accept()
    assert window.editor.project.modified


def test_opened_safely_nothing_is_evaluated_until_the_artist_says_so(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    path = tmp_path / "shot.codef"
    Project().save(path)
    window.files.read(path, safe=True)
    assert window.editor.project.safe and not window.banner.isHidden()
    (button,) = window.banner.buttons
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not window.editor.project.safe and window.banner.isHidden()


def test_what_a_crash_left_is_offered_when_its_document_is_opened(
    window: MainWindow,
    tmp_path: Path,
) -> None:
    path = tmp_path / "shot.codef"
    crashed = Project()
    crashed.save(path)
    kept = Autosave(crashed)
    crashed.do(AddNode("Merge", name="Unsaved"))
    assert kept.snapshots.wait()
    kept.snapshots.close(clean=False)
    kept._lock.unlock()
    window.files.read(path)
    press(window, "Not now")
    assert window.editor.project.path != path
    window.files.read(path)
    press(window, "Recover")
    project = window.editor.project
    assert "Unsaved" in project.document and project.path == path and project.modified
    assert "Unsaved" not in load(path)
    window.files.read(path)  # it is this window's own copy now: nothing to offer
    assert boxes(window) == []


def test_files_without_a_window_of_panes_work_too(editor: Editor, window: MainWindow) -> None:
    files = Files(editor, window)
    files.new()
    assert editor.project.path is None
