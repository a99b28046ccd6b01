"""Export, edit in another program, come back: with real files, a real watcher and a real worker."""

import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import Disconnect, RemoveNode, SetKnob
from gui.core.editor import Editor
from gui.jobs.queue import queue_of
from gui.roundtrip import trip as trip_module
from gui.roundtrip.exportdialog import ExportDialog
from gui.roundtrip.layer import add_layer, knob_path
from gui.roundtrip.placedialog import PlaceDialog
from gui.roundtrip.program import command, open_in_program
from gui.roundtrip.trip import RoundTrip, trip_of
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.helpers import wait_for

SPOT = (slice(30, 42), slice(40, 60))


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def trip(working_editor: Editor, tmp_path: Path) -> RoundTrip:
    """The round trip of a fitted shot."""
    make_clip(tmp_path / "clip")
    working_editor.project.use(shot_graph(tmp_path, steps=3), tmp_path / "shot.codef")
    fit = queue_of(working_editor).fit("Fit")
    wait_for(lambda: fit.over, 60)
    assert fit.state == "done", fit.error
    made = trip_of(working_editor)
    made.told = []
    made.troubled.connect(made.told.append)
    return made


def export(trip: RoundTrip, file: Path) -> np.ndarray:
    written: list[str] = []
    trip.exported.connect(written.append)
    trip.export("Fit", 0, file, open_it=False)
    wait_for(lambda: written, 20, str(trip.told))
    return cv2.imread(str(file), cv2.IMREAD_UNCHANGED)


def save_beside_and_replace(file: Path, codes: np.ndarray) -> None:
    """As careful programs save."""
    part = file.with_name("saving.png")
    cv2.imwrite(str(part), codes)
    os.replace(part, file)


def test_an_edit_comes_back_as_a_layer_in_one_step_of_undo(trip, working_editor, tmp_path):
    project, file = working_editor.project, tmp_path / "still.png"
    before = project.document.tree()
    codes = export(trip, file)
    came: list[tuple[str, str]] = []
    trip.arrived.connect(lambda path, node: came.append((path, node)))
    codes[SPOT] = (0, 0, 65535, 65535)
    save_beside_and_replace(file, codes)
    wait_for(lambda: came, 20, str(trip.told))
    ((_, name),) = came
    document = project.document
    assert document.wires(name, "image") == ("Still",) and document.wires("Paint", "image") == (
        name,
    )
    assert document.wires(name, "fit") == ("Fit",)
    assert document.knob_value(name, "file") == "still.png"
    # Saved again: the layer follows, without another node or step.
    steps = len(project.history.entries)
    bumped: list[bool] = []
    working_editor.viewing.revisions.bumped.connect(lambda: bumped.append(True))
    codes[5:15, 5:15] = 65535
    cv2.imwrite(str(file), codes)
    wait_for(lambda: len(came) == 2, 20, str(trip.told))
    assert bumped and len(project.history.entries) == steps
    project.undo()
    assert project.document.tree() == before
    project.redo()
    assert name in project.document and trip.watched[file].node == name
    assert not trip.told


