"""Ties the panes together: no pane knows another, the window knows them all."""

from gui.core.editor import Editor
from gui.graph.pane import GraphPane
from gui.paint.painting import painting_of
from gui.paint.tool import PaintTool
from gui.project.autosave import Autosave
from gui.properties.bin import PropertiesBin
from gui.shell.docks import PaneDock
from gui.viewer.pane import ViewerPane


def assemble(editor: Editor, docks: dict[str, PaneDock], autosave: Autosave | None) -> None:
    """Connects what one pane offers with what another does.

    Args:
        editor: What panes share.
        docks: The panes by name.
        autosave: Its journal keeps the stroke in progress.
    """
    painting = painting_of(editor)
    painting.status.connect(editor.say)
    painting.journal = None if autosave is None else autosave.journal
    for name in ("canonical", "frame"):
        viewer = docks[name].pane
        if isinstance(viewer, ViewerPane):
            viewer.canvas.tool = PaintTool(editor, viewer.canvas, name)
    properties, graph = docks["properties"], docks["graph"]
    if isinstance(properties.pane, PropertiesBin) and isinstance(graph.pane, GraphPane):
        opened = properties.pane

        def open_panel(node: str) -> None:
            show(properties)
            opened.open(node)

        graph.pane.open_requested.connect(open_panel)
        opened.asked.connect(lambda action, node: _asked(editor, docks, action))


def show(dock: PaneDock) -> None:
    """Brings a pane to the front."""
    dock.show()
    dock.raise_()


def _asked(editor: Editor, docks: dict[str, PaneDock], action: str) -> None:
    """A button of a panel means something that lives in another pane."""
    area = action.partition(".")[0]
    dock = docks.get(
        {"fit": "fit", "jobs": "jobs", "paint": "strokes", "graph": "graph"}.get(area, "")
    )
    if dock is None:
        editor.say(f"Nothing here does {action}")
        return
    show(dock)
