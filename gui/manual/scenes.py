"""What the pictures of the manual show: the real window at work on a real fit."""

from pathlib import Path

import numpy as np
from PySide6.QtCore import QRect, Qt
from PySide6.QtTest import QTest

from codef_nodes.graph.commands import SetKnob
from engine.arrays import AnyArray
from gui.cache.manager import CacheManager
from gui.jobs.dialog import RenderDialog
from gui.manual.album import Album
from gui.manual.hands import Hands, Place
from gui.manual.subjects import Subject
from gui.paint.painting import painting_of
from gui.shell.preferencesdialog import PreferencesDialog
from gui.shell.shortcuts import ShortcutSheet
from gui.viewer.canvas import Canvas

SECONDS = 60.0
"""Time of the tutorial's fit."""
_BUSY = 900.0  # s: other work on the machine must not spoil the pictures


def tutorial(album: Album, subject: Subject, folder: Path, seconds: float) -> None:
    """The steps of docs/tutorial.md, as an artist does them."""
    hands, editor, window = album.hands, album.editor, album.window
    for old in folder.glob("tutorial*"):
        if old.is_file():
            old.unlink()
    album.layout("Graph")
    hands.drop([folder / "source" / subject.clip])
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_1)
    hands.wait(lambda: hands.settled("frame"), 60, "for the plate")
    editor.clock.set_frame(subject.frame)
    album.settle()
    album.take("tutorial_plate.jpg")
    hands.select(subject.clip)
    for words in ("fit", "still", "paint", "carry", "write"):
        hands.create(words)
    editor.project.save(folder / "tutorial.codef")
    editor.project.do(SetKnob("WriteSequence1", "file", "out/shot.%04d.exr"))
    hands.select("Propagate1")
    hands.key(hands.graph.view.viewport(), Qt.Key.Key_2)
    editor.selection.set([])
    editor.actions.run("graph.frame", hands.graph)
    hands.select("Propagate1")
    hands.search("me")
    QTest.qWait(200)
    album.take("tutorial_graph.png", window.docks["graph"])
    hands.graph.search.close_search()
    hands.set_knob("FitCoDeF1", "seconds", f"{seconds:g}")
    hands.select("FitCoDeF1")
    hands.bring("fit")
    hands.press(hands.fit.start)
    job = hands.fit.job

    def somewhere() -> bool:
        if job is None or job.over:  # a busy machine does few passes in that time
            return job is not None
        return job.elapsed > 0.4 * seconds and len(job.curve) > 8 and bool(job.draft)

    hands.wait(somewhere, _BUSY, "for the fit to get somewhere")
    QTest.qWait(1500)
    album.take("fit_panel.jpg", window.docks["fit"])
    hands.wait(lambda: job is not None and job.over, _BUSY, "for the fit")
    album.layout("Paint")
    editor.viewing.show(None, "canonical")
    hands.wait(hands.settled, 60, "for both viewers")
    for slot in ("canonical", "frame"):
        canvas = hands.canvas(slot)
        canvas.zoom_by(2.4, canvas.point(*subject.stroke[20]))
    album.settle()
    stroke(hands, hands.canvas("canonical"), subject, subject.stroke)
    album.take("tutorial_paint.jpg")
    hands.lift(hands.canvas("canonical"))
    hands.wait(hands.settled, 60, "for the stroke")
    painting_of(editor).take("")


def stroke(hands: Hands, canvas: Canvas, subject: Subject, line: tuple[Place, ...]) -> None:
    """Draws with the button still down, so that the picture shows the brush at work."""
    painting = painting_of(hands.editor)
    painting.take("brush")
    painting.set_colour(subject.colour)
    painting.set(size=subject.size, hardness=0.6)
    frame = hands.canvas("frame")
    before = pixels(frame)
    hands.draw(canvas, line, lift=False)
    hands.wait(
        lambda: not np.array_equal(pixels(frame), before), 30, "for the frame to follow the brush"
    )
    QTest.qWait(800)