def test_what_is_saved_without_a_change_makes_no_layer(trip, working_editor, tmp_path):
    file = tmp_path / "still.png"
    codes = export(trip, file)
    said: list[str] = []
    working_editor.status.connect(said.append)
    cv2.imwrite(str(file), codes, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    wait_for(lambda: any("without a change" in text for text in said), 20, str(trip.told))
    assert "EditedCanonical1" not in working_editor.project.document


def test_a_guessed_place_is_looked_at_first(trip, working_editor, tmp_path):
    file = tmp_path / "still.png"
    codes = export(trip, file)
    (tmp_path / "still.codef.json").unlink()
    guesses: list[object] = []
    trip.guessed.connect(guesses.append)
    codes[SPOT] = (0, 0, 65535, 65535)
    cv2.imwrite(str(file), cv2.resize(codes[6:-4, 3:-20], None, fx=1.7, fy=1.7))
    wait_for(lambda: guesses, 20, str(trip.told))
    assert not any(
        s.type == "EditedCanonical" for s in working_editor.project.document.nodes.values()
    )
    dialog = PlaceDialog(working_editor, guesses[0])
    dialog.show()
    assert not dialog.picture.image.isNull()
    QTest.mouseClick(dialog.use, Qt.MouseButton.LeftButton)
    document = working_editor.project.document
    (name,) = [n for n, s in document.nodes.items() if s.type == "EditedCanonical"]
    assert document.knob_value(name, "guess") is True


def test_files_of_a_document_that_is_opened_are_watched(trip, working_editor, tmp_path):
    file = tmp_path / "still.png"
    codes = export(trip, file)
    project = working_editor.project
    made, name = add_layer(project.document, "Fit", 0, knob_path(file, tmp_path), False)
    project.do(made)
    project.use(project.document.copied(), tmp_path / "shot.codef")
    assert trip.watched[file].node == name
    came: list[str] = []
    trip.arrived.connect(lambda _, node: came.append(node))
    codes[SPOT] = 0
    save_beside_and_replace(file, codes)
    wait_for(lambda: came, 20, str(trip.told))
    assert came == [name]
    project.do(RemoveNode(name))
    assert trip.watched[file].node is None


def test_trouble_is_told(trip, tmp_path):
    file = tmp_path / "still.png"
    export(trip, file)
    file.write_bytes(b"no picture at all")
    wait_for(lambda: trip.told, 20)
    assert "still.png" in trip.told[0]


def test_without_a_view_or_a_reader_the_edit_still_gets_to_the_frames(tmp_path):
    document = shot_graph(tmp_path)
    Disconnect("Carry", "edit").run(document)
    RemoveNode("Paint").run(document)
    RemoveNode("Still").run(document)
    made, name = add_layer(document, "Fit", 2, "a.png", True)
    made.run(document)
    (view,) = document.wires(name, "image")
    assert document.knob_value(view, "layer") == 2 and document.wires(view, "field") == ("Fit",)
    assert document.wires("Carry", "edit") == (name,) and document.knob_value(name, "guess")
    again, other = add_layer(document, "Fit", 2, "b.png", False)
    again.run(document)
    # The newer one lies below, and the older one reads it.
    assert document.wires(name, "image") == (other,) and document.wires(other, "image") == (view,)


def test_the_dialog_suggests_a_file_and_refuses_other_endings(trip, working_editor, tmp_path):
    dialog = ExportDialog(working_editor, "Fit")
    dialog.show()
    assert dialog.file.text() == str(tmp_path / "shot_Fit_canonical.png")
    dialog.kinds.setCurrentIndex(2)
    assert dialog.file.text().endswith("canonical.exr")
    dialog.file.clear()
    QTest.keyClicks(dialog.file, str(tmp_path / "mine.png"))
    dialog.accept()
    assert dialog.trouble.isVisible() and ".exr" in dialog.trouble.text()
    dialog.kinds.setCurrentIndex(1)
    assert dialog.file.text() == str(tmp_path / "mine.tif")
    dialog.open_it.setChecked(False)
    dialog.accept()
    wait_for(lambda: tmp_path / "mine.tif" in trip.watched, 20, str(trip.told))
    assert ExportDialog(working_editor).kinds.currentIndex() == 1


def test_the_program_is_started_with_a_list_of_arguments(
    tmp_path, monkeypatch, trip, working_editor
):
    file = tmp_path / "a b;c.png"
    assert command("/opt/krita", file, "linux") == ("/opt/krita", [str(file)])
    assert command("/Applications/Krita.app", file, "darwin")[0] == "open"
    assert "cannot be started" in open_in_program(str(tmp_path / "nothing"), file)
    script = tmp_path / "paint"
    script.write_text('#!/bin/sh\ncp "$1" "$1.opened"\n')
    script.chmod(0o755)
    working_editor.preferences.set("paint_program", str(script))
    trip.export("Fit", 0, file, watch=False)
    wait_for(lambda: Path(f"{file}.opened").is_file(), 20, str(trip.told))
    assert trip_module.trip_of(working_editor) is trip and file not in trip.watched
    working_editor.project.do(SetKnob("Fit", "steps", 4))
