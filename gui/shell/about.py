"""What this program is, in one small dialog."""

import platform

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from codef_nodes import __version__
from gui import theme
from gui.viewer.gpu.service import service


class About(QDialog):
    """Name, version, licence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About Codef Nodes")
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 20, 24, 16)
        column.setSpacing(10)
        title = QLabel("Codef Nodes")
        title.setFont(theme.font(18))
        column.addWidget(title)
        text = QLabel(
            "A still picture of a whole shot that you can paint on: it goes back into every frame."
            f"\n\nVersion {__version__}    Python {platform.python_version()}    Qt {qVersion()}"
            f"\nPictures are shown {service.reason}."
            "\nApache License 2.0. Qt is used under the LGPL."
        )
        text.setWordWrap(True)
        text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        column.addWidget(text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column.addWidget(buttons)
        self.setFixedWidth(420)
