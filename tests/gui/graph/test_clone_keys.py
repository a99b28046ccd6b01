"""Clones as Nuke's hands make them, and what is seen of them."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage

from codef_nodes.graph.clones import with_clones
from codef_nodes.graph.commands import SetKnob
from gui import theme
from gui.graph.places import Hit
from gui.graph.tips import tip_for
from tests.gui.graph.desk import ALT, CTRL, SHIFT, Desk

Key = Qt.Key


def grab(desk: Desk) -> QImage:
    return desk.view.viewport().grab().toImage()


def test_alt_k_clones_the_selected_nodes_and_alt_shift_k_declones(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    before = stream.text
    stream.key(Key.Key_K, ALT)
    (two,) = stream.editor.selection.names
    assert with_clones(stream.document, "Grade") == ["Grade", two]
    assert stream.scene.nodes["Grade"].face.clones == (two,)
    assert stream.scene.nodes[two].face.clones == ("Grade",)
    stream.editor.project.do(SetKnob(two, "operation", "blur"))
    assert stream.document.knob_value("Grade", "operation") == "blur"
    assert "Grade" in tip_for(stream.scene, Hit("node", two)).split("Clone of")[1]
    stream.key(Key.Key_K, ALT | SHIFT)
    assert with_clones(stream.document, "Grade") == ["Grade"]
    assert stream.scene.nodes["Grade"].face.clones == ()
    for _ in range(3):
        stream.editor.project.undo()
    assert stream.text == before


def test_ctrl_k_and_ctrl_v_paste_a_clone_and_deleting_one_frees_the_other(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    before = stream.text
    stream.key(Key.Key_K, CTRL)
    assert stream.text == before, "copying changes nothing"
    stream.editor.selection.set(["Blur"])
    stream.key(Key.Key_V, CTRL)
    (two,) = stream.editor.selection.names
    assert with_clones(stream.document, two) == [two, "Grade"]
    assert stream.document.wires(two, "image") == ("Blur",)
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_Delete)
    assert stream.scene.nodes[two].face.clones == ()


def test_clones_are_marked_and_joined_by_a_line(stream: Desk) -> None:
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_K, ALT)
    (two,) = stream.editor.selection.names
    stream.editor.selection.clear()
    stream.drag(stream.node(two), stream.node(two) + stream.view.mapFromScene(260, 0)
                - stream.view.mapFromScene(0, 90))  # fmt: skip
    stream.look()
    picture, ratio = grab(stream), stream.view.devicePixelRatioF()
    one, other = (stream.scene.nodes[name].body().center() for name in ("Grade", two))
    orange = QColor(theme.CLONE)
    found = 0
    for step in range(1, 200):
        at = stream.view.mapFromScene(one + (other - one) * step / 200) * ratio
        seen = QColor(picture.pixel(at))
        found += abs(seen.hue() - orange.hue()) < 12 and seen.saturation() > 120
    assert found > 20, "a line in the colour of clones runs between them"
