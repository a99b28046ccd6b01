"""Fits that another window or the command line has made for just this graph."""

from codef_nodes.graph.commands import RecordField
from gui.core.editor import Editor
from gui.jobs.queue import queue_of
from gui.project.foundfits import FoundFits
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.helpers import wait_for


def test_a_fit_found_beside_the_document_is_noted_but_never_against_an_undo(
    working_editor: Editor, tmp_path
) -> None:
    make_clip(tmp_path / "clip")
    project = working_editor.project
    project.use(shot_graph(tmp_path, steps=2), tmp_path / "shot.codef")
    project.save()
    fit = queue_of(working_editor).fit("Fit")
    wait_for(lambda: fit.over, 60)
    wait_for(lambda: project.document.state("Fit").field is not None)
    record = dict(project.document.state("Fit").field)
    # The same graph without the note, as another window has it.
    project.use(shot_graph(tmp_path, steps=2), tmp_path / "shot.codef")
    FoundFits(working_editor)
    told: list[object] = []
    args = {"node": "Still", "frame": None, "slot": "t", "region": None, "scale": 1}
    working_editor.workers.view.request("view", args, told.append, told.append)
    wait_for(lambda: project.document.state("Fit").field is not None, 30)
    assert dict(project.document.state("Fit").field) == record
    project.undo()
    working_editor.workers.view.event.emit("records", {"node": "Fit", "record": record})
    assert project.document.state("Fit").field is None, "what was undone stays undone"
    project.redo()
    assert dict(project.document.state("Fit").field) == record
    working_editor.workers.view.event.emit("records", {"node": "Fit", "record": {"path": "x"}})
    assert dict(project.document.state("Fit").field) == record, "what is in use stays in use"
    assert project.do(RecordField("Fit", None))
