"""A canvas with the paint tools, over a graph that can be painted on."""

from collections.abc import Iterator

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication

from gui.core.editor import Editor
from gui.core.framecache import CachedFrame
from gui.paint.painting import Painting, painting_of
from gui.paint.tool import PaintTool
from gui.viewer.canvas import Canvas
from gui.viewer.viewframe import ViewFrame
from tests.gui.paint.graphs import shot


def grey_frame(width: int = 200, height: int = 120) -> ViewFrame:
    """A grey picture with its linear pixels."""
    pixels = np.full((height, width, 4), 0.18, np.float32)
    pixels[..., 3] = 1
    codes = np.full((height, width), 0xFF767676, np.uint32)
    box = (0, 0, width, height)
    return ViewFrame(CachedFrame(codes, box, box, 1, 1.0, "grey"), pixels)


def shown_canvas(width: int = 200, height: int = 120) -> Canvas:
    """A shown canvas with a grey picture, at two screen pixels for each of its pixels."""
    canvas = Canvas()
    canvas.resize(500, 300)
    canvas.set_frame(grey_frame(width, height))
    canvas.show()
    canvas.fit()
    canvas.zoom_to(2.0)
    return canvas


def pixel(canvas: Canvas, place: tuple[float, float]) -> QPoint:
    """The widget pixel that shows a place of the picture."""
    x, y = canvas.to_screen(*place)
    return QPoint(round(x), round(y))


def canvas_for(editor: Editor, slot: str) -> Canvas:
    """A shown canvas with the tools."""
    canvas = shown_canvas()
    PaintTool(editor, canvas, slot)
    return canvas


@pytest.fixture
def said(editor: Editor) -> list[str]:
    """What the status line said."""
    heard: list[str] = []
    editor.status.connect(heard.append)
    return heard


@pytest.fixture
def canvas(editor: Editor, application: QApplication) -> Iterator[Canvas]:
    """The canonical viewer's canvas, showing Paint1 on the still."""
    shot(editor.project, paint=1)
    made = canvas_for(editor, "canonical")
    application.processEvents()
    yield made
    made.close()


@pytest.fixture
def painting(editor: Editor) -> Painting:
    """The artist's hand."""
    return painting_of(editor)
