"""kill -9 of either worker loses nothing but that job's last seconds, and the window goes on."""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt

from codef_nodes.graph.commands import SetKnob
from codef_nodes.graph.serialise import as_text
from engine.io.read import read_picture
from gui.core.workers import WorkerLink
from gui.jobs.dialog import RenderDialog
from gui.jobs.job import DONE, INTERRUPTED
from gui.manual.hands import Hands
from gui.paint.painting import painting_of
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.e2e.conftest import OpenWindow
from tests.gui.e2e.shots import fitted_shot

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kill -9")
RED = (3.0, 0.05, 0.05)


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document with a finished fit."""
    return fitted_shot(tmp_path_factory.mktemp("shot"), 24, (320, 180))


@pytest.fixture
def hands(kept_hands: Hands) -> Hands:
    """One window for all tests here: its workers are started again."""
    return kept_hands


def link_of(hands: Hands, role: str) -> WorkerLink:
    assert hands.editor.workers is not None
    link: WorkerLink = getattr(hands.editor.workers, role)
    return link


def kill(hands: Hands, role: str) -> int:
    """kill -9, and the window has seen it."""
    link = link_of(hands, role)
    pid = link.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    hands.wait(lambda: not link.alive or link.pid not in (None, pid), 10)
    return pid


def red(hands: Hands, slot: str) -> int:
    """How many red pixels the viewer shows."""
    frame = hands.canvas(slot).frame()
    if frame is None or frame.pixels is None:
        return 0
    shown: Any = np.array(frame.pixels.all())
    return int(((shown[..., 0] > 1.5) & (shown[..., 1] < 0.4)).sum())


def test_the_view_worker_during_a_stroke(hands: Hands, shot: Path) -> None:
    hands.window.files.read(shot)
    hands.wait(hands.settled, 60, "for both viewers")
    start = as_text(hands.editor.project.document)
    still = hands.canvas("canonical")
    hands.key(still, Qt.Key.Key_N)
    painting = painting_of(hands.editor)
    painting.set_colour(RED)
    painting.set(size=16.0, hardness=0.9)
    hands.draw(still, [(60, 60), (70, 62), (80, 66)], lift=False)
    hands.wait(lambda: red(hands, "canonical") and red(hands, "frame"), 30, "for the brush")
    old = kill(hands, "view")
    hands.draw_on(still, [(90, 70), (100, 72)])
    hands.lift(still)
    strokes = hands.editor.project.document.knob_value("Paint", "strokes")
    assert len(strokes) == 1
    xs = [point[0] for point in strokes[0]["points"]]
    assert min(xs) < 61 and max(xs) > 99, "points before and after the death are in the stroke"
    link = link_of(hands, "view")
    hands.wait(lambda: link.state == "ready" and link.pid != old, 30, "for the new worker")
    hands.wait(hands.settled, 40, "for the pictures to come back")
    assert red(hands, "canonical") > 400 and red(hands, "frame") > 400
    hands.key(still, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert as_text(hands.editor.project.document) == start
    hands.wait(hands.settled, 40)
    assert red(hands, "canonical") == red(hands, "frame") == 0


def test_the_jobs_worker_during_a_fit(hands: Hands, tmp_path: Path) -> None:
    make_clip(tmp_path / "clip", 24, (192, 108))
    project = hands.editor.project
    project.use(shot_graph(tmp_path, steps=4000), tmp_path / "shot.codef")
    cache = Path(os.environ["CODEF_CACHE"])
    # Finished fits of other tests lie here too, and may be written just now.
    kept = "fits/**/checkpoint.safetensors"
    others = set(cache.glob(kept))
    hands.bring("fit")
    hands.press(hands.fit.start)
    job = hands.fit.job
    assert job is not None
    # One checkpoint every ten seconds: that is what a crash may cost.
    hands.wait(lambda: set(cache.glob(kept)) - others, 40, "for a checkpoint")
    start = as_text(project.document)
    old = kill(hands, "jobs")
    hands.wait(lambda: job.over, 10, "for the job to be told")
    assert job.state == INTERRUPTED and as_text(project.document) == start
    row = hands.jobs.rows[job]
    hands.bring("jobs")
    assert row.buttons["retry"].isVisible() and "again" in row._detail.text()
    assert any("interrupted" in text for text in hands.said)
    hands.wait(lambda: link_of(hands, "jobs").pid not in (None, old), 30)
    hands.press(row.buttons["retry"])
    hands.wait(lambda: job.figures.get("step"), 40, "for the fit to go on")
    hands.press(hands.jobs.rows[job].buttons["stop"])
    hands.wait(lambda: job.over, 40, "for the fit to end")
    assert job.state == DONE, job.error
    told = job.result["report"]
    assert told["resumed_at"] > 0, f"it began anew: {told['psnr_curve'][:3]}, {hands.said}"
    assert hands.editor.faces.face("Fit").fit == "fitted"


def test_the_jobs_worker_during_a_render(hands: Hands, shot: Path) -> None:
    out = shot.parent / "out"
    hands.window.files.read(shot)
    stroke = {"points": [[40.0, 40.0, 1.0], [90.0, 60.0, 1.0]], "size": 20.0, "colour": list(RED)}
    assert hands.editor.project.do(SetKnob("Paint", "strokes", [stroke]))
    hands.wait(lambda: link_of(hands, "jobs").state == "ready", 30)
    hands.select("Write")
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_F7)
    (dialog,) = [d for d in hands.window.findChildren(RenderDialog) if d.isVisible()]
    hands.click(dialog, "Render")
    (job,) = hands.jobs.queue.jobs
    hands.wait(lambda: len(job.written) >= 3, 60, "for the first frames")
    start, old = as_text(hands.editor.project.document), kill(hands, "jobs")
    hands.wait(lambda: job.over, 10, "for the job to be told")
    some = {path.name: path.stat().st_mtime_ns for path in out.glob("shot.*.exr")}
    assert job.state == INTERRUPTED and 3 <= len(some) < 24
    assert as_text(hands.editor.project.document) == start
    for name in some:
        assert read_picture(out / name).pixels.shape == (180, 320, 3), "a half-written frame"
    hands.wait(hands.jobs.isVisible, 10, "for the jobs to come to the front")
    row, whole = hands.jobs.rows[job], len(job.written)
    assert row.buttons["retry"].isVisible() and "goes on" in row._detail.text()
    assert hands.said[-1] == f"{job.title} was interrupted: {job.error}"
    hands.wait(lambda: link_of(hands, "jobs").pid not in (None, old), 30)
    hands.press(row.buttons["retry"])
    hands.wait(lambda: job.over, 60, "for the render")
    assert job.state == DONE, job.error
    files = sorted(out.glob("shot.*.exr"))
    assert len(files) == 24 and not [p for p in out.iterdir() if not p.name.startswith("shot.")]
    kept = [file.name for file in files if file.stat().st_mtime_ns == some.get(file.name)]
    assert len(kept) == whole, "what was written before is left alone"
    assert job.label == f"{24 - whole} files written, {whole} were there already"
    for file in files:
        assert (read_picture(file).pixels[..., 0] > 1.5).sum() > 400


def test_a_window_that_is_closed_leaves_no_process(open_window: OpenWindow, shot: Path) -> None:
    hands = open_window()
    hands.window.files.read(shot)
    hands.wait(hands.settled, 60, "for both viewers")
    pids = [link_of(hands, role).pid for role in ("view", "jobs")]
    runs = [link_of(hands, role).run_dir for role in ("view", "jobs")]
    hands.window.close()
    for pid in pids:
        assert pid is not None
        if sys.platform == "linux":
            stat = Path(f"/proc/{pid}/stat")
            assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z"
    assert all(run is not None and not run.exists() for run in runs)
