"""The guided tour: every stop points at a pane that is really there; it can be left."""

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtTest import QTest

from gui.shell.tour import STOPS
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for

Key = Qt.Key


def test_it_leads_to_every_pane_and_ends(window: MainWindow) -> None:
    hidden = [name for name, dock in window.docks.items() if dock.isHidden()]
    window.tour.start()
    for place, stop in enumerate(STOPS):
        overlay = window.tour.overlay
        assert overlay is not None and window.tour.at == place
        QTest.qWait(80)
        bubble = overlay.bubble.geometry()
        assert overlay.rect().contains(bubble)
        if stop.pane:
            dock = window.docks[stop.pane]
            assert not dock.visibleRegion().isEmpty(), stop.pane
            target = QRect(dock.mapTo(window, QPoint(0, 0)), dock.size())
            assert overlay._target == target, stop.pane
        assert overlay.text.height() >= overlay.text.heightForWidth(overlay.text.width())
        QTest.mouseClick(overlay.next, Qt.MouseButton.LeftButton)
    assert not window.tour.running
    assert [name for name, dock in window.docks.items() if dock.isHidden()] == hidden


def test_keys_lead_and_esc_leaves(window: MainWindow) -> None:
    window.tour.start()
    overlay = window.tour.overlay
    assert overlay is not None
    for key, at in ((Key.Key_Right, 1), (Key.Key_Return, 2), (Key.Key_Left, 1), (Key.Key_Space, 2)):
        QTest.keyClick(overlay, key)
        assert window.tour.at == at
    QTest.keyClick(overlay, Key.Key_Escape)
    assert not window.tour.running


def test_skip_leaves_and_the_window_works_on(window: MainWindow) -> None:
    window.tour.start()
    overlay = window.tour.overlay
    assert overlay is not None
    QTest.mouseClick(overlay.skip, Qt.MouseButton.LeftButton)
    assert not window.tour.running
    QTest.keyClick(window, Key.Key_F2, Qt.KeyboardModifier.ControlModifier)
    assert window.layouts.current == "Paint"


def test_the_bubble_follows_the_window(window: MainWindow) -> None:
    window.tour.start()
    window.tour.next()
    window.resize(1100, 720)
    wait_for(
        lambda: window.tour.overlay is not None and window.tour.overlay.size() == window.size()
    )


def test_it_takes_two_minutes_to_read(window: MainWindow) -> None:
    words = sum(len(f"{stop.title} {stop.text}".split()) for stop in STOPS)
    assert words / 200 < 2.0  # at the 200 words a minute of an unhurried reader
