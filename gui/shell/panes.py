"""Which panes the window docks, and where their classes are."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtWidgets import QWidget

from gui.core.editor import Editor


@dataclass(frozen=True)
class Pane:
    """A pane of the window.

    Attributes:
        name: Its name in layouts; never changes, since layouts are saved.
        title: What its tab says.
        module: Module of its class.
        cls: The class; it takes the editor, and then ``arguments``.
        arguments: Further arguments.
        smallest: Width and height that the dock keeps at least.
        bar: ``row`` or ``column`` for a bar, which has no title and keeps its height or width.
    """

    name: str
    title: str
    module: str
    cls: str
    arguments: tuple[str, ...] = ()
    smallest: tuple[int, int] = (160, 90)
    bar: str = ""

    def make(self, editor: Editor) -> QWidget:
        """The pane itself."""
        made: Callable[..., QWidget] = getattr(importlib.import_module(self.module), self.cls)
        return made(editor, *self.arguments)


PANES = (
    Pane("canonical", "Canonical", "gui.viewer.pane", "ViewerPane", ("canonical",), (260, 180)),
    Pane("frame", "Frame", "gui.viewer.pane", "ViewerPane", ("frame",), (260, 180)),
    Pane("timeline", "Timeline", "gui.timeline.bar", "TimelineBar", (), (420, 64), "row"),
    Pane("graph", "Node graph", "gui.graph.pane", "GraphPane", (), (240, 120)),
    Pane("properties", "Properties", "gui.properties.bin", "PropertiesBin", (), (300, 120)),
    Pane("fit", "Fit", "gui.fit.panel", "FitPanel", (), (260, 120)),
    Pane("strokes", "Strokes", "gui.paint.strokes", "StrokeList", (), (220, 120)),
    Pane("jobs", "Jobs", "gui.jobs.pane", "JobsPane", (), (240, 80)),
    Pane("paint", "Paint tools", "gui.paint.bar", "PaintBar", (), (36, 200), "column"),
    Pane("brush", "Brush", "gui.paint.options", "PaintOptions", (), (300, 30), "row"),
)
