"""Preferences, project settings, the shortcut sheet, about."""

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QCheckBox, QDialog, QLineEdit

from gui.core.preferences import PREFERENCES
from gui.project.settings import ProjectSettings
from gui.shell.about import About
from gui.shell.preferencesdialog import PreferencesDialog
from gui.shell.recent import Recent
from gui.shell.shortcuts import ShortcutSheet
from gui.shell.window import MainWindow


def test_every_preference_has_a_field_and_counts_at_once(window: MainWindow) -> None:
    preferences = window.editor.preferences
    dialog = PreferencesDialog(preferences, window)
    dialog.show()
    fields = {name: field for form in dialog.forms.values() for name, field in form.fields.items()}
    assert set(fields) == {knob.name for knob in PREFERENCES}
    box = fields["autosave"]
    assert isinstance(box, QCheckBox)
    box.setChecked(False)
    assert preferences.get("autosave") is False
    line = fields["open_panels"]
    assert isinstance(line, QLineEdit)
    line.setText("0")
    line.editingFinished.emit()
    assert preferences.get("open_panels") == 8
    form = next(form for form in dialog.forms.values() if "open_panels" in form.fields)
    assert "0" in form.refusals["open_panels"].text()
    line.setText("5")
    line.editingFinished.emit()
    assert preferences.get("open_panels") == 5


def test_project_settings_are_part_of_the_document_and_undone(window: MainWindow) -> None:
    project = window.editor.project
    dialog = ProjectSettings(project, window)
    dialog.show()
    line = dialog.form.fields["fps"]
    assert isinstance(line, QLineEdit)
    line.setText("25")
    line.editingFinished.emit()
    assert project.document.settings["fps"] == 25.0
    assert window.menus.undo.text() == "Undo Set project.fps" or "fps" in window.menus.undo.text()
    project.undo()
    assert project.document.settings["fps"] == 24.0


def test_the_sheet_shows_every_action_and_refuses_a_collision(window: MainWindow) -> None:
    actions = window.editor.actions
    sheet = ShortcutSheet(actions, window)
    sheet.show()
    shown = {item.data(0, Qt.ItemDataRole.UserRole) for item in sheet._items()}
    assert shown == {action.id for action in actions.table}
    sheet.show_action("viewer.red")
    sheet.keys.setKeySequence(QKeySequence("G"))
    QTest.mouseClick(sheet.set_button, Qt.MouseButton.LeftButton)
    assert actions.keys("viewer.red") == ("R",) and "Green" in sheet.told.text()
    sheet.keys.setKeySequence(QKeySequence("Ctrl+Alt+R"))
    QTest.mouseClick(sheet.set_button, Qt.MouseButton.LeftButton)
    assert actions.keys("viewer.red") == ("Ctrl+Alt+R",)
    sheet.show_action("viewer.green")
    sheet.keys.setKeySequence(QKeySequence("R"))
    QTest.mouseClick(sheet.set_button, Qt.MouseButton.LeftButton)
    assert actions.keys("viewer.green") == ("R",)
    sheet.show_action("viewer.red")
    QTest.mouseClick(sheet.reset_button, Qt.MouseButton.LeftButton)
    assert actions.keys("viewer.red") == ("Ctrl+Alt+R",) and "Green" in sheet.told.text()
    QTest.mouseClick(sheet.all_button, Qt.MouseButton.LeftButton)
    assert actions.keys("viewer.red") == ("R",) and actions.keys("viewer.green") == ("G",)


def test_the_sheet_finds_by_name_and_by_key(window: MainWindow) -> None:
    sheet = ShortcutSheet(window.editor.actions, window)
    for text, name in (("wipe cent", "viewer.wipe_centre"), ("ctrl+shift+x", "graph.extract")):
        sheet.filter.setText(text)
        left = [i.data(0, Qt.ItemDataRole.UserRole) for i in sheet._items() if not i.isHidden()]
        assert left == [name]


def test_f1_s_and_shift_s_open_their_dialogs(window: MainWindow) -> None:
    for key, held, kind in (
        (Qt.Key.Key_F1, Qt.KeyboardModifier.NoModifier, ShortcutSheet),
        (Qt.Key.Key_S, Qt.KeyboardModifier.NoModifier, ProjectSettings),
        (Qt.Key.Key_S, Qt.KeyboardModifier.ShiftModifier, PreferencesDialog),
    ):
        QTest.keyClick(window, key, held)
        opened = [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]
        assert len(opened) == 1
        opened[0].close()
        QTest.qWait(10)


def test_about_names_the_version(window: MainWindow) -> None:
    about = About(window)
    about.show()
    assert about.isVisible()


def test_recent_files_are_newest_first_and_limited(window: MainWindow, tmp_path: Path) -> None:
    recent = Recent(window.editor.preferences)
    for number in range(14):
        recent.add(tmp_path / f"{number}.codef")
    recent.add(tmp_path / "9.codef")
    assert [path.stem for path in recent.paths[:3]] == ["9", "13", "12"]
    assert len(recent.paths) == 10
    recent.clear()
    assert recent.paths == []


def test_the_cache_manager_and_the_export_open_even_when_there_is_nothing(
    window: MainWindow,
) -> None:
    for name, opens in (
        ("CacheManager", window.exchange.manage_cache),
        ("ExportDialog", window.exchange.export),
    ):
        opens()
        QTest.qWait(20)
        opened = [d for d in window.findChildren(QDialog) if d.isVisible()]
        assert [type(dialog).__name__ for dialog in opened] == [name]
        opened[0].reject()
        QTest.qWait(20)
