"""The preferences, made from their descriptions."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QTabWidget, QVBoxLayout, QWidget

from gui.core.preferences import PREFERENCES, Preferences
from gui.shell.knobform import KnobForm


class PreferencesDialog(QDialog):
    """One page per heading; what is set counts at once."""

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Preferences")
        self.setMinimumSize(560, 460)
        self.forms: dict[str, KnobForm] = {}
        tabs = QTabWidget()
        for page in dict.fromkeys(knob.page for knob in PREFERENCES):
            knobs = [knob for knob in PREFERENCES if knob.page == page]
            form = KnobForm(knobs, preferences.get, preferences.set)
            self.forms[page] = form
            tabs.addTab(form, page)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(tabs, 1)
        column.addWidget(buttons)
        self.finished.connect(lambda _: preferences.flush())
