"""A desk for each test."""

import pytest

from gui.core.editor import Editor
from tests.gui.graph.desk import Desk


@pytest.fixture
def desk(editor: Editor) -> Desk:
    """An empty graph, shown."""
    return Desk(editor)


@pytest.fixture
def stream(desk: Desk) -> Desk:
    """Plate -> Grade -> Out, and a loose Blur beside."""
    desk.add("LoadSequence", "Plate", 0, 0)
    desk.add("ImageOperation", "Grade", 0, 150, image="Plate")
    desk.add("WriteSequence", "Out", 0, 300, image="Grade")
    desk.add("ImageOperation", "Blur", 250, 150)
    desk.look()
    return desk
