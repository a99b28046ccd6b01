"""Ties the panes together: no pane knows another, the window knows them all."""

from gui.core.editor import Editor
from gui.fit.panel import FitPanel
from gui.graph.pane import GraphPane
from gui.jobs.job import CANCELLED, DONE, FAILED, INTERRUPTED, Job
from gui.jobs.pane import JobsPane
from gui.jobs.queue import queue_of
from gui.masks.attach import attach as attach_masks
from gui.paint.attach import attach
from gui.paint.painting import painting_of
from gui.pins.attach import attach as attach_pins
from gui.project.autosave import Autosave
from gui.properties.bin import PropertiesBin
from gui.shell.docks import PaneDock
from gui.shell.exchange import Exchange
from gui.tracks.attach import attach as attach_tracks


def assemble(
    editor: Editor, docks: dict[str, PaneDock], autosave: Autosave | None, exchange: Exchange
) -> None:
    """Connects what one pane offers with what another does.

    Args:
        editor: What panes share.
        docks: The panes by name.
        autosave: Its journal keeps the stroke in progress.
        exchange: Exports for other paint programs.
    """
    painting = painting_of(editor)
    painting.status.connect(editor.say)
    painting.journal = None if autosave is None else autosave.journal
    attach(editor)
    attach_pins(editor)
    attach_masks(editor)
    attach_tracks(editor)
    queue = queue_of(editor)
    queue.added.connect(lambda job: show(docks["jobs"]) if job.kind == "render" else None)
    queue.finished.connect(lambda job: _tell(editor, docks, job))
    properties, graph = docks["properties"], docks["graph"]
    if isinstance(properties.pane, PropertiesBin) and isinstance(graph.pane, GraphPane):
        opened = properties.pane

        def open_panel(node: str) -> None:
            show(properties)
            opened.open(node)

        graph.pane.open_requested.connect(open_panel)
        opened.asked.connect(
            lambda action, node: (
                exchange.export(node if document_fit(editor, node) else None)
                if action == "roundtrip.export"
                else _asked(editor, docks, action)
            )
        )


def _tell(editor: Editor, docks: dict[str, PaneDock], job: Job) -> None:
    """How a job ended, also to who looks elsewhere."""
    if job.state in (FAILED, INTERRUPTED):
        word = "failed" if job.state == FAILED else "was interrupted"
        editor.say(f"{job.title} {word}: {job.error}")
        show(docks["fit" if job.kind == "fit" else "jobs"])
    elif job.state == CANCELLED:
        editor.say(f"{job.title}: cancelled")
    elif job.state == DONE and job.kind == "render":
        editor.say(f"{job.title}: {job.label}")


def document_fit(editor: Editor, node: str) -> bool:
    """Whether a node gives a field."""
    document = editor.project.document
    return node in document and document.node_class(node).output == "field"


def show(dock: PaneDock) -> None:
    """Brings a pane to the front."""
    dock.show()
    dock.raise_()


def _asked(editor: Editor, docks: dict[str, PaneDock], action: str) -> None:
    """A button of a panel means something that lives in another pane; its node is selected."""
    pane = {"fit.start": "fit", "jobs.render_node": "jobs", "paint.strokes": "strokes"}.get(action)
    if pane is None:
        editor.say(f"Nothing here does {action}")
        return
    show(docks[pane])
    shown = docks[pane].pane
    if isinstance(shown, FitPanel):
        shown.fit()
    elif isinstance(shown, JobsPane):
        shown.render_selected()
