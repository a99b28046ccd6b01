"""Versions of files and pasted values."""

import pytest
from PySide6.QtCore import Qt

from codef_nodes.graph.commands import SetKnob
from gui.graph.values import versioned
from tests.gui.graph.desk import ALT, CTRL, Desk

Key = Qt.Key


@pytest.mark.parametrize(
    ("path", "step", "other"),
    [
        ("plate_v003/shot_v003.%04d.exr", 1, "plate_v004/shot_v004.%04d.exr"),
        ("cam_v002/shot_v010.####.exr", -1, "cam_v002/shot_v009.####.exr"),
        ("V099.exr", 1, "V100.exr"),
        ("shot_v000.exr", -1, "shot_v000.exr"),
        ("tv003/river.exr", 1, None),
        ("shot.1001.exr", 1, None),
    ],
)
def test_a_path_in_its_next_version(path: str, step: int, other: str | None) -> None:
    assert versioned(path, step) == other


def test_alt_up_and_down_change_the_version_of_the_selected_files(stream: Desk) -> None:
    for name in ("Plate", "Out"):
        stream.editor.project.do(SetKnob(name, "file", f"{name}_v001.%04d.exr"))
    before = stream.text
    stream.editor.selection.set(["Plate", "Out"])
    stream.key(Key.Key_Up, ALT)
    stream.key(Key.Key_Up, ALT)
    stream.key(Key.Key_Down, ALT)
    values = [stream.document.knob_value(name, "file") for name in ("Plate", "Out")]
    assert values == ["Plate_v002.%04d.exr", "Out_v002.%04d.exr"]
    for _ in range(3):
        stream.editor.project.undo()
    assert stream.text == before
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_Up, ALT)
    assert stream.text == before and "_v001" in stream.problems[-1]


def test_values_are_pasted_into_nodes_of_the_same_type_in_one_step(stream: Desk) -> None:
    do = stream.editor.project.do
    do(SetKnob("Grade", "operation", "blur"))
    do(SetKnob("Grade", "blur_size", 9.0))
    do(SetKnob("Blur", "mix", 0.25))
    stream.editor.selection.set(["Grade"])
    stream.key(Key.Key_C, CTRL)
    before = stream.text
    stream.editor.selection.set(["Blur", "Plate"])
    stream.key(Key.Key_V, CTRL | ALT)
    value = stream.document.knob_value
    assert (value("Blur", "operation"), value("Blur", "blur_size")) == ("blur", 9.0)
    assert value("Blur", "mix") == 1.0, "the default counts as well"
    stream.editor.project.undo()
    assert stream.text == before
    stream.editor.selection.set(["Plate"])
    stream.key(Key.Key_V, CTRL | ALT)
    assert stream.text == before and "type" in stream.problems[-1]
