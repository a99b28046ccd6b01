"""docs/tutorial.md, step by step: from a folder of frames to an EXR sequence in the editor."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QPlainTextEdit

from codef_nodes.graph.serialise import as_text
from engine.io.read import read_picture
from gui.core.workers import WorkerLink
from gui.jobs.dialog import RenderDialog
from gui.jobs.job import DONE
from gui.manual.hands import Hands
from gui.paint.painting import painting_of
from gui.viewer.canvas import Canvas
from tests.codef_nodes.worker.jobkit import make_clip
from tests.gui.e2e.conftest import OpenWindow

COUNT, WIDTH, HEIGHT = 16, 160, 90
FIRST = 1001
STROKE = [(70.0, 40.0), (78.0, 43.0), (86.0, 45.0), (94.0, 46.0)]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    """A folder of frames."""
    return make_clip(tmp_path / "shot" / "plate", COUNT, (WIDTH, HEIGHT))


def alive(pid: int) -> bool:
    """Whether a process is there and not merely waiting to be buried."""
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.is_file() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


def pixels(canvas: Canvas) -> Any:
    frame = canvas.frame()
    assert frame is not None and frame.pixels is not None
    return np.array(frame.pixels.all())


def load(hands: Hands, clip: Path) -> None:
    """1. Drop the folder on the graph; look at it."""
    hands.drop([clip])
    assert hands.editor.selection.names == ["plate"]
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_1)
    hands.wait(lambda: hands.settled("frame"), 60, "for the plate")
    assert (hands.editor.clock.first, hands.editor.clock.last) == (FIRST, FIRST + COUNT - 1)


def build(hands: Hands) -> None:
    """2. Tab search: the fit, its still, paint on it, and back into the frames."""
    hands.select("plate")
    made = [hands.create(words) for words in ("fit", "still", "paint", "carry", "write")]
    document = hands.editor.project.document
    assert [document.state(name).type for name in made] == [
        "FitCoDeF",
        "CanonicalView",
        "Paint",
        "Propagate",
        "WriteSequence",
    ]
    fit, still, paint, carry, write = made
    assert document.wires(fit, "clip") == ("plate",)
    assert document.wires(still, "field") == (fit,)
    assert document.wires(paint, "image") == (still,)
    assert document.wires(carry, "edit") == (paint,) and document.wires(carry, "field") == (fit,)
    assert document.wires(write, "image") == (carry,)


def save(hands: Hands, path: Path) -> None:
    """3. Save: the fit is kept beside the document."""
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    if hands.editor.project.path is None:
        (dialog,) = [d for d in hands.window.findChildren(QFileDialog) if d.isVisible()]
        dialog.fileSelected.emit(str(path))
        dialog.close()
    hands.wait(lambda: not hands.editor.project.modified, 10, "for the document to be saved")


def fit(hands: Hands) -> None:
    """4. Few passes, Fit, wait."""
    hands.set_knob("FitCoDeF1", "steps", "6")
    hands.select("FitCoDeF1")
    hands.bring("fit")
    hands.press(hands.fit.start)
    job = hands.fit.job
    assert job is not None
    hands.wait(lambda: job.over, 90, "for the fit")
    assert job.state == DONE, job.error
    assert hands.editor.faces.face("FitCoDeF1").fit == "fitted"


def paint(hands: Hands) -> None:
    """5. N over the canonical viewer, a red stroke; the frame viewer follows while it is drawn."""
    still, frame = hands.canvas("canonical"), hands.canvas("frame")
    viewing = hands.editor.viewing
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_Escape)
    hands.select("Propagate1")
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_2)
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_F2, Qt.KeyboardModifier.ControlModifier)
    hands.wait(lambda: still.isVisible() and frame.isVisible(), 10, "for the Paint layout")
    hands.key(frame, Qt.Key.Key_1)
    assert viewing.node("frame") == "plate"
    hands.key(frame, Qt.Key.Key_2)
    assert viewing.node("frame") == "Propagate1"
    for canvas in (still, frame):
        if canvas.halted:  # Esc came while pictures of the fit were under way
            hands.key(canvas, Qt.Key.Key_U)
    hands.wait(hands.settled, 60, "for both viewers")
    hands.key(still, Qt.Key.Key_N)
    painting = painting_of(hands.editor)
    assert painting.kind == "brush"
    painting.set_colour((3.0, 0.05, 0.05))
    painting.set(size=9.0, hardness=0.9)
    before = pixels(frame)
    hands.draw(still, STROKE, lift=False)
    hands.wait(lambda: (pixels(frame) != before).any(), 30, "for the frame to follow the brush")
    assert not hands.editor.project.document.knob_value("Paint1", "strokes")
    hands.lift(still)
    hands.wait(hands.settled, 40, "for the stroke in both viewers")
    assert len(hands.editor.project.document.knob_value("Paint1", "strokes")) == 1
    assert (pixels(frame)[..., 0] > 1.5).sum() > 50


def write(hands: Hands) -> Any:
    """6. Name the files, F5, Render."""
    hands.set_knob("WriteSequence1", "file", "out/shot.%04d.exr")
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_F5)
    (dialog,) = [d for d in hands.window.findChildren(RenderDialog) if d.isVisible()]
    hands.click(dialog, "Render")
    (job,) = [job for job in hands.jobs.queue.jobs if job.kind == "render" and not job.over]
    hands.wait(lambda: job.over, 60, "for the render")
    assert job.state == DONE, job.error
    return job


def check_files(clip: Path, folder: Path) -> None:
    """The edit is where it was painted and goes with the clip; all else is the plate's."""
    files = sorted(folder.glob("*.exr"))
    assert [file.name for file in files] == [f"shot.{FIRST + i}.exr" for i in range(COUNT)]
    centres = []
    for number, file in enumerate(files):
        made = read_picture(file).pixels
        plate = read_picture(clip / f"shot.{FIRST + number}.png").pixels
        assert made.shape[:2] == plate.shape[:2] == (HEIGHT, WIDTH)
        red = (made[..., 0] > 1.5) & (made[..., 1] < 0.4)
        assert red.sum() > 60, f"{file.name} carries no stroke"
        rows, columns = np.nonzero(red)
        x0, x1 = columns.min() - 6, columns.max() + 7
        y0, y1 = rows.min() - 6, rows.max() + 7
        assert x1 - x0 < 60 and y1 - y0 < 40, f"{file.name} is painted elsewhere"
        untouched = np.ones((HEIGHT, WIDTH), bool)
        untouched[max(y0, 0) : y1, max(x0, 0) : x1] = False
        kept = plate[..., :3].astype(np.float16)[untouched]
        np.testing.assert_array_equal(made[..., :3][untouched].astype(np.float16), kept)
        centres.append((columns.mean(), rows.mean()))
    # The clip pans by two pixels across and one down with each frame, and the stroke with it.
    moved = np.diff(np.array(centres[:8]), axis=0).mean(axis=0)
    np.testing.assert_allclose(moved, (-2, -1), atol=0.25)


