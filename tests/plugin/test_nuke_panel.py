"""The status panel, made by Nuke from the name of its class, in the Qt that is there."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6 import QtWidgets


@pytest.fixture
def application():
    return QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


@pytest.fixture
def panel(nuke, application):
    """The panel as Nuke restores it with a layout."""
    made = nuke.panels.restore(nuke.codef.PANEL)
    yield made
    made._timer.stop()
    made.deleteLater()


def test_the_panel_is_registered_by_the_name_of_its_class_under_an_id_that_stays(nuke):
    assert nuke.panels.registered == {
        "org.codefnodes.status": ("codef_nuke.panel.StatusPanel", "Codef Nodes")
    }


def test_it_shows_each_shot_and_what_was_told(nuke, panel, tmp_path):
    import codef_nuke.host as host
    import codef_nuke.link as links

    link = links.link_to(str(tmp_path / "sh010.codef"))
    link.status, link.fraction = "matching", 0.42
    host.log("linked Read1 to sh010.codef")
    panel.refresh()
    assert [panel.table.item(0, n).text() for n in range(3)] == ["sh010.codef", "matching", "42 %"]
    assert panel.log.toPlainText().endswith("linked Read1 to sh010.codef")
    assert not link.worker.alive, "looking starts nothing"


def test_its_buttons_are_the_actions_and_errors_are_shown(nuke, panel):
    buttons = {each.text(): each for each in panel.findChildren(QtWidgets.QPushButton)}
    assert set(buttons) == {"Send", "Fit", "Cancel", "Open", "Update", "Bake"}
    buttons["Bake"].click()
    assert nuke.messages == ["send a node to Codef Nodes first"]


def test_with_many_lines_the_newest_is_seen(nuke, panel):
    import codef_nuke.host as host

    for number in range(900):
        host.log(f"line {number}")
    panel.resize(420, 300)
    panel.show()
    panel.refresh()
    bar = panel.log.verticalScrollBar()
    assert bar.value() == bar.maximum() and len(host.LOG) == 500
