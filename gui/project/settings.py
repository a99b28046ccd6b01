"""The project's settings: part of the document, so each change can be undone."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from codef_nodes.graph.commands import SetSetting
from codef_nodes.graph.jsonvalue import JSON
from codef_nodes.graph.settings import SETTINGS, setting
from gui.core.project import Project
from gui.shell.knobform import KnobForm


class ProjectSettings(QDialog):
    """The settings of the open document."""

    def __init__(self, project: Project, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Project settings: {project.title}")
        self.setMinimumWidth(520)

        def set_value(name: str, value: JSON) -> None:
            # Checked here, so that the refusal stands under its field and not in another dialog.
            project.do(SetSetting(name, setting(name).check(value)))

        self.form = KnobForm(SETTINGS, lambda name: project.document.settings[name], set_value)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(self.form, 1)
        column.addWidget(buttons)
        project.replaced.connect(self.reject)