def computed(link: WorkerLink, hands: Hands) -> dict[str, int]:
    """How often each node has really been computed in a worker."""
    told: list[dict[str, Any]] = []
    link.request("status", {}, told.append)
    hands.wait(lambda: told, 20, "for the worker's figures")
    return dict(told[0]["computes"])


def reopen(hands: Hands, document: Path) -> None:
    """8. Another day: the fit is there, and the files come out as they were."""
    hands.window.files.read(document)
    hands.wait(hands.settled, 60, "for both viewers")
    assert (pixels(hands.canvas("frame"))[..., 0] > 1.5).sum() > 50
    hands.bring("fit")
    hands.wait(lambda: "Quality" in dict(hands.fit.figures.rows), 20, "for the fit's figures")
    assert hands.fit.curve.points
    files = sorted((document.parent / "out").glob("*.exr"))
    before = [read_picture(file).pixels for file in files]
    written = [file.stat().st_mtime_ns for file in files]
    write(hands)
    assert all(file.stat().st_mtime_ns > old for file, old in zip(files, written, strict=True))
    for file, old in zip(files, before, strict=True):
        np.testing.assert_array_equal(read_picture(file).pixels, old)
    workers = hands.editor.workers
    assert workers is not None
    for link in workers.links:
        assert computed(link, hands).get("FitCoDeF1", 0) == 0, "it was fitted again"
    assert [p.name for p in document.parent.glob("*_fit_v*")] == ["shot_FitCoDeF1_fit_v001"]


