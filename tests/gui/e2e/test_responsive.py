"""The window answers while all is under way: its heart beats, Esc is heard, nothing leaks."""

import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt, QTimer
from PySide6.QtWidgets import QApplication

from codef_nodes.graph.commands import AddNode, Connect, Group, SetKnob
from codef_nodes.graph.serialise import as_text
from gui.jobs.job import CANCELLED
from gui.manual.hands import Hands
from gui.paint.painting import painting_of
from gui.shell.statusbar import resident
from tests.gui.e2e.shots import fitted_shot
from tests.gui.heart import Heart

LIMIT = 0.100
ESC = 0.200
TRIES = 3
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def shot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document with a finished fit."""
    return fitted_shot(tmp_path_factory.mktemp("shot"), 16, (192, 108))


@pytest.fixture
def hands(kept_hands: Hands) -> Hands:
    """One window for all tests here."""
    return kept_hands


@pytest.fixture
def busy(hands: Hands, shot: Path) -> Iterator[Hands]:
    """The shot is shown, and beside it another fit runs that does not end by itself."""
    hands.window.files.read(shot)
    hands.wait(hands.settled, 60, "for both viewers")
    second = [AddNode("FitCoDeF", "Long", (300, 100), {"steps": 90000})]
    assert hands.editor.project.do(Group([*second, Connect("Clip", "Long", "clip")]))
    job = hands.jobs.queue.fit("Long")
    hands.wait(lambda: job.figures.get("step", 0) > 1, 60, "for the fit to run")
    yield hands
    hands.jobs.queue.cancel(job)
    hands.wait(lambda: job.over, 20, "for the fit to end")


def beats_while(hands: Hands, seconds: float) -> list[float]:
    """Gaps of the heart while frames are stepped through."""
    heart, frames, clock = Heart(), QTimer(interval=60), hands.editor.clock
    frames.timeout.connect(
        lambda: clock.set_frame(clock.first if clock.frame >= clock.last else clock.frame + 1)
    )
    frames.start()
    end = time.monotonic() + seconds
    hands.wait(lambda: time.monotonic() > end, seconds + 30)
    frames.stop()
    heart.stop()
    return heart.gaps


def test_the_heart_beats_while_a_fit_runs_and_frames_are_viewed(busy: Hands) -> None:
    seen: set[int] = set()
    canvas = busy.canvas("frame")
    busy.editor.viewing.frame_shown.connect(lambda slot, frame: seen.add(frame))
    tries = []
    for _ in range(TRIES):  # a machine that others use as well stalls everybody now and then
        gaps = beats_while(busy, 3.0)
        assert len(gaps) > 50
        tries.append(max(gaps))
        assert np.percentile(gaps, 99) < LIMIT, "the window stands still again and again"
        if tries[-1] < LIMIT:
            break
    assert min(tries) < LIMIT, f"the window stood still for {min(tries) * 1000:.0f} ms"
    assert canvas.frame() is not None and len(seen) > 5, "no frames were looked at meanwhile"


def test_esc_during_a_fit_is_answered_within_200_ms(busy: Hands) -> None:
    waits = []
    for _ in range(TRIES):
        job = busy.jobs.queue.fit("Long")
        busy.wait(lambda job=job: job.figures.get("step", 0) > 1, 60, "for the fit to run")
        began = time.monotonic()
        busy.key(busy.graph.view.viewport(), Qt.Key.Key_Escape)
        busy.wait(lambda job=job: job.over, 20, "for the fit to end")
        waits.append(time.monotonic() - began)
        assert job.state == CANCELLED
        if waits[-1] < ESC:
            break
    assert min(waits) < ESC, f"Esc took {min(waits) * 1000:.0f} ms"


def test_esc_during_a_stroke_takes_it_back_within_200_ms(hands: Hands, shot: Path) -> None:
    hands.window.files.read(shot)
    hands.wait(hands.settled, 60, "for both viewers")
    still = hands.canvas("canonical")
    hands.key(still, Qt.Key.Key_N)
    painting_of(hands.editor).set_colour((3.0, 0.05, 0.05))
    before = as_text(hands.editor.project.document)

    def pixels() -> np.ndarray:
        frame = still.frame()
        assert frame is not None and frame.pixels is not None
        return np.array(frame.pixels.all())

    clean, waits = pixels(), []
    for _ in range(TRIES):
        hands.draw(still, [(40, 40), (60, 50), (80, 60)], lift=False)
        hands.wait(lambda: (pixels() != clean).any(), 30, "for the brush")
        began = time.monotonic()
        hands.key(still, Qt.Key.Key_Escape)
        hands.wait(lambda: (pixels() == clean).all(), 20, "for the picture from before")
        waits.append(time.monotonic() - began)
        hands.lift(still)
        if waits[-1] < ESC:
            break
    assert min(waits) < ESC, f"Esc took {min(waits) * 1000:.0f} ms"
    assert as_text(hands.editor.project.document) == before


def mappings(hands: Hands) -> int:
    """How many pictures of the view worker this process has mapped."""
    run = hands.editor.workers.view.run_dir if hands.editor.workers is not None else None
    assert run is not None
    return Path("/proc/self/maps").read_text().count(str(run))


def drop(application: QApplication) -> None:
    application.processEvents()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    application.processEvents()
    gc.collect()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_25_documents_and_200_undos_with_pictures_leave_nothing(
    hands: Hands, shot: Path, application: QApplication
) -> None:
    project = hands.editor.project
    workers = hands.editor.workers
    assert workers is not None
    counts: list[tuple[int, int, int, int]] = []
    for number in range(25):
        hands.window.files.read(shot)
        hands.wait(lambda: hands.settled("frame"), 60, "for the frame")
        hands.select("Paint")
        hands.key(hands.graph.view.viewport(), Qt.Key.Key_Return)
        start = as_text(project.document)
        for step in range(8):
            assert project.do(SetKnob("Paint", "opacity", 0.1 + 0.1 * step))
        for _ in range(8):
            hands.key(hands.graph.view.viewport(), Qt.Key.Key_Z, CTRL)
        assert as_text(project.document) == start
        project.new()
        drop(application)
        if number in (9, 24):
            run = workers.view.run_dir
            assert run is not None
            most = counts[0][2] + 4 if counts else 40
            hands.wait(lambda: len(list(run.iterdir())) <= most, 20, "for pictures to go")  # noqa: B023 - waited for at once
            counts.append(
                (
                    len(application.allWidgets()),
                    mappings(hands),
                    len(list(run.iterdir())),
                    resident() >> 20,
                )
            )
    before, after = counts
    assert after[0] - before[0] <= 2, f"widgets: {before[0]}, then {after[0]}"
    assert after[1] - before[1] <= 4, f"mappings: {before[1]}, then {after[1]}"
    assert after[2] - before[2] <= 4, f"files: {before[2]}, then {after[2]}"
    assert after[3] - before[3] < 40, f"memory: {before[3]} MiB, then {after[3]} MiB"


def test_esc_over_a_viewer_ends_no_fit(busy: Hands) -> None:
    job = busy.jobs.queue.running
    assert job is not None
    said: list[str] = []
    busy.editor.status.connect(said.append)
    busy.key(busy.canvas("frame"), Qt.Key.Key_Escape)
    assert any("press Esc outside the viewers" in text for text in said), said
    step = job.figures["step"]
    busy.wait(lambda: job.figures["step"] > step, 30, "for the fit to go on")
