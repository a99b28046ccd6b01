"""Boxes that are not ticked are seen on the dark theme."""

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QCheckBox, QRadioButton

from gui import theme


@pytest.mark.parametrize("kind", [QCheckBox, QRadioButton])
def test_an_empty_box_stands_out_and_a_ticked_one_differs(application, kind):
    box = kind()
    box.setAutoExclusive(False)
    box.resize(30, 24)
    box.show()
    empty = box.grab().toImage()
    colours = {
        QColor(empty.pixel(x, y)).name()
        for x in range(empty.width())
        for y in range(empty.height())
    }
    assert max(theme.contrast(colour, theme.WINDOW) for colour in colours) > 3
    box.setChecked(True)
    assert box.grab().toImage() != empty
