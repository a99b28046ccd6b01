"""The cache manager over a real worker."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox

from gui.cache.manager import CacheManager, ago
from gui.core.editor import Editor
from gui.jobs.pane import JobsPane
from gui.jobs.queue import queue_of
from tests.codef_nodes.worker.jobkit import make_clip, shot_graph
from tests.gui.helpers import wait_for


@pytest.fixture
def working_editor(kept_editor: Editor) -> Editor:
    """One for all tests here: what a worker loads at first takes longer than most of them."""
    return kept_editor


@pytest.fixture
def manager(working_editor: Editor, tmp_path: Path) -> CacheManager:
    """The manager over a shot that was fitted twice."""
    make_clip(tmp_path / "clip")
    working_editor.project.use(shot_graph(tmp_path, steps=1), tmp_path / "shot.codef")
    queue = queue_of(working_editor)
    for _ in range(2):
        job = queue.fit("Fit")
        wait_for(lambda job=job: job.over, 60)
        assert job.state == "done", job.error
    made = CacheManager(working_editor)
    made.show()
    wait_for(lambda: made.fits.topLevelItemCount() == 2)
    return made


def choose(manager: CacheManager, row: int) -> None:
    item = manager.fits.topLevelItem(row)
    place = manager.fits.visualItemRect(item).center()
    QTest.mouseClick(manager.fits.viewport(), Qt.MouseButton.LeftButton, pos=place)


def test_fits_with_their_users_are_shown_and_those_in_use_stay(manager):
    texts = [manager.fits.topLevelItem(0).text(column) for column in range(6)]
    assert texts[:2] == ["shot_Fit_fit_v001", "v001"] and texts[3].endswith("dB")
    assert manager.fits.topLevelItem(1).text(5) == "Fit"
    assert not manager.delete.isEnabled()
    choose(manager, 1)
    assert not manager.delete.isEnabled() and "In use" in manager.delete.toolTip()
    choose(manager, 0)
    assert manager.delete.isEnabled()


def test_a_pin_protects_and_delete_asks_first(manager, tmp_path):
    choose(manager, 0)
    QTest.mouseClick(manager.pin, Qt.MouseButton.LeftButton)
    wait_for(lambda: manager.pin.text() == "Unpin")
    assert not manager.delete.isEnabled()
    QTest.mouseClick(manager.pin, Qt.MouseButton.LeftButton)
    wait_for(lambda: manager.pin.text() == "Pin" and manager.delete.isEnabled())
    for answer, left in (("Cancel", 2), ("Delete", 1)):
        QTest.mouseClick(manager.delete, Qt.MouseButton.LeftButton)
        (box,) = manager.findChildren(QMessageBox)
        (button,) = [b for b in box.buttons() if b.text().replace("&", "") == answer]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        wait_for(lambda left=left: manager.fits.topLevelItemCount() == left)
        wait_for(lambda: not manager.findChildren(QMessageBox))
    assert not (tmp_path / "shot_Fit_fit_v001").exists()


def test_caches_are_cleared(manager, working_editor):
    wait_for(lambda: manager._sizes["drafts"].text() not in ("", "0 B"))
    working_editor.workers.drop_draft("Fit")
    QTest.mouseClick(manager.clear_buttons["drafts"], Qt.MouseButton.LeftButton)
    wait_for(lambda: manager._sizes["drafts"].text() == "0 B")
    QTest.mouseClick(manager.clear_buttons["ram"], Qt.MouseButton.LeftButton)
    wait_for(lambda: manager._sizes["ram"].text().startswith("0 B"))
    assert not manager.trouble.isVisible()


def test_the_key_opens_one_manager(working_editor):
    pane = JobsPane(working_editor)
    pane.show()
    working_editor.actions.run("cache.manager")
    first = pane.manager
    assert first is not None and first.isVisible()
    working_editor.actions.run("cache.manager")
    assert pane.manager is first
    first.close()
    wait_for(lambda: pane.manager is None)


def test_ages_are_told_as_people_say_them():
    assert ago(5) == "just now" and ago(600) == "10 min ago"
    assert ago(7200) == "2 h ago" and ago(5 * 86400) == "5 days ago"