def test_from_a_folder_of_frames_to_exr_files_and_back(
    hands: Hands, open_window: OpenWindow, clip: Path, tmp_path: Path
) -> None:
    project = hands.editor.project
    start = as_text(project.document)
    document = tmp_path / "shot" / "shot.codef"
    load(hands, clip)
    build(hands)
    save(hands, document)
    fit(hands)
    paint(hands)
    write(hands)
    check_files(clip, tmp_path / "shot" / "out")
    end = as_text(project.document)
    undo_everything(hands)
    assert as_text(project.document) == start
    redo_everything(hands)
    assert as_text(project.document) == end
    save(hands, document)
    close(hands)
    reopen(open_window(), document)


def undo_everything(hands: Hands) -> None:
    """7. Ctrl+Z to the very start: fit, wires, knobs and strokes are one list of steps."""
    desk = hands.graph.view.viewport()
    while hands.editor.project.history.undo_title:
        hands.key(desk, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)


def redo_everything(hands: Hands) -> None:
    desk = hands.graph.view.viewport()
    while hands.editor.project.history.redo_title:
        hands.key(desk, Qt.Key.Key_Y, Qt.KeyboardModifier.ControlModifier)


def close(hands: Hands) -> None:
    """Closing the window ends both workers."""
    workers = hands.editor.workers
    assert workers is not None
    pids = [link.pid for link in workers.links]
    assert not hands.editor.project.modified
    hands.window.close()
    assert hands.window.isHidden() and hands.editor.workers is None
    assert all(pid is not None and not alive(pid) for pid in pids)


def test_every_key_of_the_sheet_does_something(hands: Hands) -> None:
    actions = hands.editor.actions
    assert [each.id for each in actions.table if not actions.has_handler(each.id)] == []


def make_masks(folder: Path) -> None:
    """A box that stays where it is, white."""
    folder.mkdir()
    mask = QImage(WIDTH, HEIGHT, QImage.Format.Format_Grayscale8)
    mask.fill(0)
    painter = QPainter(mask)
    painter.fillRect(50, 20, 60, 50, QColor("white"))
    painter.end()
    for frame in range(FIRST, FIRST + COUNT):
        assert mask.save(str(folder / f"mask.{frame}.png"))


def test_when_something_passes_in_front(hands: Hands, clip: Path, tmp_path: Path) -> None:
    make_masks(tmp_path / "shot" / "actor")
    load(hands, clip)
    hands.select("plate")
    fitted = hands.create("fit")
    hands.create("still")
    save(hands, tmp_path / "shot" / "shot.codef")
    hands.set_knob(fitted, "steps", "2")
    hands.editor.selection.set([])
    group = hands.create("mask group")
    area = hands.row(group, "files").editor.findChild(QPlainTextEdit)
    assert area is not None
    area.setFocus()
    QTest.keyClicks(area, "actor")
    QTest.keyClick(area, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    hands.graph.view.setFocus()
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_F)
    hands.wire(group, fitted)
    assert hands.editor.project.document.wires(fitted, "groups") == (group,)
    assert hands.editor.project.document.knob_value(group, "files") == ["actor"]
    hands.select(fitted)
    hands.bring("fit")
    hands.press(hands.fit.start)
    job = hands.fit.job
    assert job is not None
    hands.wait(lambda: job.over, 90, "for the fit")
    assert job.state == DONE, job.error
    viewing = hands.editor.viewing
    hands.wait(lambda: len(viewing.layer_names) == 2, 30, "for the names of the groups")
    hands.wait(lambda: hands.settled("canonical"), 30, "for the still of the actor")
    actor = hands.canvas("canonical").data
    hands.key(hands.canvas("canonical"), Qt.Key.Key_PageDown)
    assert viewing.layer == 1
    hands.wait(lambda: hands.canvas("canonical").data != actor, 30, "for the windows of the rest")
    hands.wait(lambda: hands.settled("canonical"), 30, "for the still of the rest")
    rest = hands.canvas("canonical").data
    # The clip pans: the still of the rest is wider than a frame, and all of it is shown.
    assert actor is not None and rest is not None
    assert actor[2] - actor[0] < WIDTH < rest[2] - rest[0]
