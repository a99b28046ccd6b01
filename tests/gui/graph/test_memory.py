"""Nothing is left of what was open."""

import gc
import weakref
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from gui.core.editor import Editor
from gui.graph.items import NodeItem
from gui.graph.pane import GraphPane
from gui.graph.scene import GraphScene
from gui.graph.wires import WireItem
from tests.gui.graph.desk import Desk

KINDS = (NodeItem, WireItem)


def living(kinds: tuple[type, ...]) -> list[object]:
    gc.collect()
    return [each for each in gc.get_objects() if isinstance(each, kinds)]


def more_than(others: list[object], kinds: tuple[type, ...]) -> int:
    """How many there are besides those of windows that other tests keep."""
    known = {id(each) for each in others}
    return sum(id(each) not in known for each in living(kinds))


def test_opening_and_undoing_200_times_leaves_no_items(desk: Desk, tmp_path: Path) -> None:
    others = living(KINDS)
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("FitCoDeF", "Fit", 0, 100, clip="Plate")
    desk.add("CanonicalView", "Still", 0, 200, field="Fit")
    desk.add("Dot", "Dot1", 100, 250, input="Still")
    desk.add("Paint", "Paint", 0, 300, image="Dot1")
    path = desk.editor.project.save(tmp_path / "a.codef")
    project = desk.editor.project
    project.open(path)
    assert more_than(others, KINDS) == 5 + 4
    for turn in range(200):
        desk.editor.selection.set(["Fit", "Dot1"])
        desk.editor.actions.run("graph.delete" if turn % 2 else "graph.duplicate", desk.pane)
        project.undo()
        project.redo()
        project.undo()
        if turn % 4 == 0:
            project.open(path)
    assert more_than(others, KINDS) == 5 + 4


def test_a_closed_pane_goes_away(editor: Editor, application: QApplication) -> None:
    others = living((GraphScene,))
    gone = []
    for _ in range(5):
        pane = GraphPane(editor)
        pane.show()
        editor.project.new()
        pane.create_node("Merge")
        gone += [weakref.ref(pane), weakref.ref(pane.scene)]
        pane.close()
        pane.deleteLater()
        del pane
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        application.processEvents()
    gc.collect()
    assert not any(ref() for ref in gone)
    assert more_than(others, (GraphScene,)) == 0
    editor.project.new()
    editor.selection.clear()
