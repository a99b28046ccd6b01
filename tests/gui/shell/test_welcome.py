"""The first start shows a demo that moves, without a question."""

from gui.jobs.queue import queue_of
from gui.project.demo import OWN, clip_ready
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for


def test_the_first_start_renders_the_own_clip_and_fits_it(window: MainWindow) -> None:
    welcome, project = window.welcome, window.editor.project
    assert welcome.first_start
    welcome.begin()
    assert not welcome.first_start
    wait_for(lambda: project.path is not None and project.path.name == OWN, 20)
    assert "is being rendered" in window.banner.text.text(), "no question, but told"
    wait_for(lambda: clip_ready(welcome.folder, OWN) and not welcome.clip.busy, 60)
    queue = queue_of(window.editor)
    wait_for(lambda: [job.title for job in queue.jobs] == ["Fit Fit"], 20)
    assert "is being fitted" in window.banner.text.text()
    # One click ends it, and it is offered instead.
    next(each for each in window.banner.buttons if each.text() == "Stop").click()
    assert queue.jobs[0].state == "cancelled"
    assert "not fitted yet" in window.banner.text.text()


def test_stopped_it_asks_and_fits_nothing_unasked(window: MainWindow) -> None:
    welcome, project = window.welcome, window.editor.project
    welcome.begin()
    wait_for(lambda: project.path is not None, 20)
    window.banner.buttons[0].click()
    assert not welcome.clip.busy and "not on this machine" in window.banner.text.text()
    assert not queue_of(window.editor).jobs


def test_opened_from_the_menu_nothing_is_fitted_unasked(window: MainWindow) -> None:
    window.welcome.open_demo()
    wait_for(lambda: window.editor.project.path is not None, 20)
    assert not window.welcome.clip.busy and not queue_of(window.editor).jobs
