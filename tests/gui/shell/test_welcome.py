"""The first start shows a demo that moves, without a question, once there is something to show."""

from codef_nodes.graph.commands import AddNode
from gui.jobs.queue import queue_of
from gui.project.demo import OWN, clip_ready
from gui.shell.window import MainWindow
from tests.gui.helpers import wait_for


def messages(window: MainWindow) -> list[str]:
    """What both viewers say in the place of a picture."""
    return [canvas.message for canvas in window.editor.viewing.canvases.values()]


def click(window: MainWindow, text: str) -> None:
    next(each for each in window.banner.buttons if each.text() == text).click()


def test_the_first_start_makes_the_clip_then_opens_the_demo_and_fits_it(
    window: MainWindow,
) -> None:
    welcome, project = window.welcome, window.editor.project
    said: set[str] = set()
    there: list[bool] = []
    opened: list[object] = []
    welcome.clip.progress.connect(lambda _: said.update(messages(window)))
    welcome.opened.connect(lambda: opened.append(project.path))
    project.replaced.connect(lambda: there.append(clip_ready(welcome.folder, OWN)))
    welcome.begin()
    assert not there, "nothing is opened that cannot be shown"
    assert "making the example clip" in window.banner.text.text(), "no question, but told"
    wait_for(lambda: project.path is not None, 60)
    assert project.path is not None and project.path.name == OWN
    assert there == [True], "opened once, and its clip was there"
    assert any("Making the example clip" in text and "%" in text for text in said)
    assert opened == [project.path]
    wait_for(lambda: not any("Making" in text for text in messages(window)), 20)
    queue = queue_of(window.editor)
    wait_for(lambda: [job.title for job in queue.jobs] == ["Fit Fit"], 20)
    assert "is being fitted" in window.banner.text.text()
    # One click ends it, and it is offered instead.
    click(window, "Stop")
    assert queue.jobs[0].state == "cancelled"
    assert "not fitted yet" in window.banner.text.text()


def test_it_is_a_first_start_only_once(window: MainWindow) -> None:
    assert window.welcome.first_start
    window.welcome.begin()
    assert not window.welcome.first_start


def test_stopped_it_asks_and_opens_and_fits_nothing_unasked(window: MainWindow) -> None:
    welcome = window.welcome
    welcome.begin()
    wait_for(lambda: all("Making" in text for text in messages(window)), 20)
    click(window, "Stop")
    assert not welcome.clip.busy and "not on this machine" in window.banner.text.text()
    wait_for(lambda: all("Nothing to show yet" in text for text in messages(window)), 20)
    assert window.editor.project.path is None and not queue_of(window.editor).jobs


def test_what_was_begun_meanwhile_is_not_taken_away(window: MainWindow) -> None:
    welcome, project = window.welcome, window.editor.project
    welcome.begin()
    project.do(AddNode("Dot", "Mine"))
    wait_for(lambda: not welcome.clip.busy, 60)
    assert "is there" in window.banner.text.text() and "Mine" in project.document
    click(window, "Not now")
    assert window.banner.isHidden() and "Mine" in project.document


def test_from_the_menu_the_demo_without_a_clip_asks_first(window: MainWindow) -> None:
    window.welcome.open_demo()
    assert "not on this machine" in window.banner.text.text()
    assert window.editor.project.path is None and not window.welcome.clip.busy
    click(window, "Render a clip here (5 s)")
    wait_for(lambda: window.editor.project.path is not None, 60)
    assert not queue_of(window.editor).jobs and "not fitted yet" in window.banner.text.text()