def pixels(canvas: Canvas) -> AnyArray:
    """What a viewer shows, in linear light."""
    frame = canvas.frame()
    if frame is None or frame.pixels is None:
        return np.zeros((0, 0, 0), np.float32)
    return np.array(frame.pixels.all())


def whole_window(album: Album, subject: Subject) -> None:
    """Both layouts, on the demo."""
    hands, editor = album.hands, album.editor
    editor.clock.set_frame(subject.frame)
    editor.viewing.set_layer(subject.layer)
    album.layout("Graph")
    for name in ("Paint", "Fit"):
        hands.select(name)
        editor.actions.run("graph.open", hands.graph)
    album.settle()
    album.take("editor_graph.jpg")
    page = hands.bin.panel("Fit")
    if page is not None:
        album.take("properties.png", page)
    album.layout("Paint")
    album.settle()
    canvas = hands.canvas("canonical")
    stroke(hands, canvas, subject, subject.demo_stroke)
    album.take("editor_paint.jpg")
    hands.key(canvas, Qt.Key.Key_Escape)
    hands.lift(canvas)
    painting_of(editor).take("")
    hands.wait(hands.settled, 60, "for the stroke to go")


def viewers(album: Album, subject: Subject) -> None:
    """Wipe and overlays."""
    hands, window = album.hands, album.window
    album.editor.clock.set_frame(subject.frame)
    album.editor.viewing.set_layer(subject.layer)
    album.layout("Paint")
    frame, still = hands.viewer("frame"), hands.viewer("canonical")
    hands.key(frame.canvas, Qt.Key.Key_W)
    album.settle()
    dock = window.docks["frame"]
    middle = QRect(0, dock.height() // 2 - 220, dock.width(), 440)
    album.take("viewer_wipe.jpg", dock, middle)
    hands.key(frame.canvas, Qt.Key.Key_W)
    album.editor.viewing.set_layer(1 - subject.layer)  # the one with holes
    still.overlays.toggle("coverage", True)
    for kind in ("grid", "outlines"):
        frame.overlays.toggle(kind, True)
    hands.over(window, window.rect().bottomLeft())
    album.settle()
    canonical, other = window.docks["canonical"].geometry(), window.docks["frame"].geometry()
    album.take("overlays.jpg", part=canonical.united(other))
    still.overlays.toggle("coverage", False)
    for kind in ("grid", "outlines"):
        frame.overlays.toggle(kind, False)
    album.editor.viewing.set_layer(subject.layer)


def jobs(album: Album) -> None:
    """The render dialog, and the jobs pane while it renders."""
    hands, window = album.hands, album.window
    album.layout("Graph")
    dialog = RenderDialog(album.editor, ("WriteResult",), window)
    album.dialog("render_dialog.png", dialog)
    queue = hands.jobs.queue
    queue.render(["WriteStill"])
    job = queue.render(["WriteResult"])
    hands.bring("jobs")
    hands.wait(lambda: job.fraction > 0.3 or job.over, _BUSY, "for the render")
    wide = window.docks["jobs"].width()
    album.take("jobs.png", window.docks["jobs"], QRect(0, 0, wide, 420))
    queue.cancel(job)
    hands.wait(lambda: job.over, 20, "for the render to end")
    manager = CacheManager(album.editor, window)
    manager.show()
    hands.wait(lambda: manager.fits.topLevelItemCount(), 30, "for the list of fits")
    album.dialog("cache_manager.png", manager)


def help_and_settings(album: Album) -> None:
    """The guided tour, the shortcut sheet, the preferences."""
    window, editor = album.window, album.editor
    album.layout("Graph")
    window.docks["properties"].raise_()
    window.tour.start()
    for _ in range(3):
        window.tour.next()
    album.settle()
    album.take("guided_tour.jpg")
    window.tour.end()
    album.dialog("shortcut_sheet.png", ShortcutSheet(editor.actions, window))
    album.dialog("preferences.png", PreferencesDialog(editor.preferences, window))
